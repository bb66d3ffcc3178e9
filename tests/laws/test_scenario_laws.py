"""Laws that hold in every run, on whole scenario files that Hypothesis makes."""

import json
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim import engines
from sim.experiment.summary import summarise
from sim.record import types as r
from sim.scenario import load_text
from sim.words import CALLS, COUNTERS, STARTED, TRIES, UNUSED
from tests.laws import scenarios
from tests.laws.scenarios import MS, PER_S, some, topology
from tests.laws.test_engine_laws import counted

SEEDS = st.integers(0, 999)
often = pytest.mark.parametrize("examples", [20, pytest.param(500, marks=pytest.mark.slow)])
"""Twenty examples in CI, five hundred by `pytest -m slow`."""
ROOMY = some(replicas=st.integers(1, 3), slots=st.integers(1, 6), error_rate=st.just("40%"))
"""Services that shed nothing, keep their slots, and have a core for each."""
HOLDING = st.fixed_dictionaries(
    {"queue": st.just(0)},
    optional={"replicas": st.integers(1, 3), "slots": st.integers(1, 6), "cores": st.integers(1, 3)},
)
"""Services that keep a slot from the first step to the last, and let nobody wait: whoever leaves had one."""
STAYING = {"sizes": ROOMY, "faults": (), "cancels": st.just("none"), "ends": True}
"""Whatever is sent is worked off."""
EXACT = some(
    replicas=st.integers(1, 3), slots=st.integers(1, 6), queue=st.integers(0, 12), fail_fast=st.booleans(),
    discipline=st.sampled_from(["fifo", "lifo"]), error_rate=st.just("40%"), holds_slot=st.booleans(),
).map(lambda sizes: sizes | {"cores": 1000})  # fmt: skip
"""Services that divide no core, which would be rounded."""
UNROUNDED = scenarios.POLICIES.map(
    lambda p: p | {"rate_limit": {"rate": (PER_S, 32), "burst": 4}} if "rate_limit" in p else p
)
"""Policies without a wait for a token, which is rounded up to a whole nanosecond."""
PATIENT = some(
    retry=scenarios.RETRIES, hedge=st.just({"after": (MS, 60)}), breaker=scenarios.BREAKERS,
    timeout=st.fixed_dictionaries({"after": scenarios.ms(30, 80)}), fallback=st.just(True),
)  # fmt: skip
"""Policies that never call back what they have sent."""


def holds(examples, *given_):
    """Run a law on so many examples, here and now."""

    def decorate(law):
        checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
        settings(max_examples=examples, suppress_health_check=checks)(given(*given_)(law))()

    return decorate


LONGEST = 100_000
"""Events of a run; where retries multiply there may be millions."""


def run(model, seed, trace=0):
    """The record; what takes too long is discarded."""

    def progress(now_ns, events):
        if events > LONGEST:
            raise KeyboardInterrupt

    record = engines.run(model, seed, trace=trace, progress=progress)
    assume(not record.interrupted)
    return record


ROUNDED_NS = 2
"""Cores that parallel branches share serve them to the next whole nanosecond."""


def spans(record):
    """Bounds of the buckets, as far as gauges go."""
    n = record.counts.shape[2]
    starts = np.arange(n) * record.bucket_ns
    return starts, np.minimum(starts + record.bucket_ns, record.arrivals_end_ns)


def areas(model, record):
    """Time in slots by replica and bucket, from the lines that every attempt left when it got one and when it left."""
    starts, ends = spans(record)
    number = {}
    for service in model.services:
        for i in range(service.replicas):
            number[f"{service.name}[{i}]"] = service.first_replica + i
    out = np.zeros((model.replicas, len(starts)), dtype=np.int64)
    sign = {"starts": 1, "leaves": -1}
    for line in record.walks:
        if line["event"] in sign:
            share = np.clip(ends - line["t_ns"], 0, np.maximum(ends - starts, 0))
            out[number[line["replica"]]] += sign[line["event"]] * share
    return out


