"""What the kernel wrote down, as the rows of a record."""

from typing import TYPE_CHECKING

from sim.engines.compiled.breaking import RESTARTED
from sim.engines.compiled.ejecting import EJECTED
from sim.policies.breaker_parts import CAUSES
from sim.policies.outlier_params import CAUSES as EJECTIONS
from sim.record.types import Copy, FaultSpan, Transition
from sim.words import CLOSED

if TYPE_CHECKING:
    from sim.engines.compiled.run import Run


def transitions_of(run: "Run") -> list[Transition]:
    """Every move of every copy; one that began in another state than closed moved there by its settings."""
    out = []
    for row in run.held["moves"][: int(run.world["moves_n"][0])].tolist():
        t_ns, scope, caller, target, from_state, to_state, cause, n, failures, slow, open_ns, _ = row
        who, states = (scope, caller, target), (from_state, to_state)
        out.append(Transition(t_ns, *who, *states, word_of(cause), n, failures, slow, open_ns))
    for copy in run.held["copies"][1 : int(run.world["copies_n"][0])]:
        if copy["first_state"] != CLOSED:
            born = (int(copy["born_ns"]), int(copy["scope"]), int(copy["caller"]), int(copy["target"]))
            out.append(Transition(*born, CLOSED, int(copy["first_state"]), "forced", 0, 0, 0, 0))
    return out


def word_of(cause: int) -> str:
    """A cause in plain words."""
    if cause >= EJECTED:
        return EJECTIONS[cause - EJECTED]
    return "caller restarted" if cause == RESTARTED else CAUSES[cause]


def copies_of(run: "Run") -> list[Copy]:
    """Every copy that came into being."""
    breakers = run.held["copies"][1 : int(run.world["copies_n"][0])]
    hosts = run.held["meetings"][: int(run.world["meetings_n"][0])]
    rows = breakers[["scope", "caller", "target", "born_ns"]].tolist() + hosts.tolist()
    return [Copy(scope, caller, target, born_ns, True) for scope, caller, target, born_ns in rows]


def spans_of(run: "Run") -> list[FaultSpan]:
    """Every occurrence of a fault; the run may have ended under the last one."""
    now = int(run.world["now"][0])
    rows = run.held["spans"][: int(run.world["spans_n"][0])].tolist()
    out = [FaultSpan(*row) for row in rows]
    faults = run.held["faults"][: len(run.topology.faults)]
    out += [FaultSpan(int(f["id"]), int(f["active_since"]), now) for f in faults if f["active"]]
    return out
