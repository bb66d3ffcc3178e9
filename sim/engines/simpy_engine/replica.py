"""A replica: slots, a queue, cores, and the faults that lie on it now."""

from typing import TYPE_CHECKING, Any

from sim import durations, luck
from sim.distributions import draw
from sim.engines.shape import shares_cores
from sim.engines.simpy_engine.clock import RANK_TIMER
from sim.engines.simpy_engine.cores import DedicatedCores, SharedCores
from sim.engines.simpy_engine.jobs import Job, Walk
from sim.engines.simpy_engine.queueing import Queue
from sim.record import types as record
from sim.topology.types import CANCEL_ALL, CANCEL_NONE, Fault, Service, Step
from sim.words import ERROR, FOREVER, OK, SHED, UNREACHABLE

if TYPE_CHECKING:
    from sim.engines.simpy_engine.world import World


class Replica:
    """One instance of a service."""

    def __init__(self, world: "World", service: Service, number: int) -> None:
        self.world = world
        self.clock = world.clock
        self.gauges = world.recorder.gauges[number]
        self.stepper = world.stepper
        self.service = service
        self.id = number
        self.holds_slot = service.holds_slot
        self.slots = service.slots if service.slots >= 0 else FOREVER
        self.places = service.queue if service.queue >= 0 else FOREVER
        self.queue = Queue(service)
        shared = shares_cores(world.topology, service)
        self.cores = SharedCores(self, service.cores) if shared else DedicatedCores(self)
        self.inside = 0
        self.jobs: dict[Job, None] = {}
        self.running_on: dict[Job, None] = {}
        """Jobs that are over, with branches that run on for nobody."""
        self.serving = False
        """It is just taking from the queue: whoever frees a slot meanwhile need not."""
        self.member = False
        """Among those that the balancer offers."""
        self.seen_busy_ns = 0
        """Busy time that the autoscaler has seen."""
        self.up = False
        self.down_since = 0
        self.cold_until = 0
        self.slow: list[Fault] = []
        self.failing: list[Fault] = []
        self.hanging: list[Fault] = []
        self.freezes = 0
        self.stops = 0
        self.watch: list[Any] = []
        """Faults that count accepted requests here."""

    # A job's life ------------------------------------------------------------------------------

    def offer(self, job: Job) -> None:
        """An attempt arrives: it starts, waits, or is shed."""
        walk = Walk(job, job.endpoint.steps, None)
        self.world.busy += 1
        length = self.queue.length
        waits = self.inside >= self.slots or length > 0
        if waits and length >= self.places:
            self._shed(walk)
            return
        self.jobs[job] = None
        for count in self.watch:
            count.accepted(job)
        if waits:
            self._wait(walk)
        else:
            self._enter(walk)

    def _shed(self, walk: Walk) -> None:
        job = walk.job
        job.over = True
        self.jobs.pop(job, None)
        job.visits[record.SHED] += 1
        job.door.answer(job, SHED)
        self._left(job)

    def _enter(self, walk: Walk) -> None:
        """Take a slot and go on."""
        job, now = walk.job, self.clock.now
        self.inside += 1
        self.gauges[record.INSIDE_NS] -= now
        walk.has_slot = True
        if job.begun:
            self.stepper.advance(walk)
            return
        job.begun = True
        job.begun_at = now
        job.visits[record.STARTED] += 1
        if job.frame.call.walk is not None:
            self.world.note(job.frame.call, "starts", replica=self.id)
        if self.hanging and self._share(self.hanging, job) > luck.uniform(job.key, luck.HANG):
            until = job.gives_up_at()
            if until < FOREVER:
                delay = max(0, until - now)
                walk.moment = self.clock.after(delay, RANK_TIMER, job.key, self._hung_up, job)
        elif job.endpoint.fail_fast and self._fails(job):
            walk.over = True
            self.complete(job, ERROR)
        else:
            self.stepper.advance(walk)

    def _hung_up(self, job: Job) -> None:
        if not job.over:
            self.drop(job)

    def complete(self, job: Job, outcome: int) -> None:
        """The main walk is through: the coin is shown, the slot is free, the answer goes back."""
        endpoint = job.endpoint
        shows = (self.failing or endpoint.error_rate) and outcome == OK and not endpoint.fail_fast
        if shows and self._fails(job):
            outcome = ERROR
        now = self.clock.now
        visits = job.visits
        visits[record.FINISHED] += 1
        if outcome != OK:
            visits[record.FAILED] += 1
        visits[record.WAIT_NS] += job.begun_at - job.arrived
        visits[record.SOJOURN_NS] += now - job.arrived
        self._release(job)
        # Who waits comes before whoever the answer sends next.
        if self.queue.length:
            self.serve()
        job.door.answer(job, outcome)

    def drop(self, job: Job) -> None:
        """The caller withdrew it, or it hung until the caller's deadline: no answer."""
        self.stepper.stop_job(job, CANCEL_ALL)
        job.visits[record.WITHDRAWN] += 1
        self._release(job)
        self.serve()

    def _release(self, job: Job) -> None:
        """Free what the job held; its work is booked."""
        walks = job.walks
        for walk in walks:
            if walk.has_slot:
                self._free(walk)
        job.over = True
        del self.jobs[job]
        # What is over refers upwards only, so that it is freed at once.
        job.walks = [walk for walk in walks if not walk.over] if len(walks) > 1 else []
        if job.walks:
            self.running_on[job] = None
            self.world.busy += 1
        if job.worked_ns:
            job.visits[record.WORK_NS] += job.worked_ns
        if job.frame.call.walk is not None:
            self.world.note(job.frame.call, "leaves", replica=self.id)
        self._left(job)

    def ran_on(self, job: Job) -> None:
        """A branch of a job that is over is through; with the last one its work is booked as waste."""
        if job in self.running_on and all(walk.over for walk in job.walks):
            del self.running_on[job]
            job.walks = []
            job.visits[record.WORK_NS] += job.late_ns
            job.visits[record.WASTED_NS] += job.late_ns
            self._left(job)

    def _left(self, job: Job) -> None:
        mark, job.mark = job.mark, None
        if mark is not None:
            mark.reached()
        self.world.one_less()

    # Slots ---------------------------------------------------------------------------------------

    def _free(self, walk: Walk) -> None:
        walk.has_slot = False
        self.inside -= 1
        self.gauges[record.INSIDE_NS] += self.clock.now

    def lend_slot(self, walk: Walk) -> None:
        """Asynchronous services free the slot while calls are out."""
        if self.gives_back(walk):
            self.serve()

    def gives_back(self, walk: Walk) -> bool:
        """An asynchronous walk gives its slot back, if it has one; whoever asks serves those who wait."""
        lent = not self.holds_slot and walk.has_slot
        if lent:
            self._free(walk)
        return lent

    def requeue(self, walk: Walk) -> None:
        """An asynchronous attempt wants a slot again: at the tail, never shed."""
        if self.inside < self.slots and not self.queue.length:
            self._enter(walk)
        else:
            self._wait(walk)

    def _wait(self, walk: Walk) -> None:
        now = self.clock.now
        self.gauges[record.QUEUE_NS] -= now
        self.queue.push(walk, now)

    def leave_queue(self, walk: Walk) -> None:
        """It is stopped while it waits."""
        now = self.clock.now
        self.queue.leave(walk, now)
        self.gauges[record.QUEUE_NS] += now

    def serve(self) -> None:
        """Free slots go to who waits."""
        if self.serving:
            return
        self.serving = True
        while self.queue.length and self.inside < self.slots and self.up:
            now = self.clock.now
            walk = self.queue.pop(now, self._dropped)
            if walk is None:
                break
            self.gauges[record.QUEUE_NS] += now
            self._enter(walk)
        self.serving = False

    def _dropped(self, walk: Walk) -> None:
        """The queue's discipline dropped it."""
        self.gauges[record.QUEUE_NS] += self.clock.now
        self._shed(walk)

    # Work and errors -----------------------------------------------------------------------------

    def work_ns(self, walk: Walk, step: Step) -> int:
        """How long this work step takes, with contention, cold start and faults."""
        job = walk.job
        ns = draw(step.work, luck.uniform(job.key, luck.WORK, step.position))  # type: ignore[arg-type]
        service = self.service
        if service.contention and self.inside > 1:
            ns = durations.rounded(ns * (1.0 + service.contention * (self.inside - 1)))
        if self.cold_until > self.clock.now:
            ns = durations.rounded(ns * service.cold_start_times)
        for fault in self.slow:
            if not fault.endpoints or job.endpoint.id in fault.endpoints:
                ns = durations.added(durations.rounded(ns * fault.times), fault.plus_ns)
        return ns

    def _share(self, faults: list[Fault], job: Job) -> float:
        good = 1.0
        for fault in faults:
            if not fault.endpoints or job.endpoint.id in fault.endpoints:
                good *= 1.0 - fault.share
        return 1.0 - good

    def _fails(self, job: Job) -> bool:
        p = job.endpoint.error_rate
        if self.failing:
            p = 1.0 - (1.0 - p) * (1.0 - self._share(self.failing, job))
        return bool(p > 0.0 and luck.uniform(job.key, luck.ERROR) < p)

    # Faults and scaling ----------------------------------------------------------------------------

    @property
    def faulty(self) -> bool:
        """A fault lies on it."""
        return bool(self.slow or self.failing or self.hanging or self.freezes or not self.up)

    @property
    def has_room(self) -> bool:
        """It would take one more attempt now."""
        return self.up and (self.inside < self.slots or self.queue.length < self.places)

    def boot(self, cold: bool) -> None:
        """Come up, cold after a restart or an autoscaled start."""
        self.gauges[record.UP_NS] -= self.clock.now
        self.up = True
        if cold and self.service.cold_start_ns:
            self.cold_until = self.clock.now + self.service.cold_start_ns

    def crash(self) -> None:
        """Go down: running and queued attempts end unreachable; what it called runs on for nobody."""
        now = self.clock.now
        self.gauges[record.UP_NS] += now
        self.up = False
        self.down_since = now
        for job in sorted(self.jobs, key=lambda j: j.key):
            self.stepper.stop_job(job, CANCEL_NONE)
            job.visits[record.CRASHED] += 1
            self._release(job)
            job.door.answer(job, UNREACHABLE)
        for job in sorted(self.running_on, key=lambda j: j.key):
            self.stepper.stop_job(job, CANCEL_NONE)
            for walk in job.walks:
                if walk.has_slot:
                    self._free(walk)
            self.ran_on(job)
        self.world.forget_caller(self.id)

    def levels(self) -> list[int]:
        """How high its gauges stand, in the order of GAUGES."""
        return [self.queue.length, self.inside, self.cores.level(), int(self.up)]