@often
def test_the_ledger_closes_in_every_bucket(examples):
    """Each count of each bucket is that of the walks; what began has ended or is in flight."""

    @holds(examples, scenarios.files(), SEEDS)
    def law(file, seed):
        model = topology(file)
        record = run(model, seed, trace=10**6)
        assert np.array_equal(counted(record.walks, model, record), record.counts)
        begun = record.counters[:, :, STARTED].sum(axis=1)
        assert np.array_equal(begun, record.counts[CALLS].sum(axis=(1, 2)) + record.in_flight[CALLS])
        assert (record.in_flight >= 0).all()


@often
def test_time_never_goes_back(examples):
    """Lines come in the order of time, and within a request a call begins before it ends."""

    @holds(examples, scenarios.files(), SEEDS)
    def law(file, seed):
        record = run(topology(file), seed, trace=10**6)
        times = [line["t_ns"] for line in record.walks]
        assert times == sorted(times)
        assert all(0 <= t <= record.end_ns for t in times)
        opened = {}
        for line in record.walks:
            who = line["request"], line["step"]
            step = {"call begins": 1, "call ends": -1}.get(line["event"], 0)
            opened[who] = opened.get(who, 0) + step
            assert opened[who] >= 0


@often
def test_the_time_in_slots_is_what_the_attempts_spent_there(examples):
    """By replica and bucket, through every fault: the gauge is the area under the sample path."""

    @holds(examples, scenarios.files(sizes=HOLDING), SEEDS)
    def law(file, seed):
        model = topology(file)
        record = run(model, seed, trace=10**6)
        assert np.array_equal(areas(model, record), record.gauges[:, :, r.INSIDE_NS])


@often
def test_littles_law_holds_exactly(examples):
    """The area under the number at a service equals the sum of the sojourns, once everything has left."""

    @holds(examples, scenarios.files(policies=PATIENT, **STAYING), SEEDS)
    def law(file, seed):
        model = topology(file)
        record = run(model, seed)
        assert record.visits[:, :, r.FINISHED].sum() == record.visits[:, :, r.ARRIVED].sum() > 0
        for service in model.services:
            own = slice(service.first_replica, service.first_replica + service.replicas)
            there = record.gauges[own][:, :, [r.QUEUE_NS, r.INSIDE_NS]].sum()
            assert there == record.visits[list(service.endpoints)][:, :, r.SOJOURN_NS].sum()


@often
def test_work_is_conserved(examples):
    """Cores are busy for as long as the work takes, and what work requests bring is not up to the services."""

    @holds(examples, scenarios.files(policies=st.just({}), **STAYING), SEEDS, st.integers(1, 4))
    def law(file, seed, slots):
        file["sources"]["users"].pop("policies")
        other = deepcopy(file)
        for service in other["services"].values():
            service |= {"slots": slots, "balancer": "random"}
        found = []
        for one in (file, other):
            model = topology(one)
            record = run(model, seed)
            work = record.visits[:, :, r.WORK_NS].sum(axis=1)
            for service in model.services:
                own = slice(service.first_replica, service.first_replica + service.replicas)
                busy = record.gauges[own][:, :, r.WORKING_NS].sum()
                assert abs(busy - work[list(service.endpoints)].sum()) <= ROUNDED_NS * record.events
            found.append(work)
        assert np.array_equal(*found)


@often
def test_twice_the_times_are_half_the_rates(examples):
    """The same run on a clock that goes half as fast: every count is the same, every time is twice as long."""

    @holds(examples, scenarios.files(work=scenarios.CONSTANTS, policies=UNROUNDED, sizes=EXACT), SEEDS)
    def law(file, seed):
        once, twice = (run(topology(file, times), seed) for times in (1, 2))
        assert np.array_equal(once.counts, twice.counts)
        assert np.array_equal(once.counters, twice.counters)
        for name in ("latency_ns", "gauges"):
            assert np.array_equal(2 * getattr(once, name), getattr(twice, name))
        assert (2 * once.end_ns, 2 * once.arrivals_end_ns) == (twice.end_ns, twice.arrivals_end_ns)
        assert [(2 * m.t_ns, m.to_state) for m in once.transitions] == [
            (m.t_ns, m.to_state) for m in twice.transitions
        ]


