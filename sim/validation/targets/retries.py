"""`retry-policies` and `aws-jitter`: what retries give and cost under a budget, and how back-off spreads them."""

from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import About, Within
from sim.validation.formulas import retry_policies as r
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets.common import REPLICATIONS

RULE = Within(0.005)
CALLS = 100.0
"""Of a client, on average."""
CLIENTS = {0.01: 50, 0.05: 50, 0.1: 100, 0.2: 200, 0.5: 600, 0.75: 1_700}
"""At a failure share: the fewer calls succeed, the more it takes to tell how many."""
PRINTED: dict[str, dict[float, tuple[float, float]]] = {
    "none": {0.01: (0.98982, 1), 0.05: (0.94945, 1), 0.1: (0.89947, 1), 0.2: (0.79829, 1), 0.5: (0.50182, 1),
             0.75: (0.24888, 1)},
    "retries": {0.01: (1.0, 1.0097), 0.05: (0.99999, 1.0537), 0.1: (0.99990, 1.1106), 0.2: (0.99833, 1.2491),
                0.5: (0.93744, 1.8721), 0.75: (0.68557, 2.7288)},
    "bucket": {0.01: (1.0, 1.01), 0.05: (0.99994, 1.0527), 0.1: (0.99186, 1.1009), 0.2: (0.90865, 1.1348),
               0.5: (0.57159, 1.1416), 0.75: (0.28409, 1.1428)},
    "breaker": {0.01: (0.99907, 1.0088), 0.05: (0.98654, 1.0375), 0.1: (0.92765, 1.0312), 0.2: (0.80306, 1.0031),
                0.5: (0.50044, 1.0), 0.75: (0.25084, 1.0)},
}  # fmt: skip
"""Means of twenty runs of the published program, (success, tries per call), each to about 0.001."""
LABELS = {
    "none": "no retry", "retries": "three retries", "bucket": "tokens of first tries",
    "success-tokens": "tokens of successes", "breaker": "breaker of retries",
}  # fmt: skip
QUIRKS = ("bucket", "breaker")
"""That run as plugins."""


def _shares(failure: float, policy: str) -> r.Shares:
    return {
        "none": lambda: r.retried(failure, 0), "retries": lambda: r.retried(failure, r.RETRIES),
        "bucket": lambda: r.bucket(failure, CALLS),
        "success-tokens": lambda: r.bucket(failure, CALLS, first_tries=False),
        "breaker": lambda: r.breaker(failure, CALLS),
    }[policy]()  # fmt: skip


def _of(failure: float, policy: str, what: str) -> float:
    found: float = getattr(_shares(failure, policy), what)
    return found


def _curves(policy: str) -> dict[str, Curve]:
    panels = {
        "success": Panel("Answered well", "failure share p of the server", "S / N"),
        "load": Panel("Tries per call", "failure share p of the server", "tries"),
    }
    return {
        w: Curve(panel, LABELS[policy], partial(_of, policy=policy, what=w)) for w, panel in panels.items()
    }


def _policies() -> Iterator[Check]:
    for policy, label in LABELS.items():
        curves, own = _curves(policy), policy in QUIRKS
        for failure, clients in CLIENTS.items():
            expected = (
                Expected("success_share", curves["success"], RULE, _elsewhere(policy, failure, 0)),
                Expected("amplification(server)", curves["load"], RULE, _elsewhere(policy, failure, 1)),
            )
            runs = Effort(REPLICATIONS)
            yield Check(
                f"{label}, p = {failure:g}", "retry-quirks.yaml" if own else "retry-policies.yaml", failure, expected,
                runs, runs if failure == 0.1 else None,
                (f"services.server.error_rate={failure}", f"sources.clients.clients={clients}",
                 f"sources.clients.rate={clients * CALLS / 10:g}/s"),
                policy, plugin="retry_quirks.py" if own else "",
            )  # fmt: skip


def _elsewhere(policy: str, failure: float, column: int) -> str:
    found = PRINTED.get(policy)
    return f"run elsewhere: {found[failure][column]:.5g}" if found else ""


def _at(calls: float, policy: str, failure: float, what: str) -> float:
    found: float = getattr((r.bucket if policy == "bucket" else r.breaker)(failure, calls), what)
    return found


