"""The keys of resilience4j's modules in Spring Boot: defaults, legal ranges, what has no meaning here.

Source: resilience4j af9e7c97 (2.4), Common*ConfigurationProperties.java.
"""

from dataclasses import dataclass, field

from sim.policies import catalog
from sim.policies.limits import catalog as limits
from sim.policies.options import Option

VERSION = "resilience4j 2.4"
NO_CAP = "365d"
"""As good as no longest wait."""
_HEALTH = "it shows a state to health checks and changes no call"
_EVENTS = "events kept for display change no call"
_TRACE = "how an exception is filled in changes no call"
_THREADS = "what travels between threads changes no call"
_FAIR = "who waits is served first come, first served in any case"
_CODE = "a class of the application decides, and what it decides is not in this file"
TAGS = "labels of metrics change no call"
LISTS = ("recordExceptions", "retryExceptions", "ignoreExceptions")
"""Lists of exception classes."""

_SHOWN = {
    "registerHealthIndicator": _HEALTH,
    "allowHealthIndicatorToFail": _HEALTH,
    "eventConsumerBufferSize": _EVENTS,
    "subscribeForEvents": _EVENTS,
    "writableStackTraceEnabled": _TRACE,
    "tags": TAGS,
}
_RENAMED_1 = "it was renamed in resilience4j 1.x and is not read any more; write {}"


def _renamed(**names: str) -> dict[str, str]:
    return {old: _RENAMED_1.format(new) for old, new in names.items()}


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the library."""

    name: str
    title: str
    policy: str
    """Of a scenario."""
    use: str
    """Row of the catalogue; empty: a plain policy of the scenario."""
    order: str
    """The key of its aspect order."""
    precedence: int
    """Below the lowest precedence: from the outside in -5 to -1."""
    options: tuple[Option, ...]
    idle: dict[str, str]
    gone: dict[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ("instances", "backends")

    def known(self) -> list[str]:
        """All keys of an instance."""
        lists = {"retry": LISTS[1:], "circuitbreaker": (LISTS[0], LISTS[2])}.get(self.name, ())
        own = [option.name for option in self.options if not option.elsewhere]
        return [*own, *(name for name in lists if name not in own), *self.idle, "baseConfig"]


_RETRY = (
    Option("maxAttempts", 3, "count", "tries in all", 1),
    Option("waitDuration", "500ms", "duration_ms", "before a retry", 0),
    Option("enableExponentialBackoff", False, "flag", "the wait grows"),
    Option("exponentialBackoffMultiplier", 1.5, "number", "growth per retry", 1),
    Option("exponentialMaxWaitDuration", NO_CAP, "duration_ms", "longest wait", 1e-6),
    Option("enableRandomizedWait", False, "flag", "the wait is spread"),
    Option("randomizedWaitFactor", 0.5, "share", "uniform in 1 - factor .. 1 + factor", 0, 1),
)
_TIME_LIMITER = (
    Option("timeoutDuration", "1s", "duration_ms", "longest wait for an answer", 1e-6),
    Option("cancelRunningFuture", True, "flag", "the caller's future is cancelled"),
)

MODULES: dict[str, Module] = {
    module.name: module
    for module in (
        Module(
            "retry", "Retry", "retry", "", "retryAspectOrder", 5, _RETRY,
            {
                **_SHOWN,
                "retryExceptionPredicate": _CODE,
                "resultPredicate": _CODE,
                "consumeResultBeforeRetryAttempt": _CODE,
                "intervalBiFunction": _CODE,
                "failAfterMaxAttempts": "the model fails a call whose last try failed in any case",
            },
            _renamed(maxRetryAttempts="maxAttempts", retryOnResultPredicate="resultPredicate"),
        ),
        Module(
            "circuitbreaker", "CircuitBreaker", "breaker", "resilience4j", "circuitBreakerAspectOrder", 4,
            catalog.ENTRIES["resilience4j"].options,
            {
                **_SHOWN,
                "recordFailurePredicate": _CODE,
                "recordResultPredicate": _CODE,
                "ignoreExceptionPredicate": _CODE,
                "ignoreExceptionsPrecedence": "ignored exceptions are asked for first in any case",
                "slidingWindowSynchronizationStrategy": "no threads race here; a window of time without locks counts from a clock of its own, here on whole seconds",
                "ignoreClassBindingExceptions": "classes that are missing are not looked for here",
            },
            _renamed(
                ringBufferSizeInClosedState="slidingWindowSize",
                ringBufferSizeInHalfOpenState="permittedNumberOfCallsInHalfOpenState",
                waitInterval="waitDurationInOpenState",
                waitDurationInOpenStateMillis="waitDurationInOpenState",
            ),
        ),
        Module(
            "ratelimiter", "RateLimiter", "rate_limit", "resilience4j-ratelimiter", "rateLimiterAspectOrder", 3,
            limits.RATE_LIMITS["resilience4j-ratelimiter"].options, _SHOWN,
            _renamed(limitRefreshPeriodInNanos="limitRefreshPeriod", timeoutInMillis="timeoutDuration"),
            ("instances", "limiters"),
        ),
        Module(
            "timelimiter", "TimeLimiter", "timeout", "", "timeLimiterAspectOrder", 2, _TIME_LIMITER, _SHOWN,
        ),
        Module(
            "bulkhead", "Bulkhead", "bulkhead", "resilience4j-bulkhead", "bulkheadAspectOrder", 1,
            tuple(o for o in limits.BULKHEADS["resilience4j-bulkhead"].options if o.name != "fairCallHandling"), {**_SHOWN, "fairCallHandling": _FAIR, "fairCallHandlingEnabled": _FAIR, "fairCallHandlingStrategyEnabled": _FAIR},
            _renamed(maxConcurrentCall="maxConcurrentCalls", maxWaitTime="maxWaitDuration",
                     maxWaitTimeDuration="maxWaitDuration"),
        ),
        Module(
            "threadpoolbulkhead", "ThreadPoolBulkhead", "bulkhead", "resilience4j-thread-pool-bulkhead",
            "bulkheadAspectOrder", 1, limits.BULKHEADS["resilience4j-thread-pool-bulkhead"].options,
            {**_SHOWN, "contextPropagators": _THREADS,
             "rejectedExecutionHandlerPolicy": "the model refuses what finds no place"},
        ),
    )
}  # fmt: skip
"""By their squashed names."""

ELSEWHERE = {
    "scheduled": "threads that wait for nobody's calls",
    "micrometer": "timers of metrics change no call",
    "metrics": "metrics change no call",
}
"""Parts of the library without policies."""

OF_A_MODULE = {
    "tags": TAGS,
    "metrics": "metrics change no call",
    "usefunctionaldsl": "how it is wired changes no call",
}
"""Keys beside `instances` and `configs`, squashed."""
