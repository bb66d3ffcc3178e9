"""`queue-pack`: single queues against closed forms."""

from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import HISTOGRAM, Within
from sim.validation.formulas import queues
from sim.validation.target import Check, Curve, Expected, Panel, Target
from sim.validation.targets.common import effort

CAP, CAP_HEAVY = 0.03, 0.05
"""Widest interval, as a share of the exact value; the second one from a utilisation of 0.9 on."""
SQUARES = {
    "constant": ("D", 0.0),
    "erlang-2": ("E2", 0.5),
    "exponential": ("M", 1.0),
    "lognormal": ("LN", 1.310832**2),
    "hyperexponential": ("H2", 4.0),
}
"""Variant -> (letter of the law, squared coefficient of variation)."""


def _cap(utilisation: float) -> float:
    return CAP if utilisation < 0.9 else CAP_HEAVY


# What an observable is at an offered load of x per server.


def _wait(x: float, servers: int) -> float:
    return queues.mmc_wait(servers, servers * x)


def _lost(x: float, servers: int, room: int) -> float:
    return queues.mmck(servers, room, servers * x)[0]


def _stay(x: float, servers: int, room: int) -> float:
    return queues.mmck(servers, room, servers * x)[1]


def _refused(x: float, servers: int) -> float:
    return queues.erlang_b(servers, servers * x)


def _left(x: float, servers: int, patience: float) -> float:
    return queues.fixed_patience(servers, servers * x, patience)[0]


def _until_end(x: float, servers: int, patience: float) -> float:
    """From the call to its end: the wait, and the work of those who did not leave."""
    left, wait = queues.fixed_patience(servers, servers * x, patience)
    return wait + 1.0 - left


def _mm1() -> Iterator[Check]:
    panel = Panel("M/M/1: time in the system", "utilisation", "time [mean work]", log_y=True)
    mean = Curve(panel, "mean", queues.mm1_sojourn)
    p50 = Curve(panel, "p50", partial(queues.mm1_quantile, share=0.5))
    p99 = Curve(panel, "p99", partial(queues.mm1_quantile, share=0.99))
    for rate, seconds in ((0.5, 150_000), (0.8, 1_000_000), (0.9, 1_300_000), (0.95, 4_000_000)):
        rule, binned = Within(_cap(rate)), Within(_cap(rate), HISTOGRAM)
        yield Check(
            f"M/M/1 at {rate:g}", "mm1.yaml", rate,
            (Expected("R", mean, rule), Expected("p50", p50, binned), Expected("p99", p99, binned)),
            effort(seconds), effort(seconds) if rate == 0.5 else None, (f"sources.users.rate={rate}/s",),
        )  # fmt: skip


def _mmc() -> Iterator[Check]:
    panel = Panel("M/M/c: mean wait (Erlang C)", "utilisation", "wait [mean work]", log_y=True)
    for rate, servers, seconds in (
        (1.5, 2, 150_000), (3.2, 4, 150_000), (7.0, 8, 200_000), (9.0, 10, 100_000), (45.0, 50, 50_000),
    ):  # fmt: skip
        wait = Curve(panel, f"c = {servers}", partial(_wait, servers=servers))
        utilisation = rate / servers
        yield Check(
            f"M/M/{servers} at {utilisation:g}", "mmc.yaml", utilisation,
            (Expected("wait(server)", wait, Within(_cap(utilisation))),),
            effort(seconds), effort(seconds) if servers == 2 else None,
            (f"sources.users.rate={rate}/s", f"services.server.slots={servers}"),
        )  # fmt: skip


def _mmck() -> Iterator[Check]:
    lost = Panel("M/M/c/K: lost calls", "offered load per server", "F / N")
    inside = Panel("M/M/c/K: time in the system", "offered load per server", "time [mean work]")
    for rate, servers, room, seconds in (
        (0.9, 1, 5, 120_000), (1.2, 1, 10, 120_000), (2.0, 1, 10, 20_000), (15.0, 10, 15, 5_000),
        (30.0, 10, 20, 2_000),
    ):  # fmt: skip
        label = f"c = {servers}, K = {room}"
        loss = Curve(lost, label, partial(_lost, servers=servers, room=room))
        time = Curve(inside, label, partial(_stay, servers=servers, room=room))
        yield Check(
            f"M/M/{servers}/{room} at {rate / servers:g}", "mmc.yaml", rate / servers,
            (Expected("shed / N", loss, Within(CAP)), Expected("sojourn(server)", time, Within(CAP))),
            effort(seconds), effort(seconds) if servers == 10 else None,
            (f"sources.users.rate={rate}/s", f"services.server.slots={servers}",
             f"services.server.queue={room - servers}"),
        )  # fmt: skip


