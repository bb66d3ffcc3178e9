"""What the kernel wrote down, as the rows of a record."""

from typing import TYPE_CHECKING

from sim.engines.compiled.breaking import RESTARTED
from sim.policies.breaker_parts import CAUSES
from sim.record.types import Copy, FaultSpan, Transition
from sim.words import CLOSED

if TYPE_CHECKING:
    from sim.engines.compiled.run import Run


def transitions_of(run: "Run") -> list[Transition]:
    """Every move of every copy; one that began in another state than closed moved there by its settings."""
    out = []
    for row in run.held["moves"][: int(run.world["moves_n"][0])].tolist():
        t_ns, scope, caller, target, from_state, to_state, cause, n, failures, slow, open_ns, _ = row
        word = "caller restarted" if cause == RESTARTED else CAUSES[cause]
        out.append(
            Transition(t_ns, scope, caller, target, from_state, to_state, word, n, failures, slow, open_ns)
        )
    for copy in run.held["copies"][1 : int(run.world["copies_n"][0])]:
        if copy["first_state"] != CLOSED:
            who = (int(copy["born_ns"]), int(copy["scope"]), int(copy["caller"]), int(copy["target"]))
            out.append(Transition(*who, CLOSED, int(copy["first_state"]), "forced", 0, 0, 0, 0))
    return out


def copies_of(run: "Run") -> list[Copy]:
    """Every copy that came into being."""
    rows = run.held["copies"][1 : int(run.world["copies_n"][0])]
    return [
        Copy(int(row["scope"]), int(row["caller"]), int(row["target"]), int(row["born_ns"]), True)
        for row in rows
    ]


def spans_of(run: "Run") -> list[FaultSpan]:
    """Every occurrence of a fault; the run may have ended under the last one."""
    now = int(run.world["now"][0])
    rows = run.held["spans"][: int(run.world["spans_n"][0])].tolist()
    out = [FaultSpan(*row) for row in rows]
    faults = run.held["faults"][: len(run.topology.faults)]
    out += [FaultSpan(int(f["id"]), int(f["active_since"]), now) for f in faults if f["active"]]
    return out
