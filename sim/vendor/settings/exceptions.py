"""Exception classes of the JVM, and the outcomes of a call that they stand for here."""

from collections.abc import Iterable

from sim.words import REASONS

ANY = tuple(reason for reason in REASONS if reason != "cancelled")
"""Whatever a caller gets thrown: a withdrawn call has no caller any more."""
R4J = "io.github.resilience4j."
HTTP = "org.springframework.web.client."
REACTIVE = "org.springframework.web.reactive.function.client."
FUTURE = "java.util.concurrent."

_EXTENDED: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"java.lang.Throwable": ()},
    "java.lang.Throwable": {"java.lang.Exception": (), "java.lang.Error": ()},
    "java.lang.Exception": {
        "java.lang.RuntimeException": ("error",),
        f"{FUTURE}TimeoutException": ("timeout",),
        "java.io.IOException": ("unreachable",),
        "io.grpc.StatusException": ("error", "shed", "unreachable", "expired"),
    },
    "java.io.IOException": {
        "java.net.SocketException": ("unreachable",),
        "java.net.UnknownHostException": ("unreachable",),
        "java.io.InterruptedIOException": (),
        "java.net.http.HttpTimeoutException": ("timeout",),
    },
    "java.net.SocketException": {
        "java.net.ConnectException": ("unreachable",),
        "java.net.NoRouteToHostException": ("unreachable",),
    },
    "java.io.InterruptedIOException": {"java.net.SocketTimeoutException": ("timeout",)},
    "java.lang.RuntimeException": {
        f"{FUTURE}CancellationException": ("cancelled",),
        "java.io.UncheckedIOException": ("unreachable",),
        "org.springframework.core.NestedRuntimeException": (),
        "feign.FeignException": (),
        "io.grpc.StatusRuntimeException": ("error", "shed", "unreachable", "expired"),
        f"{R4J}circuitbreaker.CallNotPermittedException": ("broken",),
        f"{R4J}ratelimiter.RequestNotPermitted": ("limited",),
        f"{R4J}bulkhead.BulkheadFullException": ("bulkhead",),
    },
    "org.springframework.core.NestedRuntimeException": {
        f"{HTTP}RestClientException": (),
        f"{REACTIVE}WebClientException": (),
    },
    f"{HTTP}RestClientException": {
        f"{HTTP}RestClientResponseException": (),
        f"{HTTP}ResourceAccessException": ("unreachable",),
    },
    f"{HTTP}RestClientResponseException": {f"{HTTP}HttpStatusCodeException": ()},
    f"{HTTP}HttpStatusCodeException": {
        f"{HTTP}HttpServerErrorException": (),
        f"{HTTP}HttpClientErrorException": (),
    },
    f"{HTTP}HttpServerErrorException": {
        f"{HTTP}HttpServerErrorException$InternalServerError": ("error",),
        f"{HTTP}HttpServerErrorException$ServiceUnavailable": ("shed",),
    },
    f"{REACTIVE}WebClientException": {
        f"{REACTIVE}WebClientResponseException": (),
        f"{REACTIVE}WebClientRequestException": ("unreachable",),
    },
    f"{REACTIVE}WebClientResponseException": {
        f"{REACTIVE}WebClientResponseException$InternalServerError": ("error",),
        f"{REACTIVE}WebClientResponseException$ServiceUnavailable": ("shed",),
    },
    "feign.FeignException": {
        "feign.FeignException$FeignServerException": (),
        "feign.FeignException$FeignClientException": (),
        "feign.RetryableException": ("unreachable",),
    },
    "feign.FeignException$FeignServerException": {
        "feign.FeignException$InternalServerError": ("error",),
        "feign.FeignException$ServiceUnavailable": ("shed",),
    },
}
"""Superclass -> the classes that extend it, and the outcomes that are thrown as just these. Classes that an
application throws for reasons of its own, such as IllegalStateException, are not among them.

Model: the outcome `timeout` is the TimeLimiter's, or that of a socket by its own class; a client that wraps the
timeout of its socket into another class is `unreachable`."""


def _classes(superclass: str) -> dict[str, tuple[str, ...]]:
    """Every class below, and its outcomes: its own, and those of the classes that extend it. A withdrawn call has
    no caller that a superclass is caught by."""
    found: dict[str, tuple[str, ...]] = {}
    for name, own in _EXTENDED.get(superclass, {}).items():
        below = _classes(name)
        of_below = {reason for reasons_ in below.values() for reason in reasons_ if reason != "cancelled"}
        found |= below | {name: tuple(reason for reason in REASONS if reason in {*own, *of_below})}
    return found


CLASSES = _classes("")
"""What a class stands for, its subclasses included. The model knows no kinds of errors: what an application throws
is `error`; a class without outcomes, such as 4xx answers, is never thrown in it."""

OF_SOCKETS = tuple(
    name for name in ("java.io.IOException", *_classes("java.io.IOException")) if "timeout" in CLASSES[name]
)
"""Classes that a TimeLimiter's timeout is not of, although the model takes it for one."""

WRITTEN = {
    "error": f"{HTTP}HttpServerErrorException$InternalServerError",
    "timeout": "java.util.concurrent.TimeoutException",
    "broken": f"{R4J}circuitbreaker.CallNotPermittedException",
    "limited": f"{R4J}ratelimiter.RequestNotPermitted",
    "bulkhead": f"{R4J}bulkhead.BulkheadFullException",
    "shed": f"{HTTP}HttpServerErrorException$ServiceUnavailable",
    "unreachable": "java.net.ConnectException",
    "cancelled": "java.util.concurrent.CancellationException",
}
"""The class that an outcome is written as; a passed deadline (`expired`) has none."""


def reasons(classes: Iterable[str], others: tuple[str, ...]) -> tuple[str, ...]:
    """The outcomes of these classes; `others`: what a class of the application stands for."""
    found = {reason for name in classes for reason in CLASSES.get(name, others)}
    return tuple(reason for reason in REASONS if reason in found)


def own(classes: Iterable[str]) -> list[str]:
    """Classes that the table does not know: the application's."""
    return [name for name in classes if name not in CLASSES]