def _loss() -> Iterator[Check]:
    panel = Panel("M/G/c/c: refused calls (Erlang B)", "offered load per place", "F / N", log_y=True)
    for servers, load, seconds, quick in (
        (5, 4.0, 10_000, True), (10, 8.0, 10_000, False), (10, 12.0, 5_000, False), (100, 100.0, 4_000, False),
        (100, 509.5, 200, True), (1000, 5095.0, 100, False),
    ):  # fmt: skip
        curve = Curve(panel, f"c = {servers}", partial(_refused, servers=servers))
        for variant in ("constant", "exponential", "lognormal"):
            yield Check(
                f"M/G/{servers}/{servers} at {load / servers:g}, {variant}", "loss.yaml", load / servers,
                (Expected("bulkhead / N", curve, Within(CAP)),),
                effort(seconds), effort(seconds) if quick else None,
                (f"sources.users.rate={load}/s", f"sources.users.policies.bulkhead={servers}"), variant,
            )  # fmt: skip


def _mg1() -> Iterator[Check]:
    panel = Panel("M/G/1: mean wait (Pollaczek-Khinchine)", "utilisation", "wait [mean work]", log_y=True)
    curves = {
        variant: Curve(panel, law, partial(queues.pollaczek_khinchine, cv2=square))
        for variant, (law, square) in SQUARES.items()
    }
    for rate, seconds in ((0.5, 150_000), (0.8, 600_000), (0.9, 1_000_000)):
        for variant, curve in curves.items():
            heavy = variant in ("lognormal", "hyperexponential")
            runs = effort(4 * seconds if heavy else seconds)
            yield Check(
                f"M/G/1 at {rate:g}, {variant}", "mg1.yaml", rate,
                (Expected("wait(server)", curve, Within(_cap(rate))),), runs,
                runs if rate == 0.5 and not heavy else None, (f"sources.users.rate={rate}/s",), variant,
            )  # fmt: skip


def _sharing() -> Iterator[Check]:
    panel = Panel("M/G/1-PS: time in the system", "utilisation", "time [mean work]", log_y=True)
    mean = Curve(panel, "mean, any law", queues.processor_sharing)
    short = Curve(panel, "work of 0.5", partial(queues.processor_sharing, demand=0.5))
    long = Curve(panel, "work of 5.5", partial(queues.processor_sharing, demand=5.5))
    for rate, seconds in ((0.5, 80_000), (0.8, 400_000), (0.9, 900_000)):
        rule = Within(_cap(rate))
        both = (Expected("R(server.short)", short, rule), Expected("R(server.long)", long, rule))
        for variant in ("exponential", "lognormal", "two-sizes"):
            expected = both if variant == "two-sizes" else (Expected("R", mean, rule),)
            yield Check(
                f"M/G/1-PS at {rate:g}, {variant}", "processor-sharing.yaml", rate, expected,
                effort(seconds), effort(seconds) if rate == 0.5 else None,
                (f"sources.users.rate={rate}/s",), variant,
            )  # fmt: skip


def _patience() -> Iterator[Check]:
    lost = Panel("M/M/c+D: calls that leave the queue", "offered load per server", "F / N")
    time = Panel("M/M/c+D: time from call to end", "offered load per server", "time [mean work]")
    for rate, servers, patience in (
        (0.8, 1, 2.0),
        (0.95, 1, 3.0),
        (1.2, 1, 3.0),
        (2.0, 1, 3.0),
        (12.0, 10, 0.5),
    ):
        label = f"c = {servers}, D = {patience:g}"
        share = Curve(lost, label, partial(_left, servers=servers, patience=patience))
        mean = Curve(time, label, partial(_until_end, servers=servers, patience=patience))
        runs = effort(40_000 if servers == 1 else 5_000)
        yield Check(
            f"M/M/{servers}+D({patience:g}) at {rate / servers:g}", "pool-wait.yaml", rate / servers,
            (Expected("bulkhead / N", share, Within(CAP)), Expected("R", mean, Within(CAP))),
            runs, runs if rate in (0.8, 12.0) else None,
            (f"sources.users.rate={rate}/s", f"sources.users.policies.bulkhead.limit={servers}",
             f"sources.users.policies.bulkhead.max_wait={patience}s"),
        )  # fmt: skip


def _client_timeout() -> Iterator[Check]:
    panel = Panel("M/M/1, timeout D without cancel: answered in time", "(1 - utilisation) D", "S / N")
    share = Curve(panel, "any utilisation", lambda x: queues.client_timeout(0.0, x))
    for rate, timeout, seconds in (
        (0.5, 2.0, 40_000), (0.8, 3.0, 300_000), (0.9, 10.0, 600_000), (0.95, 10.0, 2_000_000),
    ):  # fmt: skip
        yield Check(
            f"M/M/1 at {rate:g}, timeout {timeout:g}", "client-timeout.yaml", (1 - rate) * timeout,
            (Expected("success_share", share, Within(_cap(rate))),),
            effort(seconds), effort(seconds) if rate == 0.5 else None,
            (f"sources.users.rate={rate}/s", f"sources.users.policies.timeout={timeout}s"),
        )  # fmt: skip


QUEUE_PACK = Target(
    "queue-pack",
    "Single queues: one server and many, bounded, without waiting places, shared, with customers who leave.",
    "Erlang 1917; Pollaczek 1930, Khinchine 1932; Kleinrock 1975; Baccelli and Hebuterne 1981",
    (
        *_mm1(), *_mmc(), *_mmck(), *_loss(), *_mg1(), *_sharing(), *_patience(), *_client_timeout(),
    ),
)  # fmt: skip
