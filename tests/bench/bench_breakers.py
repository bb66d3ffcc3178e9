"""What a breaker costs: one admitted and answered call, per entry of the catalogue and per real library.

    python tests/bench/bench_breakers.py

All side by side in one run: in every round each policy makes so many calls, and the median over rounds is
shown. What is beside the policy, the loop and the empty function that a library guards, is measured by
itself and taken off. A refusal by a library raises an error, a refusal by ours returns 0.
Ratios are to the cheapest real library of like kind, within the round: a run of failures (pybreaker,
circuitbreaker, purgatory), or a window with a ratio (fluxgate).
"""

import gc
import importlib.metadata
import platform
import statistics
import time
from collections.abc import Callable

import circuitbreaker
import fluxgate
import purgatory
import pybreaker
from fluxgate.permits import All
from fluxgate.retries import Cooldown
from fluxgate.trippers import FailureRate, MinRequests
from fluxgate.windows import CountWindow, TimeWindow

from sim.policies import breaker as machine
from sim.policies import catalog
from sim.policies.breaker_parts import W_CONSECUTIVE, W_INTERVAL

ROUNDS = 21
CALLS = 10_000
STEP_NS = 20_000_000
"""50 calls per second: windows of time roll on."""
LATENCY_NS = 5_000_000
LONG_S = 86_400
"""Open time of what is to stay open."""
RUN, WINDOW = "run", "window"

Loop = Callable[[int], None]


def work() -> None:
    """What the libraries guard."""


def ours(name: str) -> tuple[str, Loop, Loop]:
    """(kind, answered calls, refused calls) of an entry."""
    p = catalog.params_from({"use": name})
    admit, settle = machine.admit, machine.settle

    def answered(calls: int) -> None:
        b, now = machine.new(p, 1), 0
        for _ in range(calls):
            now += STEP_NS
            ticket = admit(b, p, now)
            settle(b, p, now, ticket, machine.SUCCESS, LATENCY_NS)

    def refused(calls: int) -> None:
        b = machine.new(p, 1)
        machine.force(b, p, 0, 1)
        for _ in range(calls):
            admit(b, p, 0)

    return RUN if p.window in (W_CONSECUTIVE, W_INTERVAL) else WINDOW, answered, refused


def guarded(kind: str, call: Callable[..., None], refusal: type[BaseException]) -> tuple[str, Loop, Loop]:
    """The same of a library whose breaker is made closed, and then opened by failures."""

    def answered(calls: int) -> None:
        for _ in range(calls):
            call()

    def refused(calls: int) -> None:
        for _ in range(calls):
            try:
                call()
            except refusal:
                pass

    return kind, answered, refused


def opened(make: Callable[[Callable[[], None]], Callable[[], None]]) -> Callable[[], None]:
    """A guarded function whose breaker has been opened."""
    failing = True

    def maybe() -> None:
        if failing:
            raise KeyError

    call = make(maybe)
    for _ in range(200):
        try:
            call()
        except Exception:
            pass
    failing = False
    return call


def with_context(breaker: purgatory.service._sync.circuitbreaker.SyncCircuitBreaker) -> Callable[..., None]:
    """A call inside `with breaker`."""

    def make(function: Callable[[], None]) -> Callable[[], None]:
        def call() -> None:
            with breaker:
                function()

        return call

    return make


def libraries() -> dict[str, tuple[str, Loop, Loop]]:
    """Each real library, as its documentation says that it is used."""

    def by_pybreaker(function):
        breaker = pybreaker.CircuitBreaker(reset_timeout=LONG_S)
        return lambda: breaker.call(function)

    def by_circuitbreaker(function):
        return circuitbreaker.CircuitBreaker(recovery_timeout=LONG_S)(function)

    def by_purgatory(function):
        return with_context(purgatory.SyncCircuitBreakerFactory().get_breaker("it", ttl=LONG_S))(function)

    def by_fluxgate(window):
        def make(function):
            rule = MinRequests(100) & FailureRate(0.5)
            breaker = fluxgate.CircuitBreaker(window, tripper=rule, retry=Cooldown(LONG_S), permit=All())
            return lambda: breaker.call(function)

        return make

    made = {
        "pybreaker": (RUN, by_pybreaker, pybreaker.CircuitBreakerError),
        "circuitbreaker": (RUN, by_circuitbreaker, circuitbreaker.CircuitBreakerError),
        "purgatory": (RUN, by_purgatory, purgatory.domain.model.OpenedState),
        "fluxgate CountWindow": (
            WINDOW,
            by_fluxgate(CountWindow(100)),
            fluxgate.errors.CallNotPermittedError,
        ),
        "fluxgate TimeWindow": (WINDOW, by_fluxgate(TimeWindow(10)), fluxgate.errors.CallNotPermittedError),
    }
    out = {}
    for name, (kind, make, refusal) in made.items():
        shut = opened(make)
        kind, answered, _ = guarded(kind, make(work), refusal)
        out[f"{name} {version(name)}"] = kind, answered, guarded(kind, shut, refusal)[2]
    return out


def version(name: str) -> str:
    """Of the installed package."""
    return importlib.metadata.version(name.split()[0])


def cost_ns(loop: Loop, calls: int = CALLS) -> float:
    """CPU time per call."""
    gc.collect()
    began = time.process_time_ns()
    loop(calls)
    return (time.process_time_ns() - began) / calls


def bare_call(calls: int) -> None:
    """The loop and the empty function, which a library's call includes."""
    for _ in range(calls):
        work()


def bare_loop(calls: int) -> None:
    """The loop and the instant, which ours has beside it."""
    now = 0
    for _ in range(calls):
        now += STEP_NS


def main() -> None:
    """The table."""
    real = libraries()
    entries = {name: ours(name) for name in catalog.names() if name != "none"}
    answered: dict[str, list[float]] = {name: [] for name in (*entries, *real)}
    refused: dict[str, list[float]] = {name: [] for name in (*entries, *real)}
    for _ in range(ROUNDS):
        for group, beside in ((entries, bare_loop), (real, bare_call)):
            off = cost_ns(beside)
            for name, (_, answers, refuses) in group.items():
                answered[name].append(cost_ns(answers) - off)
                refused[name].append(cost_ns(refuses) - off)
    print(f"{platform.platform()}, Python {platform.python_version()}")
    print(f"ns of CPU time for one call: admit and settle; median of {ROUNDS} rounds of {CALLS:,} calls")
    print(f"{'':<28}{'kind':<8}{'answered':>9}{'refused':>9}   answered / cheapest library of its kind")
    cheapest = {
        k: [min(answered[n][i] for n, r in real.items() if r[0] == k) for i in range(ROUNDS)]
        for k in (RUN, WINDOW)
    }
    for title, group in (("ours", entries), ("real libraries", real)):
        print(title)
        for name, (kind, *_) in group.items():
            ratio = statistics.median(a / b for a, b in zip(answered[name], cheapest[kind], strict=True))
            told = f"  {name:<26}{kind:<8}{statistics.median(answered[name]):>9,.0f}"
            print(f"{told}{statistics.median(refused[name]):>9,.0f}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
