"""What runs at a replica: walks of jobs along the steps of an endpoint."""

from typing import Any

from sim import luck
from sim.engines.compiled.booking import count, visit
from sim.engines.compiled.caches import keep, look_up
from sim.engines.compiled.clock import after
from sim.engines.compiled.cores import begin_work
from sim.engines.compiled.memory import (
    cache_of,
    compiled,
    job_of,
    join_of,
    layer_of,
    lists,
    replica_of,
    service_of,
    site_of,
    step_of,
    walk_of,
)
from sim.engines.compiled.pools import take_join
from sim.engines.compiled.queueing import wait
from sim.engines.compiled.replica import complete, free_slot, new_walk, start
from sim.engines.compiled.tasks import (
    BEGIN_CALL,
    BRANCH_OVER,
    DECIDED,
    HIT,
    NEXT_BRANCH,
    NEXT_CALL,
    RAN_ON,
    SERVE,
    STOP_WALK,
    in_this_order,
    then,
)
from sim.engines.ranks import RANK_ANSWER
from sim.record.types import WASTED_NS
from sim.topology.types import CALL, CANCEL_NONE, WORK
from sim.words import CACHE_HITS, CACHE_MISSES, ERROR, OK, UNUSED


@compiled
def step_at(w: Any, walk: Any) -> Any:
    """The walk's present step."""
    return step_of(w, lists(w)[walk.steps + walk.i])


@compiled
def advance(w: Any, walk: Any) -> None:
    """Go on from the walk's present step until something takes time or the walk ends."""
    while walk.i < walk.steps_n:
        step = step_at(w, walk)
        if step.kind == WORK:
            work(w, walk, step)
            return
        if step.kind == CALL:
            if call(w, walk, step):
                return
        else:
            branch(w, walk, step)
            return
        walk.i += 1
    walk_over(w, walk, OK)


@compiled
def work(w: Any, walk: Any, step: Any) -> None:
    """A work step; an asynchronous attempt queues for a slot again, at the tail, never shed."""
    replica = replica_of(w, job_of(w, walk.job).replica)
    if not walk.has_slot and not service_of(w, replica.service).holds_slot:
        if replica.inside >= replica.slots or replica.queue_n:
            wait(w, replica, walk)
            return
        start(w, replica, walk)
    begin_work(w, replica, walk, step)


@compiled
def call(w: Any, walk: Any, step: Any) -> bool:
    """Begin a call step; True if the walk has to wait for it."""
    site = site_of(w, step.site)
    if walk.rep == 0 and site.probability < 1.0:
        if luck.uniform(walk.key, luck.COIN, step.position) >= site.probability:
            return False
    return next_call(w, walk, site)


@compiled
def next_call(w: Any, walk: Any, site: Any) -> bool:
    """A call step's next repetition; True if there was one that is not just a hit."""
    while walk.rep < site.repeat:
        hit_ns = look(w, walk, site) if site.cache >= 0 else -1
        if hit_ns > 0 and site.wait:
            walk.moment = after(w, hit_ns, RANK_ANSWER, call_key(w, walk, walk.rep), HIT, walk.id)
            return True
        if hit_ns < 0 and site.wait:
            then(w, BEGIN_CALL, walk.id, walk.rep)
            lend_slot(w, walk)
            return True
        if hit_ns < 0:
            then(w, NEXT_CALL, walk.id)
            then(w, BEGIN_CALL, walk.id, walk.rep)
            walk.rep += 1
            return True
        walk.rep += 1
    walk.rep = 0
    return False


@compiled
def call_key(w: Any, walk: Any, rep: int) -> Any:
    """The luck of a call step's call number `rep`."""
    return luck.child(walk.key, luck.CALL, step_at(w, walk).position, rep)


@compiled
def look(w: Any, walk: Any, site: Any) -> int:
    """Is it in the cache? The time of the hit, -1 for a miss."""
    caller = job_of(w, walk.job).replica
    hit_ns = look_up(w, cache_of(w, site.cache), caller, call_key(w, walk, walk.rep))
    count(w, site.id, CACHE_MISSES if hit_ns < 0 else CACHE_HITS)
    return hit_ns


