"""What one caller knows of the hosts of a service, and how they go and come back."""

from sim import luck
from sim.policies.outlier_params import BY_LEAVING, LIMIT_BEFORE, Params

EXTERNAL, LOCAL = range(2)


BY_HOST = (
    "presents", "outs", "ejected_at", "returned_at", "length_ns", "multipliers", "ejections", "draws", "runs",
    "gateway_runs", "local_runs", "judged",
)  # fmt: skip
BY_ORIGIN = ("totals", "oks", "judged_totals", "judged_oks")
LISTS = (*BY_HOST, *BY_ORIGIN, "moved")
"""Lists of a record: with an entry per host; with one per origin and host (`at`); what happened."""
NUMBERS = ("hosts", "born_ns", "present_n", "out_n", "raised", "counted", "moved_n")
MOVES = 4
"""Room for so many moves of each host that nobody has read: it returns, goes and returns within one sweep."""


class Hosts:
    """What one caller knows of the hosts of one service."""

    __slots__ = ("key", *NUMBERS, *LISTS)

    presents: list[int]
    outs: list[int]
    """1: ejected."""
    ejected_at: list[int]
    returned_at: list[int]
    """When it was ejected and returned last."""
    length_ns: list[int]
    """How long its ejection lasts."""
    multipliers: list[int]
    ejections: list[int]
    draws: list[int]
    """Numbers of draws for luck."""
    runs: list[int]
    gateway_runs: list[int]
    local_runs: list[int]
    """Failures in a row."""
    judged: list[int]
    """1: this sweep judges it."""
    totals: list[int]
    oks: list[int]
    """Results of the interval that is under way: those of the hosts, then those of local origin."""
    judged_totals: list[int]
    judged_oks: list[int]
    """Results of the completed interval."""
    moved: list[int]
    """(host, cause, results, failures) of each ejection and return since the reader's last look."""

    def __init__(self, key: int, hosts: int, now: int) -> None:
        self.key = key
        self.hosts = hosts
        self.born_ns = now
        """Sweeps come at whole intervals after it."""
        self.present_n = hosts
        self.out_n = 0
        self.raised = 0
        """Sum of the multipliers."""
        self.counted = 0
        """Results of the interval that is under way, of all hosts."""
        self.moved_n = 0
        for name in LISTS:
            setattr(self, name, [0] * room(name, hosts))
        self.presents = [1] * hosts


def room(name: str, hosts: int) -> int:
    """Entries of a list."""
    if name == "moved":
        return 4 * MOVES * hosts
    return 2 * hosts if name in BY_ORIGIN else hosts


def at(e: Hosts, origin: int, host: int) -> int:
    """Place of a host's results."""
    return origin * e.hosts + host


def wrote(e: Hosts, host: int, cause: int, n: int, failures: int) -> None:
    """A host has moved."""
    i = 4 * e.moved_n
    e.moved[i], e.moved[i + 1], e.moved[i + 2], e.moved[i + 3] = host, cause, n, failures
    e.moved_n += 1


def moves(e: Hosts) -> list[tuple[int, ...]]:
    """(host, cause, results, failures) of each move since the last look, which this is."""
    out = [tuple(e.moved[i : i + 4]) for i in range(0, 4 * e.moved_n, 4)]
    e.moved_n = 0
    return out


def new(p: Params, key: int, hosts: int, now: int = 0) -> Hosts:
    """All hosts serve, nothing is known. `key` names the record for luck."""
    return Hosts(key, hosts, now)


def ejected(e: Hosts, host: int) -> bool:
    """Is it out?"""
    return e.outs[host] == 1


def _allowed(e: Hosts, p: Params) -> bool:
    """May one more host go?"""
    if p.always_one and e.out_n == 0:
        return True
    if p.limit == LIMIT_BEFORE:
        return e.out_n / e.present_n * 100.0 < p.max_percent
    return 100.0 * (e.out_n + 1) / e.present_n <= p.max_percent


def detect(e: Hosts, p: Params, now: int, host: int, cause: int, n: int, failures: int) -> None:
    """A detector points at a host: it goes if that is allowed, and if luck enforces it."""
    if (e.outs[host] and not p.judge_ejected) or not _allowed(e, p):
        return
    enforced = p.enforced[cause]
    if enforced < 100:
        e.draws[host] += 1
        if int(100.0 * luck.uniform(e.key, luck.EJECT, host, e.draws[host])) >= enforced:
            return
    _take_out(e, p, now, host)
    if not e.outs[host]:
        e.outs[host] = 1
        e.out_n += 1
        wrote(e, host, cause, n, failures)


def _take_out(e: Hosts, p: Params, now: int, host: int) -> None:
    """The ejection begins, or begins anew.

    Model: a host that is ejected anew still counts once among those that are out.
    """
    if p.uncapped or e.multipliers[host] * p.base_ns < p.max_ns + p.base_ns:
        e.multipliers[host] += 1
        e.raised += 1
    e.ejections[host] += 1
    e.ejected_at[host] = now
    e.length_ns[host] = min(p.base_ns * e.multipliers[host], p.max_ns)
    if p.jitter_ns:
        u = luck.uniform(e.key, luck.EJECT_JITTER, host, e.ejections[host])
        e.length_ns[host] += int(u * (p.jitter_ns + 1))


def bring_in(e: Hosts, host: int, cause: int) -> None:
    """An ejected host serves again; its runs of failures begin anew."""
    e.outs[host] = 0
    e.out_n -= 1
    e.runs[host] = e.gateway_runs[host] = e.local_runs[host] = 0
    wrote(e, host, cause, 0, 0)


def join(e: Hosts, host: int) -> None:
    """A host comes, with a clean slate."""
    e.presents[host] = 1
    e.present_n += 1


def leave(e: Hosts, host: int) -> None:
    """A host goes, and what was known of it."""
    if e.outs[host]:
        bring_in(e, host, BY_LEAVING)
    e.presents[host] = 0
    e.present_n -= 1
    e.raised -= e.multipliers[host]
    e.multipliers[host] = 0
    e.runs[host] = e.gateway_runs[host] = e.local_runs[host] = 0
    for origin in range(2):
        i = at(e, origin, host)
        e.counted -= e.totals[i]
        e.totals[i] = e.oks[i] = 0
