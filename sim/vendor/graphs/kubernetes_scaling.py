"""HorizontalPodAutoscalers: replicas follow the use of processors.

Model: Kubernetes measures use against what a container requests, a scenario against the cores of a replica.
"""

from sim.vendor.graphs import draft as d
from sim.vendor.graphs import kubernetes_keys as keys
from sim.vendor.graphs.spots import Spot

DEFAULT_PERCENT = 80


def scale(spot: Spot, services: dict[str, d.Service], draft: d.Draft) -> None:
    """Write the autoscaler of a service; what else it looks at is named."""
    spec = spot.get("spec")
    if spec is None:
        spot.wrong("a HorizontalPodAutoscaler needs spec")
        return
    spec.only(keys.SCALER, "spec of a HorizontalPodAutoscaler")
    target = spec.get("scaleTargetRef")
    named = target.get("name") if target is not None else None
    most = spec.get("maxReplicas")
    if named is None or most is None:
        spec.wrong("scaleTargetRef.name and maxReplicas are needed")
        return
    service = services.get(named.text())
    if service is None:
        draft.leave(f"HorizontalPodAutoscaler of {named.value}, which is not in the file", named.line)
        return
    if (behavior := spec.get("behavior")) is not None:
        draft.leave("behavior of a HorizontalPodAutoscaler", behavior.line)
    percent = _percent(spec, draft)
    if percent is None:
        draft.leave("HorizontalPodAutoscaler without a target for cpu", spec.line)
        return
    least = spec.get("minReplicas")
    low, high = least.whole(1) if least is not None else 1, most.whole(1)
    if high < low:
        most.wrong(f"maxReplicas is at least minReplicas, {low}")
    service.replicas = min(max(service.replicas, low), high)
    service.autoscale = f"{{target: {percent:g}%, min: {low}, max: {high}}}"
    service.autoscale_note = "assumed: of its cores, where Kubernetes means what is requested"


def _percent(spec: Spot, draft: d.Draft) -> float | None:
    """Target use of processors; None if only other metrics are looked at."""
    old = spec.get("targetCPUUtilizationPercentage")
    if old is not None:
        return old.number(1, 100)
    metrics = list(spec.listed("metrics"))
    found: float | None = None if metrics else DEFAULT_PERCENT
    for metric in metrics:
        resource = metric.only(keys.METRIC, "a metric").get("resource")
        named = resource.get("name") if resource is not None else None
        target = resource.get("target") if resource is not None else None
        use = target.get("averageUtilization") if target is not None else None
        if named is not None and named.value == "cpu" and use is not None:
            found = use.number(1, 100)
        else:
            draft.leave("metric of a HorizontalPodAutoscaler beside the use of cpu", metric.line)
    return found
