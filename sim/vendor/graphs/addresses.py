"""Who calls whom, as far as deployment files hint at it: addresses in the environment of a container."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sim.scenario.source import Position

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<port>:\d+)?(?:[/?].*)?",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?:_SERVICE)?_(?:ADDR|ADDRESS|HOST|HOSTNAME|URL|URI|ENDPOINT|SERVER)$")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_TELEMETRY = re.compile(
    r"otel|opentelemetry|jaeger|zipkin|tempo|prometheus|statsd|fluentd?|logstash|datadog", re.IGNORECASE
)
_GENERATOR = re.compile(r"load-?gen|loadtest|locust|\bk6\b|jmeter|gatling|artillery|vegeta", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hint:
    """An environment variable of a container."""

    variable: str
    value: str
    """Empty: it comes from outside the file."""
    at: Position


@dataclass(frozen=True, slots=True)
class Found:
    """A service that a hint points at, or what it points at instead."""

    service: str
    hint: Hint
    missing: str = ""
    """A host that nothing in the file is called, or a variable that is set elsewhere."""


def named(hint: Hint, services: Collection[str]) -> Iterator[Found]:
    """What a variable points at: hosts in its value, or, where the value comes from outside, its own name."""
    outside = variables(hint.value) if hint.value else [hint.variable]
    for variable in outside:
        service = _by_variable(variable, services)
        if service:
            yield Found(service, hint)
        elif _SUFFIX.search(variable):
            yield Found("", hint, missing=variable)
    if outside:
        return
    for part in re.split(r"[,;\s]+", hint.value):
        found = _ADDRESS.fullmatch(part)
        if not found:
            continue
        host = found["host"]
        service = next((name for name in (host, host.split(".")[0]) if name in services), "")
        if service and (found["port"] or "://" in part or _SUFFIX.search(hint.variable) or "." in host):
            yield Found(service, hint)
        elif not service and _SUFFIX.search(hint.variable) and (found["port"] or "://" in part):
            yield Found("", hint, missing=host)


def variables(value: str) -> list[str]:
    """Names of what is put in from outside, `${NAME}`."""
    return _VARIABLE.findall(value)


def _by_variable(variable: str, services: Collection[str]) -> str:
    """`PRODUCT_CATALOG_ADDR` -> `product-catalog`, or `productcatalogservice`, or the only `product-catalog-...`."""
    plain = _squeezed(_SUFFIX.sub("", variable))
    if not _SUFFIX.search(variable) or not plain:
        return ""
    begun = [s for s in services if re.match(rf"{plain}[^a-z0-9]", s.lower())]
    exact = (s for s in services if _squeezed(s) in (plain, f"{plain}service"))
    return next(exact, begun[0] if len(begun) == 1 else "")


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_telemetry(*words: str) -> bool:
    """Is it something that others send their telemetry to?"""
    return any(_TELEMETRY.search(word) for word in words)


def is_generator(*words: str) -> bool:
    """Is it something that makes load?"""
    return any(_GENERATOR.search(word) for word in words)
