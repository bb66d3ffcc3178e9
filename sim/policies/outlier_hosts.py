"""What one caller knows of the hosts of a service, and how they go and come back."""

from sim import luck
from sim.policies.outlier_params import BY_LEAVING, LIMIT_BEFORE, Params

EXTERNAL, LOCAL = range(2)


class Hosts:
    """What one caller knows of the hosts of one service. Lists have an entry per host."""

    __slots__ = (
        "born_ns", "counted", "draws", "ejected_ns", "ejections", "gateway_run", "judged_ok", "judged_total",
        "key", "length_ns", "local_run", "moved", "multiplier", "ok", "out", "out_n", "present", "present_n",
        "raised", "returned_ns", "run", "total",
    )  # fmt: skip

    def __init__(self, key: int, hosts: int, now: int) -> None:
        self.key = key
        self.born_ns = now
        """Sweeps come at whole intervals after it."""
        self.present = [1] * hosts
        self.present_n = hosts
        self.out = [0] * hosts
        """1: ejected."""
        self.out_n = 0
        self.ejected_ns = [0] * hosts
        self.returned_ns = [0] * hosts
        """When it was ejected and returned last."""
        self.length_ns = [0] * hosts
        """How long its ejection lasts."""
        self.multiplier = [0] * hosts
        self.raised = 0
        """Sum of the multipliers."""
        self.ejections = [0] * hosts
        self.draws = [0] * hosts
        """Numbers of draws for luck."""
        self.run = [0] * hosts
        self.gateway_run = [0] * hosts
        self.local_run = [0] * hosts
        self.total = [[0] * hosts, [0] * hosts]
        self.ok = [[0] * hosts, [0] * hosts]
        """Results of the interval that is under way: those of the hosts, and of local origin."""
        self.judged_total = [[0] * hosts, [0] * hosts]
        self.judged_ok = [[0] * hosts, [0] * hosts]
        """Results of the completed interval."""
        self.counted = 0
        """Results of the interval that is under way, of all hosts."""
        self.moved: list[tuple[int, int, int, int]] = []
        """(host, cause, results, failures) of each ejection and return since the reader's last look."""


def new(p: Params, key: int, hosts: int, now: int = 0) -> Hosts:
    """All hosts serve, nothing is known. `key` names the record for luck."""
    return Hosts(key, hosts, now)


def ejected(e: Hosts, host: int) -> bool:
    """Is it out?"""
    return e.out[host] == 1


def _allowed(e: Hosts, p: Params) -> bool:
    """May one more host go?"""
    if p.always_one and e.out_n == 0:
        return True
    if p.limit == LIMIT_BEFORE:
        return e.out_n / e.present_n * 100.0 < p.max_percent
    return 100.0 * (e.out_n + 1) / e.present_n <= p.max_percent


def detect(e: Hosts, p: Params, now: int, host: int, cause: int, n: int, failures: int) -> None:
    """A detector points at a host: it goes if that is allowed, and if luck enforces it."""
    if (e.out[host] and not p.judge_ejected) or not _allowed(e, p):
        return
    enforced = p.enforced[cause]
    if enforced < 100:
        e.draws[host] += 1
        if int(100.0 * luck.uniform(e.key, luck.EJECT, host, e.draws[host])) >= enforced:
            return
    _take_out(e, p, now, host)
    if not e.out[host]:
        e.out[host] = 1
        e.out_n += 1
        e.moved.append((host, cause, n, failures))


def _take_out(e: Hosts, p: Params, now: int, host: int) -> None:
    """The ejection begins, or begins anew.

    Model: a host that is ejected anew still counts once among those that are out.
    """
    if p.uncapped or e.multiplier[host] * p.base_ns < p.max_ns + p.base_ns:
        e.multiplier[host] += 1
        e.raised += 1
    e.ejections[host] += 1
    e.ejected_ns[host] = now
    e.length_ns[host] = min(p.base_ns * e.multiplier[host], p.max_ns)
    if p.jitter_ns:
        u = luck.uniform(e.key, luck.EJECT_JITTER, host, e.ejections[host])
        e.length_ns[host] += int(u * (p.jitter_ns + 1))


def bring_in(e: Hosts, host: int, cause: int) -> None:
    """An ejected host serves again; its runs of failures begin anew."""
    e.out[host] = 0
    e.out_n -= 1
    e.run[host] = e.gateway_run[host] = e.local_run[host] = 0
    e.moved.append((host, cause, 0, 0))


def join(e: Hosts, host: int) -> None:
    """A host comes, with a clean slate."""
    e.present[host] = 1
    e.present_n += 1


def leave(e: Hosts, host: int) -> None:
    """A host goes, and what was known of it."""
    if e.out[host]:
        bring_in(e, host, BY_LEAVING)
    e.present[host] = 0
    e.present_n -= 1
    e.raised -= e.multiplier[host]
    e.multiplier[host] = 0
    e.run[host] = e.gateway_run[host] = e.local_run[host] = 0
    for origin in range(2):
        e.counted -= e.total[origin][host]
        e.total[origin][host] = e.ok[origin][host] = 0
