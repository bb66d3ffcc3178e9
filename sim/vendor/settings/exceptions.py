"""Exception classes of the JVM, and the outcomes of a call that they stand for here."""

from collections.abc import Iterable

from sim.words import REASONS

ANY = tuple(reason for reason in REASONS if reason != "cancelled")
"""Whatever a caller gets thrown: a withdrawn call has no caller any more."""
R4J = "io.github.resilience4j."
HTTP = "org.springframework.web.client."

CLASSES: dict[str, tuple[str, ...]] = {
    "java.lang.Throwable": ANY,
    "java.lang.Exception": ANY,
    "java.util.concurrent.TimeoutException": ("timeout",),
    "java.util.concurrent.CancellationException": ("cancelled",),
    "java.io.IOException": ("unreachable",),
    "java.net.ConnectException": ("unreachable",),
    "java.net.SocketException": ("unreachable",),
    "java.net.SocketTimeoutException": ("timeout",),
    "java.net.UnknownHostException": ("unreachable",),
    f"{HTTP}RestClientException": ("error", "shed", "unreachable"),
    f"{HTTP}RestClientResponseException": ("error", "shed"),
    f"{HTTP}HttpServerErrorException": ("error", "shed"),
    f"{HTTP}HttpServerErrorException$InternalServerError": ("error",),
    f"{HTTP}HttpServerErrorException$ServiceUnavailable": ("shed",),
    f"{HTTP}ResourceAccessException": ("unreachable",),
    "org.springframework.web.reactive.function.client.WebClientResponseException": ("error", "shed"),
    "org.springframework.web.reactive.function.client.WebClientRequestException": ("unreachable",),
    "feign.FeignException": ("error", "shed", "unreachable"),
    "feign.FeignException$FeignServerException": ("error", "shed"),
    "feign.FeignException$InternalServerError": ("error",),
    "feign.FeignException$ServiceUnavailable": ("shed",),
    "feign.RetryableException": ("unreachable",),
    f"{R4J}circuitbreaker.CallNotPermittedException": ("broken",),
    f"{R4J}ratelimiter.RequestNotPermitted": ("limited",),
    f"{R4J}bulkhead.BulkheadFullException": ("bulkhead",),
}
"""The model knows no kinds of errors: what an application throws is `error`."""

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
