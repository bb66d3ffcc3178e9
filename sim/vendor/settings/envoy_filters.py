"""Envoy's HTTP filters that limit calls -> policy blocks: admission control, adaptive concurrency."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sim.policies.limits import catalog as limits
from sim.policies.options import Option
from sim.vendor.cursor import READ, Cursor, fields, settings
from sim.vendor.keys import params
from sim.vendor.marked import Block, Idle, Mistakes
from sim.vendor.settings import proto

PREFIX = "envoy.filters.http."
_CODES = "answers of the model have no codes: an error is an error"
ADMISSION = {
    **dict.fromkeys(
        (
            "enabled",
            "sampling_window",
            "sr_threshold",
            "aggression",
            "rps_threshold",
            "max_rejection_probability",
        ),
        READ,
    ),
    "success_criteria": _CODES,
    "@type": "it says whose message this is",
}
ADAPTIVE = {
    "gradient_controller_config": READ,
    "enabled": READ,
    "concurrency_limit_exceeded_status": _CODES,
    "@type": "it says whose message this is",
}
GRADIENT = dict.fromkeys(
    ("sample_aggregate_percentile", "concurrency_limit_params", "min_rtt_calc_params"), READ
)
LIMIT = dict.fromkeys(("max_concurrency_limit", "concurrency_update_interval"), READ)
MIN_RTT = dict.fromkeys(
    ("interval", "fixed_value", "request_count", "jitter", "min_concurrency", "buffer"), READ
)
ROWS = {
    "admission_control": ("throttle", "envoy-admission-control"),
    "adaptive_concurrency": ("concurrency", "envoy-adaptive-concurrency"),
}
"""Name of a filter: policy, and row of the catalogue."""
Policies = list[tuple[str, Block]]


def options(name: str) -> tuple[Option, ...]:
    """The settings of a filter; those that Envoy has no default for must be there."""
    policy, row = ROWS[name]
    needed = {"concurrency_update_interval", "interval"} if name == "adaptive_concurrency" else set()
    return tuple(replace(o, needed=o.name in needed) for o in limits.BLOCKS[policy][row].options)


def is_filter(item: Any) -> bool:
    """A filter that stands by itself, as documentation shows it."""
    return (
        isinstance(item, dict)
        and str(item.get("name", "")).removeprefix(PREFIX) in ROWS
        and "typed_config" in item
    )


def policies(filters: Cursor | None, idle: list[Idle], mistakes: Mistakes) -> Policies:
    """The policies of a chain of filters, the first one outermost; the others are noted."""
    out: Policies = []
    for one in filters.items(mistakes) if filters is not None else ():
        name = str(one.data.get("name", "")) if isinstance(one.data, dict) else ""
        short = name.removeprefix(PREFIX)
        if short in ROWS:
            config = one.below("typed_config") or one.below("typedConfig")
            out += _filter(short, config, one, idle, mistakes)
        elif short != "router":
            idle.append(
                Idle(
                    f"http_filters {name or '?'}",
                    "...",
                    "a filter without counterpart in the model",
                    one.at.line,
                )
            )
    return out


def _filter(
    name: str, config: Cursor | None, one: Cursor, idle: list[Idle], mistakes: Mistakes
) -> Iterator[tuple[str, Block]]:
    if config is None:
        mistakes.add(one.at, f"{name}: `typed_config` is missing")
        return
    read = fields(
        config, ADMISSION if name == "admission_control" else ADAPTIVE, name, idle, mistakes, both=True
    )
    enabled = read.pop("enabled", None)
    if enabled is not None and proto.unwrapped(enabled.data) is False:
        idle.append(Idle(name, "...", "it is switched off by `enabled`", enabled.at.line))
        return
    if name == "adaptive_concurrency":
        read = _gradient(read.get("gradient_controller_config"), config, idle, mistakes)
    policy, row = ROWS[name]
    given = settings(read)
    for option in options(name):
        fixed = option.name == "interval" and "fixed_value" in given
        if option.needed and option.name not in given and not fixed:
            mistakes.add(config.at, f"{name}: `{option.name}` is missing: Envoy has no default for it")
    values = params(options(name), given, proto.convert, mistakes)
    yield policy, {"use": row, "params": values}


def _gradient(here: Cursor | None, config: Cursor, idle: list[Idle], mistakes: Mistakes) -> dict[str, Cursor]:
    """The nested settings of the gradient controller, in one mapping."""
    if here is None:
        mistakes.add(config.at, "adaptive_concurrency: `gradient_controller_config` is missing")
        return {}
    read = fields(here, GRADIENT, "gradient_controller_config", idle, mistakes, both=True)
    for name, known in (("concurrency_limit_params", LIMIT), ("min_rtt_calc_params", MIN_RTT)):
        inner = read.pop(name, None)
        if inner is not None:
            read |= fields(inner, known, name, idle, mistakes, both=True)
    return read
