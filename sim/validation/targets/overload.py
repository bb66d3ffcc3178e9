"""`adaptive-throttle`, `subsequent-overload`, `shopify-equation`: what sheds load, and what probing costs."""

from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import About, Within
from sim.validation.formulas import overload
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets.common import REPLICATIONS, effort

FLUID = About(0.01)
NOISY = About(0.02)
"""K = 1.1: the `+ 1` of the formula and the noise of the window cost 1 % of what is sent."""
USERS = "sources.users"

BACKEND = 100.0
"""Requests a second that the throttled backend accepts."""


def _sent(offered: float, k: float) -> float:
    return overload.throttle(offered, BACKEND, k).sent / offered


def _accepted(offered: float, k: float) -> float:
    return overload.throttle(offered, BACKEND, k).accepted


def _throttle() -> Iterator[Check]:
    sent = Panel(
        f"Throttle: what is sent, of what is offered; C = {BACKEND:g}/s", "offered per second", "share sent"
    )
    accepted = Panel("The same: what is accepted", "offered per second", "per second")
    for k, offered, seconds, quick in (
        (2.0, 80, 800, False), (2.0, 150, 600, False), (2.0, 300, 600, True), (2.0, 1000, 600, False),
        (1.1, 1000, 600, False),
    ):  # fmt: skip
        rule = FLUID if k == 2.0 else NOISY
        attempts = Curve(sent, f"K = {k:g}", partial(_sent, k=k))
        goodput = Curve(accepted, f"K = {k:g}", partial(_accepted, k=k))
        runs = Effort(REPLICATIONS, (f"duration={seconds}s",))
        printed = f"{overload.throttle(offered, BACKEND, k).sent:g}/s of {offered}/s"
        yield Check(
            f"offered {offered}/s, K = {k:g}", "adaptive-throttle.yaml", offered,
            (Expected("attempts(backend) / N", attempts, rule, printed), Expected("goodput", goodput, rule)),
            runs, runs if quick else None,
            (f"{USERS}.rate={offered}/s", f"{USERS}.policies.throttle.k={k:g}"), "capacity",
        )  # fmt: skip


REQUESTS = 20.0 * 30.0 * (1.0 - 0.5 / 120)
"""In a window of 30 s, at 20 a second; the newest of its 120 slices is half full on average."""
SPIRAL = 0.1
"""Widest interval of a throttle that has choked: it lets three of six hundred requests pass."""


def _chance() -> Iterator[Check]:
    panel = Panel(
        "Throttle before failures by chance, K = 2", "share a that succeeds", "share sent", log_y=True
    )
    curve = Curve(panel, "1 / (1 - K a + 1 / requests) of them", partial(overload.throttle_by_chance, k=2.0, requests=REQUESTS))  # fmt: skip
    for success, seconds in ((0.2, 20_000), (0.35, 60_000), (0.65, 5_000)):
        yield Check(
            f"failures by chance, a = {success:g}", "adaptive-throttle.yaml", success,
            (Expected("attempts(backend) / N", curve, Within(SPIRAL)),), effort(seconds), None,
            (f"faults=[{{hang: {{service: backend, share: {1 - success:g}}}, at: 0s}}]",), "chance",
        )  # fmt: skip


CAPACITY = 750.0
DOOR = 0.95
"""Share of the capacity that is admitted where whole requests are shed."""


def _admitted(offered: float, calls: int) -> float:
    return overload.admitted(offered, CAPACITY, calls)


def _survive(offered: float, calls: int) -> float:
    return overload.admitted(offered, CAPACITY, calls) ** calls


def _at_the_door(offered: float, calls: int) -> float:
    return overload.shed_at_the_door(offered, DOOR * CAPACITY, calls)


def _subsequent() -> Iterator[Check]:
    between = Panel(
        "Shed between the calls: requests that succeed", "offered per second", "share", log_y=True
    )
    each = Panel("The same: calls that are admitted", "offered per second", "share")
    rule = About(0.02)
    for offered, calls, seconds, quick in (
        (1000, 1, 30, False), (1000, 2, 60, True), (1000, 3, 100, False), (1000, 4, 200, False), (1500, 1, 30, False),
        (1500, 2, 60, False), (1500, 3, 150, False), (1500, 4, 400, False), (750, 2, 60, False),
    ):  # fmt: skip
        label = f"k = {calls}"
        share = Curve(between, label, partial(_survive, calls=calls))
        passed = Curve(each, label, partial(_admitted, calls=calls))
        runs = Effort(REPLICATIONS, (f"duration={seconds + 10}s",))
        yield Check(
            f"offered {offered}/s, k = {calls}", "subsequent-overload.yaml", offered,
            (Expected("success_share", share, rule), Expected("success_share(service)", passed, rule)),
            runs, runs if quick else None,
            (f"{USERS}.rate={offered}/s", f"services.front.steps=[{{call: service, repeat: {calls}}}]"), "between",
        )  # fmt: skip


