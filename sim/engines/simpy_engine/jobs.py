"""What runs at a replica: a job (one attempt) and its walks through the endpoint's steps.

A walk goes along a list of steps; a parallel step starts one walk per branch and waits for as many
as it needs. A step that takes time returns to `advance` when it is done.
"""

from typing import TYPE_CHECKING, Any

from sim import luck
from sim.engines.simpy_engine.clock import RANK_ANSWER, Moment
from sim.engines.simpy_engine.frames import Call, Frame
from sim.record.types import WASTED_NS
from sim.topology.types import CALL, CANCEL_ALL, CANCEL_NONE, CANCEL_QUEUED, WORK, Step
from sim.words import CACHE_HITS, CACHE_MISSES, ERROR, FOREVER, OK, UNUSED

if TYPE_CHECKING:
    from sim.engines.simpy_engine.attempt import AttemptLayer
    from sim.engines.simpy_engine.replica import Replica
    from sim.engines.simpy_engine.world import World


class Job:
    """One attempt at a replica."""

    begun_at = 0
    told = CANCEL_NONE
    """What its caller told it on giving up."""
    mark: Any = None
    """Fault that begins when this job is over (after n accepted requests)."""

    def __init__(self, now: int, door: "AttemptLayer", frame: Frame, replica: "Replica") -> None:
        self.door = door
        self.frame = frame
        self.key = frame.key
        self.endpoint = door.endpoint
        self.visits = door.visits
        self.replica = replica
        self.deadline = frame.deadline if frame.call.propagates else FOREVER
        self.arrived = now
        self.arriving = True
        """It is just being offered to the replica."""
        self.walks: list[Walk] = []
        self.begun = False
        """It got a slot."""
        self.over = False
        self.degraded = False
        self.outcome = OK
        self.worked_ns = 0
        self.late_ns = 0
        """Work of branches that ran on when it was over: for nobody."""

    def worked(self, ns: int) -> None:
        """A walk of it was at work."""
        if self.over:
            self.late_ns += ns
        else:
            self.worked_ns += ns

    def gives_up_at(self) -> int:
        """The instant at which its caller stops waiting."""
        until, frame = self.frame.deadline, self.frame.parent
        while frame is not frame.call:
            if 0 < frame.until < until:
                until = frame.until
            frame = frame.parent
        return until

    def __repr__(self) -> str:
        return f"attempt at {self.endpoint.name}"


class Walk:
    """One pass along a list of steps."""

    rep = 0
    calls: Call | None = None
    """The call that it waits for."""
    moment: Moment | None = None
    """When its present step is over."""
    waiting = False
    """In the replica's queue."""
    waits_since = 0
    patience_ns = 0
    """Adaptive LIFO: how long it may wait."""
    work_ns = 0
    """How long its present work takes in all, on a core of its own."""
    work_left = 0
    work_since = 0
    """Since when it is at work without a pause."""
    began = 0.0
    """Shared cores: virtual time at which it began."""

    def __init__(self, job: Job, steps: tuple[int, ...], join: "Join | None") -> None:
        self.job = job
        self.steps = steps
        self.join = join
        self.i = 0
        self.has_slot = False
        self.over = False
        self.number = len(job.walks)
        """Among the walks of its job: who goes first where all else is equal."""
        job.walks.append(self)

    def __repr__(self) -> str:
        return repr(self.job)

    def in_vain(self) -> bool:
        """Nobody waits for it any more: its job is over, or enough other branches are through."""
        walk = self
        while walk.join is not None:
            if walk.join.decided:
                return True
            walk = walk.join.walk
        return self.job.over

    def call_ended(self, call: Call, outcome: int) -> None:
        """The call that this walk waits for is over."""
        self.job.replica.stepper.call_ended(self, call, outcome)


class Join:
    """A parallel step waiting for its branches."""

    __slots__ = ("decided", "failed", "ok", "step", "walk")

    def __init__(self, walk: Walk, step: Step) -> None:
        self.walk = walk
        self.step = step
        self.decided = False
        self.ok = 0
        self.failed = 0


class Filler:
    """Waits for a call that nobody else waits for, and puts its answer into the cache."""

    __slots__ = ("cache", "caller", "clock")

    def __init__(self, cache: Any, caller: int, clock: Any) -> None:
        self.cache = cache
        self.caller = caller
        self.clock = clock

    def call_ended(self, call: Call, outcome: int) -> None:
        """The answer is there."""
        if outcome == OK:
            self.cache.store(self.caller, call.key, self.clock.now)


