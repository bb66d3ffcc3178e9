"""What targets share: how long their runs are."""

from sim.validation.target import Effort

REPLICATIONS = 20
WARMUP_SHARE = 20
"""One part in so many of a run is warm-up, and a bucket of its tables is as long."""


def effort(seconds: float, replications: int = REPLICATIONS) -> Effort:
    """Runs of so many seconds; what their first twentieth holds does not count."""
    part = f"{seconds / WARMUP_SHARE:g}s"
    return Effort(replications, (f"duration={seconds:g}s", f"warmup={part}", f"bucket={part}"))
