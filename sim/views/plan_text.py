"""The plan of a scenario in words: what `cascadelab check` prints."""

import math

from sim.topology.plan import Plan, ServicePlan, show_bytes, show_seconds
from sim.views.shortened import MANY, first_by


def plan_text(p: Plan, name: str, variants: tuple[str, ...]) -> str:
    """Services with their utilisation, edges with their rates, what a run takes."""
    return "\n".join(
        [
            f"{name}: holds. Variants: {', '.join(variants) or 'none'}",
            "",
            *_services(p.services),
            "",
            *_edges(p.edges),
            "",
            _size(p),
        ]
    )


def _services(services: tuple[ServicePlan, ...]) -> list[str]:
    """Every service, or of many those that are used most at the peak."""
    head = f"{'service':<24}{'replicas':>9}{'slots':>7}{'arrivals/s':>12}{'work ms':>10}{'utilisation':>13}{'at peak':>9}"
    if len(services) < MANY:
        return [head, *map(_service, services)]
    busiest, others = first_by(services, lambda s: -_known(s.peak_utilisation))
    mean, peak = (
        max(_known(x) for x in column)
        for column in zip(*((s.utilisation, s.peak_utilisation) for s in others), strict=True)
    )
    rest = f"{len(others):,} others of {len(services):,}, each at most"
    return [head, *map(_service, busiest), f"{rest:<62}{mean:>13.0%}{peak:>9.0%}"]


def _service(s: ServicePlan) -> str:
    slots = "-" if s.slots < 0 else str(s.slots)
    use, most = ("-" if math.isnan(x) else f"{x:.0%}" for x in (s.utilisation, s.peak_utilisation))
    return (
        f"{s.name:<24}{s.replicas:>9}{slots:>7}{s.arrivals_per_s:>12.2f}{s.work_ms:>10.2f}{use:>13}{most:>9}"
    )


def _known(share: float) -> float:
    return 0.0 if math.isnan(share) else share


def _edges(edges: tuple[tuple[str, float], ...]) -> list[str]:
    """Every edge, or of many those with the most calls."""
    head = f"{'edge':<48}{'calls/s':>10}"
    if len(edges) < MANY:
        return [head, *(f"{edge:<48}{rate:>10.2f}" for edge, rate in edges)]
    busiest, others = first_by(edges, lambda edge: -edge[1])
    rest = f"{len(others):,} others of {len(edges):,}, together"
    rows = [*busiest, (rest, sum(rate for _, rate in others))]
    return [head, *(f"{edge:<48}{rate:>10.2f}" for edge, rate in rows)]


def _size(p: Plan) -> str:
    return (
        f"{'at least' if p.at_least else 'about'} {p.requests:,.0f} requests, {p.attempts:,.0f} attempts, {p.events:,.0f} events, "
        f"{show_bytes(p.bytes)}, {show_seconds(p.seconds['simpy'])} a run "
        f"({show_seconds(p.seconds['compiled'])} compiled)"
    )