class Stepper:
    """Moves walks along their steps. One for the whole world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.clock = world.clock
        self.counters = world.recorder.counters
        self.visits = world.recorder.visits
        self.steps = world.topology.steps

    def advance(self, walk: Walk) -> None:
        """Go on from the walk's present step until something takes time or the walk ends."""
        while walk.i < len(walk.steps):
            step = self.steps[walk.steps[walk.i]]
            if step.kind == WORK:
                if not walk.has_slot and not walk.job.replica.holds_slot:
                    # Model: an asynchronous attempt queues for a slot again when it has work to do.
                    walk.job.replica.requeue(walk)
                else:
                    walk.job.replica.cores.begin(walk, step)
                return
            if step.kind == CALL:
                if self._call(walk, step):
                    return
            else:
                self._branch(walk, step)
                return
            walk.i += 1
        self._walk_over(walk, OK)

    def _call(self, walk: Walk, step: Step) -> bool:
        """Begin a call step's next repetition; True if the walk has to wait for it."""
        world, job = self.world, walk.job
        site = world.topology.sites[step.site]
        if walk.rep == 0 and site.probability < 1.0:
            if luck.uniform(job.key, luck.COIN, step.position) >= site.probability:
                return False
        while walk.rep < site.repeat:
            key = luck.child(job.key, luck.CALL, step.position, walk.rep)
            if site.cache >= 0:
                hit_ns = world.caches[site.cache].look_up(job.replica.id, key, self.clock.now)
                self.counters[site.id][CACHE_MISSES if hit_ns < 0 else CACHE_HITS] += 1
                if hit_ns > 0 and site.wait:
                    walk.moment = self.clock.after(hit_ns, RANK_ANSWER, key, self._hit, walk)
                    return True
                if hit_ns >= 0:
                    walk.rep += 1
                    continue
            if site.wait:
                job.replica.lend_slot(walk)
                walk.calls = world.roots[site.id].begin(
                    walk, job.replica.id, key, job.deadline, job.frame.call.walk
                )
                return True
            owner = Filler(world.caches[site.cache], job.replica.id, self.clock) if site.cache >= 0 else None
            world.roots[site.id].begin(owner, job.replica.id, key, job.deadline, None)
            walk.rep += 1
        walk.rep = 0
        return False

    def _hit(self, walk: Walk) -> None:
        walk.moment = None
        self._repeated(walk)

    def call_ended(self, walk: Walk, call: Call, outcome: int) -> None:
        """A call that a walk waited for ended."""
        walk.calls = None
        site, job = call.site, walk.job
        if walk.in_vain():
            self.counters[site.id][UNUSED] += 1
            self.visits[site.callee][WASTED_NS] += call.served_ns
        if walk.over:
            return
        if site.cache >= 0 and outcome == OK:
            self.world.caches[site.cache].store(job.replica.id, call.key, self.clock.now)
        if outcome != OK:
            if not (call.fell_back or site.optional):
                self._walk_over(walk, ERROR)
                return
            job.degraded = True
        elif call.degraded:
            job.degraded = True
        self._repeated(walk)

    def _repeated(self, walk: Walk) -> None:
        """One repetition of a call step is done: the next one, or the next step."""
        walk.rep += 1
        step = self.steps[walk.steps[walk.i]]
        if walk.rep >= self.world.topology.sites[step.site].repeat:
            walk.rep = 0
            walk.i += 1
        self.advance(walk)

    def _branch(self, walk: Walk, step: Step) -> None:
        join = Join(walk, step)
        walk.job.replica.lend_slot(walk)
        for steps in step.branches:
            branch = Walk(walk.job, steps, join)
            self.advance(branch)
            if walk.over or (join.decided and step.cancel != CANCEL_NONE):
                return

    def _walk_over(self, walk: Walk, outcome: int) -> None:
        if walk.over:
            return
        walk.over = True
        if walk.join is None:
            walk.job.replica.complete(walk.job, outcome)
        else:
            replica, job = walk.job.replica, walk.job
            replica.lend_slot(walk)
            self._branch_over(walk.join, outcome)
            if job.over:
                replica.ran_on(job)

    def _branch_over(self, join: Join, outcome: int) -> None:
        step, walk = join.step, join.walk
        if outcome == OK:
            join.ok += 1
        else:
            join.failed += 1
        enough = join.ok == step.need
        impossible = join.failed == len(step.branches) - step.need + 1
        if walk.over or not ((enough and outcome == OK) or (impossible and outcome != OK)):
            return
        join.decided = True
        if join.ok + join.failed < len(step.branches) and step.cancel != CANCEL_NONE:
            for other in [w for w in walk.job.walks if w.join is join and not w.over]:
                self.stop_walk(other, step.cancel)
            walk.job.replica.serve()
        if impossible:
            self._walk_over(walk, ERROR)
        else:
            walk.i += 1
            self.advance(walk)

    def stop_walk(self, walk: Walk, cancel: int) -> None:
        """Take a walk back: its work stops, its call is withdrawn. `queued` lets what is at work run on."""
        at_work = walk.moment is not None or walk in walk.job.replica.cores.working
        if cancel == CANCEL_QUEUED and at_work:
            return
        walk.over = True
        replica = walk.job.replica
        if walk.waiting:
            replica.leave_queue(walk)
        if walk.moment is not None:
            walk.moment.cancel()
        replica.cores.abandon(walk)
        replica.gives_back(walk)
        if walk.calls is not None:
            call, walk.calls = walk.calls, None
            call.layer.withdraw(call, cancel)
        for inner in [w for w in walk.job.walks if w.join is not None and w.join.walk is walk and not w.over]:
            self.stop_walk(inner, cancel)

    def stop_job(self, job: Job, cancel: int = CANCEL_ALL) -> None:
        """Stop everything that a job does."""
        job.over = True
        for walk in job.walks:
            if not walk.over:
                self.stop_walk(walk, cancel)
