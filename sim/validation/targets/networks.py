"""`networks`: call graphs of queues, parallel calls and closed loops against closed forms. `hedging` beside them."""

import math
from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import HISTOGRAM, About, Proportion, Within
from sim.validation.formulas import networks
from sim.validation.target import Check, Curve, Expected, Panel, Target
from sim.validation.targets.common import effort

CAP = 0.02
EXACT, BINNED = Within(CAP), Within(CAP, HISTOGRAM)


def _jackson() -> Iterator[Check]:
    panel = Panel("Jackson network of four servers", "requests per second", "time through it [s]")
    curve = Curve(
        panel, "mean",
        partial(networks.jackson_sojourn, service_rates=(10.0, 5.0, 4.0, 8.0), visits=(1.0, 1.0, 0.6, 1.5)),
    )  # fmt: skip
    for rate, seconds in ((1, 10_000), (2, 10_000), (3, 20_000), (4, 100_000)):
        yield Check(
            f"Jackson at {rate}/s", "jackson.yaml", rate, (Expected("R", curve, EXACT),), effort(seconds),
            effort(seconds) if rate == 2 else None, (f"sources.users.rate={rate}/s",),
        )  # fmt: skip


def _tandem() -> Iterator[Check]:
    panel = Panel("Three M/M/1 in a row", "utilisation", "time [mean work]", log_y=True)
    mean = Curve(panel, "mean", lambda rate: 3.0 / (1.0 - rate))
    p50 = Curve(panel, "p50", partial(networks.tandem_quantile, stages=3, share=0.5))
    p99 = Curve(panel, "p99", partial(networks.tandem_quantile, stages=3, share=0.99))
    for rate, seconds in ((0.5, 250_000), (0.8, 1_600_000)):
        yield Check(
            f"tandem at {rate:g}", "tandem.yaml", rate,
            (Expected("R", mean, EXACT), Expected("p50", p50, BINNED), Expected("p99", p99, BINNED)),
            effort(seconds), None, (f"sources.users.rate={rate}/s",),
        )  # fmt: skip


def _feedback() -> Iterator[Check]:
    panel = Panel("Immediate retries of failures of share p", "p", "time [mean work]", log_y=True)
    load = Panel("The same: load of retries", "p", "attempts per request")
    attempts = Curve(load, "1 / (1 - p)", lambda failure: 1.0 / (1.0 - failure))
    for rate, failure, seconds in ((0.5, 0.2, 400_000), (0.6, 0.3, 2_000_000), (0.4, 0.5, 2_000_000)):
        time = Curve(panel, f"{rate:g}/s", partial(_feedback_sojourn, rate=rate))
        yield Check(
            f"feedback at {rate:g}/s, p = {failure:g}", "feedback.yaml", failure,
            (Expected("R", time, EXACT), Expected("amplification(server)", attempts, EXACT)),
            effort(seconds), None,
            (f"sources.users.rate={rate}/s", f"services.server.error_rate={failure}"),
        )  # fmt: skip


def _feedback_sojourn(failure: float, rate: float) -> float:
    return networks.feedback_sojourn(rate, failure)


def _fork_join() -> Iterator[Check]:
    panel = Panel("Parallel calls to two and to eight queues", "utilisation", "time [mean work]", log_y=True)
    two = Curve(panel, "two, exact", networks.fork_join_two)
    eight = Curve(panel, "eight, approximation", partial(networks.fork_join_many, branches=8))
    for rate, seconds in ((0.3, 40_000), (0.5, 60_000), (0.8, 500_000), (0.9, 1_600_000)):
        yield Check(
            f"fork-join at {rate:g}", "fork-join.yaml", rate, (Expected("R", two, EXACT),), effort(seconds),
            effort(seconds) if rate <= 0.5 else None, (f"sources.users.rate={rate}/s",),
        )  # fmt: skip
    yield Check(
        "fork-join of eight at 0.8", "fork-join-8.yaml", 0.8, (Expected("R", eight, About(0.05)),), effort(100_000),
    )  # fmt: skip


