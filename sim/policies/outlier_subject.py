"""What conformance vectors talk to: a host ejector that is told results and sweeps."""

from collections.abc import Callable
from typing import Any, Protocol

from sim.policies import outlier, outlier_catalog
from sim.policies import outlier_params as o

Step = dict[str, Any]


class Subject(Protocol):
    """One policy object under a vector."""

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Do one step at its instant. ValueError if it cannot be done."""


OUTS = {"ok": 200, "fail": 500, "timeout": o.TIMED_OUT, "unreachable": o.CONNECT_FAILED}
"""How a whole request ended; `code:` is the answer alone."""


class EjectorSubject:
    """Sweeps come as the vector says, never by a timer."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        settings = dict(config)
        hosts = settings.pop("hosts", None)
        if not isinstance(hosts, list) or not hosts:
            msg = "a vector of host ejection names its `hosts: [a, b, ...]`"
            raise ValueError(msg)
        self.hosts = [str(host) for host in hosts]
        self.params = outlier_catalog.params_from(name, settings, lenient=True)
        self.record = outlier.new(self.params, 1, len(hosts))

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """`report` of a host, `sweep`, or `look`; answers the ejected hosts in their order."""
        if step["do"] == "report":
            self._report(now_ns, step)
        elif step["do"] == "sweep":
            outlier.sweep(self.record, self.params, now_ns)
        elif step["do"] != "look":
            msg = f"host ejection knows no step `do: {step['do']}`"
            raise ValueError(msg)
        outlier.moves(self.record)
        return {"ejected": [h for i, h in enumerate(self.hosts) if outlier.ejected(self.record, i)]}

    def _report(self, now_ns: int, step: Step) -> None:
        host = str(step.get("host"))
        if host not in self.hosts:
            msg = f"no host is called {host!r}; there are {', '.join(self.hosts)}"
            raise ValueError(msg)
        who = self.hosts.index(host)
        if "code" in step:
            outlier.report(self.record, self.params, now_ns, who, _answer(int(step["code"])))
            return
        out = step.get("out", "ok")
        if out not in OUTS:
            msg = f"no outcome is called {out!r}; there are {', '.join(OUTS)}"
            raise ValueError(msg)
        outlier.settle(self.record, self.params, now_ns, who, OUTS[out])


def _answer(code: int) -> int:
    """An HTTP status; that of a gRPC status (0 is OK, 1 to 16 are not)."""
    if code < 100:
        return 200 if code == 0 else 500
    return code


def _maker(name: str) -> Callable[[dict[str, Any]], Subject]:
    return lambda config: EjectorSubject(name, config)


SUBJECTS: dict[str, Callable[[dict[str, Any]], Subject]] = {
    **{name: _maker(name) for name in outlier_catalog.names()},
    "istio-outlier-detection": _maker("istio"),
}
"""By the name of the library."""
