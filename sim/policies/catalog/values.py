"""The values of the parts, a sentence each: what `explain` tells of a part."""

VALUES: dict[str, dict[str, str]] = {
    "window": {
        "consecutive": "Failures in a row; a success resets the run.",
        "{count: 100}": "The last 100 results, however old.",
        "{time: 10s, buckets: 10, grid: reset}": "The last 10 s in slices that begin when it was last emptied.",
        "{time: 10s, buckets: 10, grid: epoch}": "The last 10 s in slices of the clock, the same for all copies.",
        "{time: 30s, buckets: 10, grid: lazy}": "Slices that each begin with the first result after the last one.",
        "{time: 10s, buckets: 10, grid: kept}": "Slices that are forgotten only when their place is used again.",
        "{interval: 60s}": "Everything; counts start anew after so long, 0s: never.",
        "{time: 30s, buckets: 5, average: 30s, by: time}": "A moving average of successes with this time constant.",
        "{time: 30s, average: 100, by: results}": "The same, by the number of results.",
        "of: results": "Ratios are of results (default).",
        "of: started": "Ratios are of started calls: those in flight dilute them.",
        "of: asked": "Ratios are of calls asked for: refused ones dilute them too.",
    },
    "trip": {
        "failures: 5": "So many failures, in a row or in the window.",
        "failure_ratio: 50%": "Share of failures in the window, at or above.",
        "slow_ratio: 50%": "Share of slow results in the window, at or above; needs `slow`.",
        "minimum: 100": "No ratio is judged with fewer results than this; so many are enough.",
        "any: [{streak: 5}, {minimum: 5, success_below: 80%}]": "Rules of which one is enough; in a rule "
        "all must hold: minimum, failures, streak, failure_ratio, slow_ratio, success_below, "
        "average_below, mean_latency, age, seen, state.",
        "above: true": "Failures and ratios trip above the threshold, not yet at it.",
        "percent: exact": "Ratios are compared as they are (default).",
        "percent: percent": "Compared in percent, as floating-point numbers.",
        "percent: cut": "Cut to whole percents: 49.9 % is 49 %.",
        "percent: rounded": "Rounded to whole percents: 49.5 % is 50 %.",
        "slow_of: results": "Any result can be slow (default).",
        "slow_of: successes": "Only a success can be slow.",
        "on: any": "Judged on any result: a success may be the one that reaches the minimum.",
        "on: failure": "Judged on failures only.",
        "on: bucket": "Judged when a slice of the window is full, whatever came until then.",
    },
    "slow": {"1s": "Results strictly slower than this carry the slow flag, successes and failures alike."},
    "open_for": {
        "30s": "Always the same.",
        "{exponential: {initial: 1s, multiplier: 2, cap: 60s}}": "Longer with each opening without a close.",
        "{list: [1s, 5s], then: 300s}": "One after the other, then the last for ever.",
        "jitter: 50%": "Spread at random, by `spread`.",
        "spread: both": "Times a number in [1 - jitter, 1 + jitter] (default).",
        "spread: added": "Times a number in [1, 1 + jitter].",
        "spread: equal": "Half of it certain, half of it at random.",
        "step: 1ms": "Rounded down to whole multiples of this.",
    },
    "leave_open": {
        "request": "The first request that comes when the time is over; without requests it stays open.",
        "read": "Also whoever reads the state.",
        "touch": "Also a result that comes in.",
        "timer": "By itself, without a call.",
    },
    "expiry": {
        "inclusive": "At exactly the end of the open time it lets pass.",
        "strict": "At exactly the end it still refuses.",
    },
    "probe": {
        "single": "One probe at a time; one that never returns keeps it half-open for ever.",
        "{quota: 10}": "So many in all; results give no place back.",
        "{concurrent: 3}": "So many at once; each that ends gives its place to the next.",
        "one-per-open-time": "One, and one more after each further open time: a hung probe delays only.",
        "unbounded": "Everybody, until the first result decides.",
        "{ramp: {start: 10%, end: 100%, over: 60s}}": "A growing share of the calls, at random.",
    },
    "ignored": {
        "gives-back": "A probe that ends without a verdict frees its place.",
        "gives-any-back": "So does any call that ends without one, begun before half-open or not.",
        "reopens": "It re-opens, and the open time begins anew.",
        "rolls-back": "It is open again, and due at once.",
    },
    "half_open_for": {
        "0s": "For ever (default).",
        "{longest: 30s, then: open}": "After so long it is open again.",
        "{longest: 30s, then: closed}": "After so long it is closed.",
    },
    "decide": {
        "first": "The first result: success closes, failure re-opens.",
        "{successes: 3, failures: 1}": "So many good probes close it, so many bad ones re-open it.",
        "{failure_ratio: 50%, after: 10}": "After so many results: at or above the ratio it re-opens, below it closes.",
        "trip-rule": "The trip rule itself: a failure re-opens if it holds, a success closes if it does not.",
        "trip-rule-on-failure": "A success closes; a failure re-opens if the trip rule holds.",
    },
    "late": {
        "current-state": "A result counts for whatever state is current: a late success may close it.",
        "generation": "Dropped if any transition happened since the call was admitted.",
        "started-state": "Handled by the state in which the call began: a late failure prolongs the open time.",
        "same-state": "Dropped unless the state is again the one in which the call began.",
    },
    "while_open": {
        "record": "They go into the window and change nothing else.",
        "ignore": "They are dropped.",
        "restart-or-close": "A failure begins the open time anew, a success closes at once.",
    },
    "clear": {
        "transition": "Every change of the state empties the window.",
        "close": "Only closing does: what was learned while open counts until then.",
        "never": "Nothing does: right after a close one failure may open it again.",
    },
    "failures": {
        "[error, timeout, shed, unreachable]": "The default; `cascadelab explain` lists all reasons."
    },
    "ignored_outcomes": {
        "[broken, limited, bulkhead, expired, cancelled]": "The default: what says nothing about the callee."
    },
    "initial": {
        "closed": "Calls pass (default).",
        "open": "As if it had just tripped.",
        "half_open": "As if the open time were over.",
        "forced_open": "Refuses until moved by hand.",
        "disabled": "Lets everything pass and learns nothing.",
        "metrics_only": "Lets everything pass, learns, and never trips.",
    },
    "place": {
        "library": "In the caller, at no cost; sees application errors.",
        "{sidecar: {hop: 0.5ms}}": "A process beside each caller replica: a hop each way; sees transport outcomes only.",
        "{gateway: {slots: 64, work: 0.2ms}}": "A queueing hop before the callee: one copy for all callers.",
    },
    "key": {
        "edge": "One copy for the whole callee (default).",
        "endpoint": "One for each of its endpoints.",
        "replica": "One for each of its replicas: the balancer goes round those that are open.",
    },
    "copies": {
        "replica": "Each caller replica has its own and learns alone (default).",
        "shared": "One for all callers: it learns from everybody's calls at once.",
        "{shared: {delay: 500ms}}": "One for all; results reach it, and its state the callers, so much later.",
    },
}
"""Part -> value as a file spells it -> what it means."""
