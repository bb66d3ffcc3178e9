"""Whole scenario files at random: a graph of services with policies, sources and faults, as a mapping that is YAML.

`files(work=CONSTANTS)` has no time that is rounded: arrivals at a fixed pace, work from lists of constants. `scaled`
writes one so that all times are longer and all rates lower.
"""

import json

from hypothesis import assume
from hypothesis import strategies as st

from sim.errors import InvalidScenario
from sim.scenario import load_text
from sim.topology.build import build
from sim.topology.plan import plan

NAMES = ("web", "cart", "ads", "stock", "db")
MS = "ms"
"""Marks a time, and `PER_S` a rate, until `scaled` writes them."""
PER_S = "/s"

MOST = 5_000
"""Attempts of one run."""


def ms(*values):
    return st.sampled_from([(MS, v) for v in values])


def rate(*values):
    return st.sampled_from([(PER_S, v) for v in values])


def some(**fields):
    """A mapping with any of these."""
    return st.fixed_dictionaries({}, optional=fields)


BREAKERS = st.one_of(
    st.fixed_dictionaries(
        {
            "use": st.just("consecutive"),
            "trip": st.fixed_dictionaries({"failures": st.integers(1, 5)}),
            "open_for": ms(200, 1000),
        },
        optional={
            "place": st.sampled_from(
                ["library", {"sidecar": {"hop": (MS, 1)}}, {"gateway": {"work": (MS, 1)}}]
            ),
            "key": st.sampled_from(["edge", "endpoint"]),
            "copies": st.sampled_from(["replica", "shared"]),
            "probe": st.just("single"),
        },
    ),
    st.fixed_dictionaries(
        {
            "use": st.just("count-window"),
            "window": st.just({"count": 10}),
            "trip": st.just({"failure_ratio": "50%", "minimum": 4}),
            "open_for": ms(300, 900),
            "probe": st.just({"concurrent": 2}),
        }
    ),
)
CANCELS = st.sampled_from(["none", "queued", "all"])
RETRIES = st.fixed_dictionaries(
    {
        "attempts": st.integers(1, 4),
        "jitter": st.just("none"),
        "backoff": st.one_of(st.just("none"), st.fixed_dictionaries({"fixed": ms(5, 40)})),
    },
    optional={"budget": st.fixed_dictionaries({"tokens": st.integers(1, 5), "earn": st.just("25%")})},
)
TIMEOUTS = st.fixed_dictionaries({"after": ms(30, 80, 300), "cancel": CANCELS})
POLICIES = some(
    fallback=st.just(True),
    deadline=st.fixed_dictionaries({"after": ms(400, 600), "propagate": st.booleans()}),
    retry=RETRIES,
    hedge=st.fixed_dictionaries({"after": ms(20, 60)}),
    breaker=BREAKERS,
    throttle=st.fixed_dictionaries({"k": st.sampled_from([1.25, 2.0]), "window": ms(3000), "buckets": st.just(10)}),
    rate_limit=st.fixed_dictionaries({"rate": rate(32, 64), "burst": st.integers(1, 8)}, optional={"max_wait": ms(20)}),
    bulkhead=st.fixed_dictionaries({"limit": st.integers(1, 6)}, optional={"queue": st.integers(0, 5), "max_wait": ms(30)}),
    timeout=TIMEOUTS,
)  # fmt: skip
FAULTS = ("slow", "fail", "freeze", "stop", "hang")
CONSTANTS = st.one_of(
    ms(1, 4, 15),
    st.builds(lambda a, b: {"mixture": [["75%", a], ["25%", b]]}, ms(1, 3), ms(20, 45)),
)
RANDOM = st.one_of(
    CONSTANTS,
    st.builds(lambda t: {"exponential": t}, ms(2, 9, 20)),
    st.builds(lambda t: {"lognormal": {"mean": t, "cv": 1.5}}, ms(3, 12)),
)