def shuffled(data, file, kinds):
    """The same file with its parts in another order."""
    return file | {kind: dict(data.draw(st.permutations(list(file[kind].items())))) for kind in kinds}


@often
def test_the_order_in_the_file_changes_nothing(examples):
    """Services, edges and sources in another order: the same summary, to the last digit."""

    @holds(examples, scenarios.files(), SEEDS, st.data())
    def law(file, seed, data):
        found = []
        for one in (file, shuffled(data, file, ("services", "edges", "sources"))):
            model = topology(one)
            summary = summarise(run(model, seed), model, load_text(scenarios.text(one)).scenario())
            found.append(json.dumps(summary, sort_keys=True))
        assert found[0] == found[1]


IDLE = {
    "breaker": {"trip": {"failures": 1_000_000}, "open_for": (MS, 1000)},
    "rate_limit": {"rate": (PER_S, 1_000_000), "burst": 1_000_000},
    "bulkhead": {"limit": 1_000_000},
    "timeout": {"after": (MS, 10**9)},
    "retry": {"attempts": 1},
}
"""Policies that always admit, wait for ever, and never try again. (A throttle refuses before the first answer.)"""
BRIEF = tuple(verb for verb in scenarios.FAULTS if verb != "hang")
"""Faults that pass: who hangs, does so until a timeout, be it a year."""


@often
def test_policies_that_always_admit_are_no_policies(examples):
    @holds(examples, scenarios.files(policies=some(hedge=st.just({"after": (MS, 60)})), faults=BRIEF), SEEDS)
    def law(file, seed):
        idle = deepcopy(file)
        for edge in idle["edges"].values():
            edge |= IDLE
        without, with_idle = (run(topology(one), seed) for one in (file, idle))
        for name in ("counts", "latency_ns", "gauges", "visits", "in_flight"):
            assert np.array_equal(getattr(without, name), getattr(with_idle, name)), name
        # What the tries of a crashed caller bring is `unused` only where no retry stood above them.
        rest = [i for i in range(len(COUNTERS)) if i != UNUSED]
        assert np.array_equal(without.counters[:, :, rest], with_idle.counters[:, :, rest])


def luck_of(record, sources):
    """What requests of open-loop sources bring with them: when they come, and the faults they meet until then."""
    arrivals = [
        (line["t_ns"], line["step"])
        for line in record.walks
        if line["event"] == "call begins" and line["step"].split(" -> ")[0] in sources
    ]
    end = record.arrivals_end_ns
    return arrivals, [(f.fault, f.start_ns, min(f.end_ns, end)) for f in record.faults if f.start_ns < end]


@often
def test_a_variant_has_the_luck_of_the_baseline(examples):
    """Whatever policies stand between: the same requests come at the same instants and meet the same faults."""

    @holds(examples, scenarios.files(), SEEDS, scenarios.POLICIES)
    def law(file, seed, policies):
        file["faults"].append({"stop": {"service": "web"}, "mtbf": (MS, 2000), "mttr": (MS, 300)})
        other = deepcopy(file)
        for edge in other["edges"].values():
            for name in [k for k in edge if k != "network"]:
                del edge[name]
            edge |= policies
        baseline, variant = (run(topology(one), seed, trace=10**6) for one in (file, other))
        assert luck_of(baseline, {"users"}) == luck_of(variant, {"users"})
        assert baseline.counters[:, :, STARTED].sum() > 0


@often
def test_a_drained_run_leaves_nothing_behind(examples):
    """Without faults every call and try that began has ended, and every attempt is accounted for."""

    @holds(examples, scenarios.files(faults=()), SEEDS)
    def law(file, seed):
        model = topology(file)
        assume(model.drain)
        record = run(model, seed)
        assert (record.in_flight[[CALLS, TRIES]] == 0).all()
        seen = record.visits.sum(axis=1)
        gone = seen[:, [r.FINISHED, r.SHED, r.DOWN, r.CRASHED, r.WITHDRAWN]].sum(axis=1)
        assert np.array_equal(seen[:, r.ARRIVED], gone)