@compiled
def lend_slot(w: Any, walk: Any) -> None:
    """Asynchronous services free the slot while calls are out."""
    if walk.has_slot:
        replica = replica_of(w, job_of(w, walk.job).replica)
        if not service_of(w, replica.service).holds_slot:
            free_slot(w, replica, walk)
            then(w, SERVE, replica.id)


@compiled
def in_vain(w: Any, walk: Any) -> bool:
    """Nobody waits for it any more: its job is over, or enough other branches are through."""
    while walk.join:
        join = join_of(w, walk.join)
        if join.decided:
            return True
        walk = walk_of(w, join.walk)
    return job_of(w, walk.job).over != 0


@compiled
def call_ended(w: Any, walk: Any, called: Any, outcome: int) -> None:
    """A call that a walk waited for ended."""
    walk.calls = 0
    site, job = site_of(w, layer_of(w, called.layer).site), job_of(w, walk.job)
    if in_vain(w, walk):
        count(w, site.id, UNUSED)
        visit(w, site.callee, WASTED_NS, called.served_ns)
    if walk.over:
        return
    if site.cache >= 0 and outcome == OK:
        keep(w, cache_of(w, site.cache), job.replica, called.key)
    if outcome != OK:
        if not (called.fell_back or site.optional):
            walk_over(w, walk, ERROR)
            return
        job.degraded = 1
    elif called.degraded:
        job.degraded = 1
    repeated(w, walk)


@compiled
def repeated(w: Any, walk: Any) -> None:
    """One repetition of a call step is done: the next one, or the next step."""
    walk.rep += 1
    if walk.rep >= site_of(w, step_at(w, walk).site).repeat:
        walk.rep = 0
        walk.i += 1
    advance(w, walk)


@compiled
def branch(w: Any, walk: Any, step: Any) -> None:
    """Begin a parallel step: one walk per branch."""
    number = take_join(w)
    join = join_of(w, number)
    join.id, join.walk, join.step, join.decided, join.ok, join.failed = number, walk.id, step.id, 0, 0, 0
    then(w, NEXT_BRANCH, number, 0)
    lend_slot(w, walk)


@compiled
def next_branch(w: Any, join: Any, k: int) -> None:
    """Begin branch k, if it is still wanted."""
    step, walk = step_of(w, join.step), walk_of(w, join.walk)
    if k == step.branches_n or (k and (walk.over or (join.decided and step.cancel != CANCEL_NONE))):
        return
    then(w, NEXT_BRANCH, join.id, k + 1)
    place = step.branches + 2 * k
    job = job_of(w, walk.job)
    advance(w, new_walk(w, job, lists(w)[place], lists(w)[place + 1], join.id))


@compiled
def walk_over(w: Any, walk: Any, outcome: int) -> None:
    """A walk is through."""
    if walk.over:
        return
    walk.over = 1
    job = job_of(w, walk.job)
    if walk.join == 0:
        complete(w, replica_of(w, job.replica), job, outcome)
    else:
        then(w, RAN_ON, job.id)
        then(w, BRANCH_OVER, walk.join, outcome)
        lend_slot(w, walk)


@compiled
def branch_over(w: Any, join: Any, outcome: int) -> None:
    """A branch is through: that may decide its parallel step."""
    step, walk = step_of(w, join.step), walk_of(w, join.walk)
    if outcome == OK:
        join.ok += 1
    else:
        join.failed += 1
    enough = join.ok == step.need
    impossible = join.failed == step.branches_n - step.need + 1
    if walk.over or not ((enough and outcome == OK) or (impossible and outcome != OK)):
        return
    join.decided = 1
    then(w, DECIDED, join.id, 1 if impossible else 0)
    if join.ok + join.failed < step.branches_n and step.cancel != CANCEL_NONE:
        then(w, SERVE, job_of(w, walk.job).replica)
        base, number = w.tasks_n, job_of(w, walk.job).first_walk
        while number:
            other = walk_of(w, number)
            if other.join == join.id and not other.over:
                then(w, STOP_WALK, number, step.cancel)
            number = other.next
        in_this_order(w, base)


@compiled
def decided(w: Any, join: Any, impossible: int) -> None:
    """The walk of a parallel step goes on, or has failed."""
    walk = walk_of(w, join.walk)
    if impossible:
        walk_over(w, walk, ERROR)
    else:
        walk.i += 1
        advance(w, walk)