SIZES = some(
    replicas=st.integers(1, 3), slots=st.integers(1, 6), cores=st.integers(1, 3), queue=st.integers(0, 12),
    discipline=st.sampled_from(["fifo", "lifo"]), error_rate=st.sampled_from(["5%", "40%"]),
    balancer=st.sampled_from(["random", "round-robin", "least-outstanding", "power-of-two"]),
    fail_fast=st.booleans(), holds_slot=st.booleans(),
)  # fmt: skip


@st.composite
def steps(draw, work, callees, cancels, depth=0):
    """A list of steps; only later services are called, so no request goes round in circles."""
    kinds = ["work", *(["call", "call", *(["parallel"] if depth == 0 else [])] if callees else [])]
    out = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3)):
        if kind == "work":
            out.append({"work": draw(work)})
        elif kind == "call":
            how = draw(
                some(
                    probability=st.sampled_from(["50%", "80%"]), repeat=st.integers(1, 2),
                    optional=st.booleans(), wait=st.just(True),
                )
            )  # fmt: skip
            out.append({"call": draw(st.sampled_from(callees)), **how})
        else:
            branches = draw(st.lists(steps(work, callees, cancels, 1), min_size=2, max_size=3))
            how = draw(some(first=st.integers(1, 2), cancel=cancels))
            out.append({"parallel": branches, **how})
    return out


def called(step_list):
    """The services that are called by these steps."""
    for step in step_list:
        if "call" in step:
            yield step["call"]
        for branch in step.get("parallel", ()):
            yield from called(branch)


@st.composite
def files(draw, *, work=RANDOM, policies=POLICIES, faults=FAULTS, sizes=SIZES, cancels=CANCELS, ends=False):
    """A scenario as a mapping with marked times and rates. `ends`: the load does, long before the run is over."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    services, edges = {}, {}
    for i, name in enumerate(names):
        own = draw(steps(work, names[i + 1 :], cancels))
        services[name] = {**draw(sizes), "steps": own}
        for callee in dict.fromkeys(called(own)):
            edges[f"{name} -> {callee}"] = draw(policies) | {"network": draw(ms(0, 1))}
    pace = {"arrivals": "deterministic"} if work is CONSTANTS else {}
    load = {"step": {"from": (PER_S, 32), "to": (PER_S, 0), "at": (MS, 2000)}} if ends else draw(rate(16, 32))
    users = {"rate": load, **pace, "call": "web", "policies": {"timeout": {"after": (MS, 500)}}}
    sources = {"users": users}
    if not ends and draw(st.booleans()):
        sources["bots"] = {"users": 3, "think": (MS, 250), "call": names[-1], "policies": draw(policies)}
    troubles = []
    for k in range(draw(st.integers(0, 2)) if faults else 0):
        verb, service = draw(st.sampled_from(faults)), draw(st.sampled_from(names))
        more = {"slow": {"times": 4}, "fail": {"share": "50%"}, "hang": {"share": "50%"}}.get(verb, {})
        troubles.append({verb: {"service": service, **more}, "at": (MS, 1000 + 1500 * k), "for": (MS, 1000)})
    return {
        "schema": 1, "name": "law", "duration": (MS, 100_000 if ends else 5000), "bucket": (MS, 1000), "reject_time": (MS, 0.01),
        "sources": sources, "services": services, "edges": edges, "faults": troubles,
    }  # fmt: skip


def scaled(node, times=1):
    """As plain data: times so many times as long, rates so many times as low."""
    if isinstance(node, tuple):
        unit, value = node
        return f"{value * times:g}ms" if unit == MS else f"{value / times:g}/s"
    if isinstance(node, dict):
        return {k: scaled(v, times) for k, v in node.items()}
    return [scaled(v, times) for v in node] if isinstance(node, list) else node


def text(file, times=1):
    """The scenario file; JSON is YAML."""
    return json.dumps(scaled(file, times), indent=1)


def topology(file, times=1):
    """Built; what contradicts itself is discarded, and what fans out so far that a run takes minutes."""
    try:
        built = build(load_text(text(file, times)).scenario())
    except InvalidScenario:
        assume(False)
    assume(plan(built).attempts < MOST)
    return built
