"""Distributions as they are written in the file, and as they are drawn."""

import math
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim import distributions as d
from sim import units
from sim.scenario.fields import DURATION, number, positive, weight


def build_dist(spec: Any) -> d.Dist:
    """A distribution from its spelling in the file. ValueError says what is wrong."""
    if not isinstance(spec, dict):
        return d.constant(units.duration_ns(spec))
    if len(spec) != 1:
        msg = f"a distribution has exactly one kind, such as {{exponential: 5ms}}; here are {len(spec)} keys"
        raise ValueError(msg)
    kind, value = next(iter(spec.items()))
    builder = _BUILDERS.get(kind)
    if builder is None:
        near = get_close_matches(str(kind), _BUILDERS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        msg = f"no distribution is called {kind!r}{hint} (there are {', '.join(_BUILDERS)})"
        raise ValueError(msg)
    try:
        return builder(value)
    except (KeyError, TypeError, IndexError) as error:
        msg = f"{kind}: write {_SPELLINGS[kind]}"
        raise ValueError(msg) from error


def _keys(value: Any, *required: str, optional: tuple[str, ...] = ()) -> None:
    if not isinstance(value, dict) or not set(required) <= set(value) <= {*required, *optional}:
        raise KeyError(required)


def _ns(value: Any) -> int:
    return positive(units.duration_ns(value))


def _plus(value: Any) -> float:
    above = number(value)
    if above <= 0:
        msg = f"{value!r} must be above 0"
        raise ValueError(msg)
    return above


def _uniform(v: Any) -> d.Dist:
    low, high = (units.duration_ns(x) for x in v)
    if low > high:
        msg = "uniform: the first time is the shorter one"
        raise ValueError(msg)
    return d.uniform(low, high)


def _lognormal(v: Any) -> d.Dist:
    if set(v) == {"median", "p99"}:
        return d.lognormal_median(_ns(v["median"]), _ns(v["p99"]))
    if set(v) == {"mean", "p99"}:
        return d.lognormal_p99(_ns(v["mean"]), _ns(v["p99"]))
    _keys(v, "mean", "cv")
    return d.lognormal_cv(_ns(v["mean"]), _plus(v["cv"]))


def _gamma(v: Any) -> d.Dist:
    _keys(v, "mean", "cv")
    return d.gamma(_ns(v["mean"]), _plus(v["cv"]))


def _erlang(v: Any) -> d.Dist:
    _keys(v, "shape", "mean")
    return d.gamma(_ns(v["mean"]), _plus(v["shape"]) ** -0.5)


def _hyperexponential(v: Any) -> d.Dist:
    _keys(v, "mean", "cv")
    if _plus(v["cv"]) < 1:
        msg = "hyperexponential: cv is 1 or more"
        raise ValueError(msg)
    return d.hyperexponential(_ns(v["mean"]), _plus(v["cv"]))


def _weibull(v: Any) -> d.Dist:
    _keys(v, "mean", "shape")
    return d.weibull(_ns(v["mean"]), _plus(v["shape"]))


def _pareto(v: Any) -> d.Dist:
    _keys(v, "mean", "alpha", optional=("max",))
    mean, alpha = _ns(v["mean"]), _plus(v["alpha"])
    if "max" not in v and alpha <= 1:
        msg = "pareto: without a max, alpha must be above 1, or there is no mean"
        raise ValueError(msg)
    if "max" in v and _ns(v["max"]) <= mean:
        msg = "pareto: max must be above the mean"
        raise ValueError(msg)
    return d.pareto(mean, alpha, _ns(v["max"]) if "max" in v else math.inf)


def _normal(v: Any) -> d.Dist:
    _keys(v, "mean", "sd")
    return d.normal(_ns(v["mean"]), _ns(v["sd"]))


def _mixture(v: Any) -> d.Dist:
    return d.mixture(tuple((weight(share), build_dist(part)) for share, part in v))


def _quantiles(v: Any) -> d.Dist:
    points = tuple((units.share(share), float(units.duration_ns(x))) for share, x in v)
    if len(points) < 2 or list(points) != sorted(points) or len({u for u, _ in points}) != len(points):
        msg = "quantiles: at least two points [share, duration], both rising"
        raise ValueError(msg)
    return d.table(points)


_BUILDERS = {
    "constant": lambda v: d.constant(units.duration_ns(v)),
    "exponential": lambda v: d.exponential(_ns(v)),
    "uniform": _uniform,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "erlang": _erlang,
    "hyperexponential": _hyperexponential,
    "weibull": _weibull,
    "pareto": _pareto,
    "normal": _normal,
    "mixture": _mixture,
    "quantiles": _quantiles,
}
_SPELLINGS = {
    "constant": "{constant: 5ms}",
    "exponential": "{exponential: 5ms}",
    "uniform": "{uniform: [1ms, 5ms]}",
    "lognormal": "{lognormal: {mean: 5ms, cv: 1.2}} or {mean, p99} or {median, p99}",
    "gamma": "{gamma: {mean: 5ms, cv: 0.5}}",
    "erlang": "{erlang: {shape: 3, mean: 5ms}}",
    "hyperexponential": "{hyperexponential: {mean: 5ms, cv: 2}}",
    "weibull": "{weibull: {mean: 5ms, shape: 0.7}}",
    "pareto": "{pareto: {mean: 5ms, alpha: 1.5, max: 1s}}",
    "normal": "{normal: {mean: 5ms, sd: 1ms}}",
    "mixture": "{mixture: [[90%, 5ms], [10%, {exponential: 50ms}]]}",
    "quantiles": "{quantiles: [[0%, 1ms], [50%, 3ms], [100%, 20ms]]}",
}


class DistSpec:
    """A distribution as it is written, and as it is drawn."""

    __slots__ = ("dist", "spec")

    def __init__(self, spec: Any) -> None:
        self.spec = spec
        self.dist = build_dist(spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DistSpec) and self.dist == other.dist

    def __hash__(self) -> int:
        return hash(self.dist)


def _dist(value: Any) -> DistSpec:
    return value if isinstance(value, DistSpec) else DistSpec(value)


Distribution = Annotated[
    Any,
    BeforeValidator(_dist),
    PlainSerializer(lambda v: v.spec, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": DURATION},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "properties": {k: {"description": v} for k, v in _SPELLINGS.items()},
                    "additionalProperties": False,
                },
            ],
            "description": "A duration (constant) or one kind, such as {exponential: 5ms}.",
        }
    ),
]
"""A DistSpec."""

NO_TIME = DistSpec("0s")
