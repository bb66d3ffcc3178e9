"""The options of Microsoft.Extensions.Http.Resilience: names, defaults, legal ranges.

Source: Polly 173d6d1d; defaults and order of the standard handlers from their documentation
(learn.microsoft.com/dotnet/core/resilience/http-resilience).
"""

from sim.policies import catalog
from sim.policies.limits import catalog as limits
from sim.policies.options import Option
from sim.vendor.settings.timespan import DAY_S

VERSION = "Polly 8, Microsoft.Extensions.Http.Resilience"
NO_CAP = "365d"
"""As good as no MaxDelay."""
INT_MAX = 2**31 - 1
HANDLED = ("error", "timeout", "shed", "unreachable")
"""HttpRequestException, TimeoutRejectedException, 5xx, 408, 429: what the handlers retry and hedge."""
SPAN, COUNT = "duration", "count"

BREAKER = catalog.ENTRIES["polly-v8"].options
LIMITER = limits.BULKHEADS["polly-concurrency-limiter"].options
RETRY = (
    Option("MaxRetryAttempts", 3, COUNT, "retries at most", 1, INT_MAX),
    Option("Delay", "2s", SPAN, "first delay", 0, DAY_S),
    Option("BackoffType", "Exponential", "choice", "growth", choices=("Constant", "Linear", "Exponential")),
    Option("UseJitter", True, "flag", "delays are spread"),
    Option("MaxDelay", NO_CAP, SPAN, "longest delay", 0, 365 * DAY_S),
)
"""Defaults of the standard handler; Polly's own are constant and without jitter."""
TOTAL = Option("Timeout", "30s", SPAN, "all tries together", 0.01, DAY_S)
ATTEMPT = Option("Timeout", "10s", SPAN, "each try", 0.01, DAY_S)
HEDGING = (
    Option("MaxHedgedAttempts", 1, COUNT, "copies beside the first", 1, 10),
    Option("Delay", "2s", SPAN, "before each further copy", 1e-9, DAY_S),
)

_CODE = "a name for logs changes no call"
_HEADERS = "answers of the model have no headers"
SECTIONS = {
    "RateLimiter": ("DefaultRateLimiterOptions", "Name"),
    "TotalRequestTimeout": ("Timeout", "Name"),
    "Retry": (*(option.name for option in RETRY), "ShouldRetryAfterHeader", "Name"),
    "CircuitBreaker": (*(option.name for option in BREAKER), "Name"),
    "AttemptTimeout": ("Timeout", "Name"),
}
"""Of the standard handler, in its order from the outside in."""
HEDGED = {
    "TotalRequestTimeout": ("Timeout", "Name"),
    "Hedging": (*(option.name for option in HEDGING), "Name"),
    "Endpoint": ("RateLimiter", "CircuitBreaker", "Timeout"),
}
"""Of the standard hedging handler."""
IDLE = {"Name": _CODE, "ShouldRetryAfterHeader": _HEADERS}

GONE = dict.fromkeys(
    ("BreakDurationGenerator", "DelayGenerator", "TimeoutGenerator", "ActionGenerator", "ShouldHandle"),
    "it is code of the application, and no configuration binds it: leave it out",
)
"""Options that are functions."""