def _fewer_calls() -> Iterator[Check]:
    """The same load over more clients: to each of them less happens, and its bucket or breaker knows less."""
    panels = {
        "success": Panel("The same load over more clients", "calls of a client", "S / N", log_x=True),
        "load": Panel("The same: tries per call", "calls of a client", "tries", log_x=True),
    }
    for policy, failure, runs in (
        ("bucket", 0.5, ((10, 2_000, (0.719, 1.458)), (1, 16_000, (0.941, 1.887)))),
        ("breaker", 0.05, ((10, 500, (0.953,)), (1, 5_000, (0.951,)))),
    ):  # fmt: skip
        label = f"{LABELS[policy]}, p = {failure:g}"
        success, load = (
            Curve(panel, label, partial(_at, policy=policy, failure=failure, what=what))
            for what, panel in panels.items()
        )
        for calls, clients, printed in runs:
            first, *rest = (f"run elsewhere: {x:.4g}" for x in printed)
            expected = [Expected("success_share", success, RULE, first)]
            if policy == "bucket" or calls > 1:  # of a single call the breaker lets no retry through
                expected.append(Expected("amplification(server)", load, RULE, *rest))
            yield Check(
                f"{label}, {calls} calls each", "retry-quirks.yaml", calls, tuple(expected), Effort(REPLICATIONS), None,
                (f"services.server.error_rate={failure}", f"sources.clients.clients={clients}",
                 f"sources.clients.rate={clients * calls / 10:g}/s"),
                policy, plugin="retry_quirks.py",
            )  # fmt: skip


RETRY_POLICIES = Target(
    "retry-policies",
    "A server that fails at random: no retries, three, three under a token bucket, three under a breaker of retries.",
    "Brooker, Fixing retries with token buckets and circuit breakers, 2022, and mbrooker/simulator_example at bbfe394; "
    "its rules as Markov chains",
    (*_policies(), *_fewer_calls()),
    (
        "The program's rules run as plugins (tests/theory/retry_quirks.py): tokens are earned by first tries, a retry "
        "needs more than one, and the breaker counts from the start, without a window. `tokens of successes` is "
        "our own retry budget, and what the text of the post says.",
    ),
)

TIME, WRITES = About(0.05), About(0.02)
"""The printed figures are means of runs themselves; those of the time differ by a fifth from run to run."""
JITTERS = ("none", "exponential", "equal", "full", "decorrelated")
AWS = {
    50: {"none": (1151, 692), "exponential": (35565, 618), "equal": (4107, 349), "full": (2846, 333),
         "decorrelated": (2155, 376)},
    100: {"none": (2042, 2419), "exponential": (63639, 1851), "equal": (6759, 811), "full": (4962, 796),
          "decorrelated": (4791, 1005)},
    190: {"none": (0, 7998), "exponential": (0, 5163), "equal": (0, 1760), "full": (0, 1774),
          "decorrelated": (0, 2439)},
}  # fmt: skip
"""Clients -> back-off -> (time, writes); 0: not published."""


def _published(clients: float, jitter: str, column: int) -> float:
    return float(AWS[int(clients)][jitter][column])


def _jitters() -> Iterator[Check]:
    panels = {
        "time": Panel("Until all have written", "clients", "time [its units]", log_y=True),
        "calls": Panel("Writes tried", "clients", "writes"),
    }
    for jitter in JITTERS:
        time, calls = (
            Curve(panel, jitter, partial(_published, jitter=jitter, column=i), steps=True)
            for i, panel in enumerate(panels.values())
        )
        for clients in AWS:
            expected = [Expected("calls", calls, WRITES)]
            if time.formula(clients):
                expected.insert(0, Expected("time", time, TIME))
            runs = Effort(400 if clients < 190 else 100)
            yield Check(
                f"{jitter}, {clients} clients", "", clients, tuple(expected), runs, runs if clients == 50 else None,
                (f"clients={clients}", f"jitter={jitter}"), model="backoff_contention.py",
            )  # fmt: skip


AWS_JITTER = Target(
    "aws-jitter",
    "Clients who write one row under optimistic concurrency control and back off: how long, and how many writes.",
    "Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015, and aws-samples/aws-arch-backoff-simulator "
    "at 66cb169",
    tuple(_jitters()),
    (
        "This tests our back-off code in a world of its own (tests/theory/backoff_contention.py), not the simulation. "
        "The published program begins with the second delay, twice the base.",
        "The claim holds: of a hundred clients, full jitter tries 57 % fewer writes than exponential back-off alone.",
    ),
)
