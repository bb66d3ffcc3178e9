"""Published claims that do not hold, each with what the runs of a target say instead."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sim.validation.run import Outcome

Place = tuple[str, str, str]
"""Target, check, observable."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was published, and how our number is made of what was found."""

    source: str
    says: str
    of: tuple[Place, ...]
    ours: Callable[..., str]
    """Of the simulated means, in the order of `of`."""

    def here(self, outcomes: Iterable[Outcome]) -> str | None:
        """Our number in words; None if the runs that it needs were not made."""
        found = {
            (o.target.name, o.check.name, f.expected.observable): f.found.mean
            for o in outcomes
            for f in o.findings
        }
        return self.ours(*(found[place] for place in self.of)) if all(p in found for p in self.of) else None


_TIME = "S / goodput"
_WAITING = "tries.R(client -> connection) / tries.success_share(client -> connection)"
_SHED, _ANSWERED = "shed / N", "S / N"


def _icsa(policy: str, availability: float, observable: str) -> Place:
    return "icsa20-breaker", f"{policy}, availability {availability:g}", observable


def _more(policy: str, observable: str, availability: float = 0.5) -> tuple[Place, Place]:
    return _icsa(policy, availability, observable), _icsa("plain", availability, observable)


def _change(ours: float, plain: float) -> str:
    return f"{100 * (ours / plain - 1):+.1f} %"


ICSA, SRE = "Mendonça et al., ICSA 2020, text", "Site Reliability Engineering, ch. 22"
_BIMODAL = ("sre-bimodal", "1000 threads, deadline 100 s")

CLAIMS: tuple[Claim, ...] = (
    *(
        Claim(
            ICSA,
            f"a breaker that stays open 10 s takes less than 5 % more time (availability {availability:g})",
            _more("breaker, open 10 s", _TIME, availability), _change,
        )
        for availability in (0.5, 0.7)
    ),
    *(
        Claim(
            ICSA, f"retries lower waiting by over 30 % (back-off at most {most} s; holds for 20 and 40)",
            _more(f"retries, back-off at most {most} s", _WAITING), _change,
        )
        for most in (10, 20, 40)
    ),
    Claim(
        SRE, "19.6 % of the calls are served (that many are admitted; not all of them are answered)",
        ((*_BIMODAL, _SHED), (*_BIMODAL, _ANSWERED)),
        lambda shed, answered: f"{100 * (1 - shed):.1f} % admitted, {100 * answered:.1f} % answered",
    ),
    Claim(
        "Nelson and Tantawi 1988, as often cited",
        "eight parallel queues at utilisation 0.8 take 11.03 service times (an approximation)",
        (("networks", "fork-join of eight at 0.8", "R"),), lambda time: f"{time:.2f}",
    ),
    Claim(
        "Brooker 2022, text",
        "retry tokens are added by successes (his code adds them at first tries: 1.14 attempts per call at p = 0.5)",
        (("retry-policies", "tokens of successes, p = 0.5", "amplification(server)"),),
        lambda load: f"{load:.3f} if by successes",
    ),
    Claim(
        "metafor, simulator at 5355c17",
        "clients who wait in the queue do not time out: of a queue at utilisation 0.95 and a timeout of ten service "
        "times all but 0.005 % would be answered",
        (("queue-pack", "M/M/1 at 0.95, timeout 10", "success_share"),),
        lambda share: f"{100 * share:.1f} % answered",
    ),
)  # fmt: skip