def _fan_out() -> Iterator[Check]:
    panel = Panel("Requests that meet a slow leaf", "leaves called at once", "share of requests", log_x=True)
    slow = Curve(panel, "slow: 1 in 100", partial(networks.meets_slow, slow=0.01))
    rare = Curve(panel, "slow: 1 in 10,000", partial(networks.meets_slow, slow=0.0001))
    times = Panel("Slowest of n exponential leaves", "leaves called at once", "time [mean work]")
    mean = Curve(times, "mean", networks.slowest_mean)
    p99 = Curve(times, "p99", partial(networks.slowest_quantile, share=0.99))
    for n, endpoint, variant, curve, rate, seconds in (
        (10, "ten", "slow", slow, 200, 500), (100, "hundred", "slow", slow, 40, 100),
        (2000, "two-thousand", "rare", rare, 10, 800),
    ):  # fmt: skip
        yield Check(
            f"fan-out to {n}, {variant}", "fan-out.yaml", n,
            (Expected("timeout / N", curve, Proportion(CAP)),), effort(seconds),
            effort(seconds / 2) if n == 100 else None,
            (f"sources.users.rate={rate}/s", f"sources.users.call=front.{endpoint}"), variant,
        )  # fmt: skip
    yield Check(
        "fan-out to 100, exponential", "fan-out.yaml", 100,
        (Expected("R", mean, EXACT), Expected("p99", p99, BINNED)), effort(400), None, (), "exponential",
    )  # fmt: skip


def _machine_repair() -> Iterator[Check]:
    rates = Panel("Closed loop M/M/1//N: throughput", "users", "answers per second", log_y=True)
    times = Panel("Closed loop M/M/1//N: response", "users", "time [s]", log_y=True)
    for users, think, work, seconds in ((10, 9.0, 1.0, 40_000), (20, 9.0, 1.0, 40_000), (5, 1.0, 1.0, 10_000),
                                        (50, 10.0, 0.1, 4_000)):  # fmt: skip
        label = f"think {think:g} s, work {work:g} s"
        throughput = Curve(rates, label, partial(_throughput, think=think, work=work), steps=True)
        response = Curve(times, label, partial(_response, think=think, work=work), steps=True)
        yield Check(
            f"{users} users, {label}", "machine-repair.yaml", users,
            (Expected("goodput", throughput, EXACT), Expected("R", response, EXACT)),
            effort(seconds), effort(seconds) if users in (5, 10) else None,
            (f"sources.users.users={users}", f"sources.users.think={{exponential: {think:g}s}}",
             f"services.server.steps=[work: {{exponential: {work:g}s}}]"),
        )  # fmt: skip


def _throughput(users: float, think: float, work: float) -> float:
    return networks.closed_throughput(round(users), think, work)


def _response(users: float, think: float, work: float) -> float:
    return networks.closed_response(round(users), think, work)


def _hedging() -> Iterator[Check]:
    copies = Panel("Second copies", "delay of the second copy [mean answer]", "copies per call")
    times = Panel(
        "Time until the first answer", "delay of the second copy [mean answer]", "time [mean answer]"
    )
    extra = Curve(copies, "extra", networks.hedge_extra)
    mean = Curve(times, "mean", networks.hedge_mean)
    p99 = Curve(times, "p99", partial(networks.hedge_quantile, share=0.99))
    for share in (10, 20, 50):
        delay = round(math.log(share), 9)
        yield Check(
            f"one in {share} hedged", "hedge.yaml", delay,
            (Expected("hedges / N", extra, Within(0.03)), Expected("R", mean, EXACT), Expected("p99", p99, BINNED)),
            effort(4_000), effort(4_000) if share == 10 else None, (f"sources.users.policies.hedge={delay}s",),
        )  # fmt: skip


NETWORKS = Target(
    "networks",
    "Call graphs: queues one after the other and in parallel, retries as feedback, wide fan-out, closed loops.",
    "Jackson 1957; Reich 1957; Takacs 1963; Flatto and Hahn 1984, Nelson and Tantawi 1988; Dean and Barroso 2013",
    (*_jackson(), *_tandem(), *_feedback(), *_fork_join(), *_fan_out(), *_machine_repair()),
    (
        "Fork-join of more than two queues has no exact formula. The published approximation is good to 5 %, no "
        "better: for eight queues at utilisation 0.8 it gives 11.03; the simulated value stands beside it below.",
    ),
)
HEDGING = Target(
    "hedging",
    "A second copy of a call that is slow to come; answers are exponential.",
    "minimum of two exponential times; the practice: Dean and Barroso, CACM 56(2), 2013",
    tuple(_hedging()),
)