def _door() -> Iterator[Check]:
    panel = Panel(
        f"Shed at the door, {100 * DOOR:g} % of the capacity", "offered per second", "share of requests"
    )
    for offered, calls in ((1000, 2), (1000, 4), (1500, 2), (1500, 4)):
        share = Curve(panel, f"k = {calls}", partial(_at_the_door, calls=calls))
        yield Check(
            f"offered {offered}/s, k = {calls}, at the door", "subsequent-overload.yaml", offered,
            (Expected("success_share", share, About(0.01)),), Effort(REPLICATIONS, ("duration=110s",)), None,
            (f"{USERS}.rate={offered}/s", f"services.front.steps=[{{call: service, repeat: {calls}}}]",
             f"{USERS}.policies.rate_limit.rate={DOOR * CAPACITY / calls:g}/s"), "door",
        )  # fmt: skip


CALLS = 100.0
"""Requests a second of all shards together."""


def _held(open_s: float, breakers: int, probe_s: float, threads: int) -> float:
    return min(threads, overload.probing(breakers, probe_s, open_s, breakers / CALLS))


def _worked_off(open_s: float, breakers: int, probe_s: float, threads: int) -> float:
    return overload.worked_off(breakers, threads, probe_s, open_s, CALLS)


def _shopify() -> Iterator[Check]:
    held = Panel("Threads held by probes of dead shards", "open time [s]", "threads", log_y=True)
    done = Panel("Calls that get a thread", "open time [s]", "share")
    for breakers, threads, probe_s, open_s, printed in (
        (42, 2, 0.05, 30, "4 % of 2"), (42, 2, 0.05, 10, ""), (10, 2, 0.25, 10, ""), (42, 8, 0.25, 10, ""),
        (42, 2, 0.25, 2, "all; 263 % wanted"),
    ):  # fmt: skip
        held_by = partial(_held, breakers=breakers, probe_s=probe_s, threads=threads)
        got = partial(_worked_off, breakers=breakers, probe_s=probe_s, threads=threads)
        label = f"N = {breakers}, {threads} threads, {probe_s:g} s"
        expected = [Expected("busy_slots(worker)", Curve(held, label, held_by), FLUID, printed)]
        if got(open_s) < 1.0:
            expected.append(Expected("N / started", Curve(done, label, got), NOISY))
        runs = Effort(10, ("duration=4000s", "warmup=1000s", "bucket=500s"))
        yield Check(
            f"{label}, open {open_s} s", "shopify-equation.yaml", open_s, tuple(expected), runs,
            runs if printed else None,
            (f"services.worker.slots={threads}", f"edges.worker -> redis.timeout={probe_s}s",
             f"edges.worker -> redis.breaker.open_for.fixed={open_s}s"), "ten" if breakers == 10 else "forty-two",
        )  # fmt: skip


ADAPTIVE_THROTTLE = Target(
    "adaptive-throttle",
    "Clients that refuse by themselves what a backend would not accept: what is sent, and what is accepted.",
    "Site Reliability Engineering (2016), ch. 21, eq. 21-1, in the fluid limit",
    (*_throttle(), *_chance()),
    (
        "Failures that come by chance, whatever the load, choke it: below a success share of 1 / K almost nothing "
        "is sent any more.",
    ),
)
SUBSEQUENT_OVERLOAD = Target(
    "subsequent-overload",
    "Requests that call an overloaded service k times in a row: shed between the calls, and at the door.",
    "Zhou et al., SoCC 2018 (DAGOR): f (q + ... + q^k) = C, of which q^k succeed; at best C / (k f)",
    (*_subsequent(), *_door()),
)
SHOPIFY = Target(
    "shopify-equation",
    "Breakers before dead shards: the threads of a worker that their probes hold.",
    "Shopify, Your circuit breaker is misconfigured (2020): N probe / (threads open), here with the whole cycle",
    tuple(_shopify()),
    (
        "The printed 4 % and 263 % leave the probe itself and the wait for the next call out of the cycle.",
        "At 263 % all threads do nothing but probe, and the queue before them grows without bound.",
    ),
)
