"""Host names of Istio's resources: a short one belongs to a namespace."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from sim.vendor.cursor import Cursor

_DOMAIN = ".svc.cluster.local"
_UNKNOWN = "?"
"""The namespace of a resource that does not say its own: it is where the file is applied."""


def full(host: str, resource: Cursor) -> str:
    """reviews -> reviews.prod.svc.cluster.local in namespace prod. A name with a dot or a star is taken as it is
    (Istio's ResolveShortnameToFQDN)."""
    if "." in host or "*" in host:
        return host
    namespace = resource.below("metadata", "namespace")
    return f"{host}.{namespace.data if namespace is not None else _UNKNOWN}{_DOMAIN}"


def same(one: str, other: str) -> bool:
    """Are they one host? An unknown namespace may be any."""
    ours, theirs = one.split("."), other.split(".")
    return len(ours) == len(theirs) and all(
        a == b or _UNKNOWN in (a, b) for a, b in zip(ours, theirs, strict=True)
    )


def covers(rule: str, asked: str) -> bool:
    """Does a rule for this host, or for all that a star stands for, say something of that one?"""
    return fnmatchcase(asked, rule) if "*" in rule else same(rule, asked)


def closeness(rule: str) -> tuple[bool, int]:
    """The greatest one wins of the rules for a host: without a star, then with the longest name."""
    return "*" not in rule, len(rule)


def label(host: str, others: Iterable[str]) -> str:
    """reviews.prod.svc.cluster.local -> reviews, or reviews-prod beside one of another namespace."""
    if not host.endswith(_DOMAIN):
        return host
    short, namespace = _parts(host)
    beside = {_parts(one)[1] for one in others if one.endswith(_DOMAIN) and _parts(one)[0] == short}
    several = len(beside - {_UNKNOWN}) > 1 and namespace != _UNKNOWN
    return f"{short}-{namespace}" if several else short


def _parts(host: str) -> tuple[str, str]:
    short, _, namespace = host.removesuffix(_DOMAIN).rpartition(".")
    return short, namespace
