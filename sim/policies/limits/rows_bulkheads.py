"""Rows of bulkheads and rate limiters."""

from typing import Any

from sim.policies.limits import cycles, pool
from sim.policies.limits.entry import Limit
from sim.policies.options import Option, OptionError
from sim.words import FOREVER

COUNT = "count"
UNLIMITED = FOREVER
"""Waiting places."""
R4J, HYSTRIX = "resilience4j 2.4 (af9e7c97)", "Hystrix 1.5 (Netflix/Hystrix 7c03bafe)"

RATE_LIMITS = {
    "resilience4j-ratelimiter": Limit(
        "So many calls per cycle; a call may reserve a place in a later cycle and wait for it.",
        ("The default cycle is 500 ns long: it limits nothing until limitRefreshPeriod is set.",),
        lambda s: cycles.Params(s["limitForPeriod"], s["limitRefreshPeriod"], s["timeoutDuration"]),
        (
            Option("limitForPeriod", 50, COUNT, "calls per cycle", 1),
            Option("limitRefreshPeriod", "500ns", "duration_ms", "length of a cycle", 1e-6),
            Option("timeoutDuration", "5s", "duration_ms", "longest wait", 0),
        ),
        R4J,
        "AtomicRateLimiter.java",
    ),
}


def _semaphore(s: dict[str, Any]) -> pool.Params:
    wait = s["maxWaitDuration"]
    return pool.Params(s["maxConcurrentCalls"], UNLIMITED if wait else 0, wait)


def _thread_pool(s: dict[str, Any]) -> pool.Params:
    core, most = s["coreThreadPoolSize"], s["maxThreadPoolSize"]
    if most < core:
        raise OptionError("maxThreadPoolSize", f"maxThreadPoolSize is at least coreThreadPoolSize, {core}")
    return pool.Params(most, s["queueCapacity"], core=core, keep_alive_ns=s["keepAliveDuration"])


def _hystrix_pool(s: dict[str, Any]) -> pool.Params:
    """Without a queue, threads start at once. With one, a call is refused at queueSizeRejectionThreshold
    before it reaches the pool: threads beyond the core start only if the queue is full below that."""
    core, queue, refused_at = s["coreSize"], max(0, s["maxQueueSize"]), s["queueSizeRejectionThreshold"]
    most = max(core, s["maximumSize"]) if s["allowMaximumSizeToDivergeFromCoreSize"] else core
    if not queue:
        return pool.Params(most)
    if not refused_at:
        msg = "with a queue, a queueSizeRejectionThreshold of 0 refuses every call"
        raise OptionError("queueSizeRejectionThreshold", msg)
    if queue < refused_at:
        return pool.Params(most, queue, core=core, keep_alive_ns=s["keepAliveTimeMinutes"] * 60 * 10**9)
    return pool.Params(core, refused_at)


def _envoy(s: dict[str, Any]) -> pool.Params:
    """A request waits for a connection only; max_requests is asked when it gets one. HTTP/2 shares connections,
    so nobody waits; HTTP/1.1 has one request on each, so with as many connections as requests all may be busy
    before max_requests refuses (conn_pool_base.cc, newStreamImpl and attachStreamToClient)."""
    connections, requests = s["max_connections"], s["max_requests"]
    if s["protocol"] == "HTTP2" or requests < connections:
        return pool.Params(requests)
    return pool.Params(connections, min(s["max_pending_requests"], UNLIMITED))


BULKHEADS = {
    "resilience4j-bulkhead": Limit(
        "At most so many calls at once; the others wait up to maxWaitDuration, first come first served.",
        ("By default nobody waits.",),
        _semaphore,
        (
            Option("maxConcurrentCalls", 25, COUNT, "calls at once", 1),
            Option("maxWaitDuration", 0, "duration_ms", "longest wait", 0),
            Option("fairCallHandling", True, "flag", "first come first served, which is so here"),
        ),
        R4J,
        "SemaphoreBulkhead.java",
    ),
    "resilience4j-thread-pool-bulkhead": Limit(
        "A pool of threads with a queue; full, it refuses. Defaults are those of a machine with two cores.",
        ("Threads beyond the core start only when the queue is full.",),
        _thread_pool,
        (
            Option("coreThreadPoolSize", 1, COUNT, "threads before calls queue", 1),
            Option("maxThreadPoolSize", 2, COUNT, "threads once the queue is full", 1),
            Option("queueCapacity", 100, COUNT, "waiting places", 0),
            Option("keepAliveDuration", "20ms", "duration_ms", "threads beyond the core end so idle", 0),
        ),
        R4J,
        "FixedThreadPoolBulkhead.java",
    ),
    "hystrix-semaphore": Limit(
        "At most so many calls at once; nobody waits.",
        (),
        lambda s: pool.Params(s["execution.isolation.semaphore.maxConcurrentRequests"]),
        (Option("execution.isolation.semaphore.maxConcurrentRequests", 10, COUNT, "calls at once", 0),),
        HYSTRIX,
        "HystrixCommandProperties.java",
        prefixes=("execution.isolation.semaphore.",),
    ),
    "hystrix-thread-pool": Limit(
        "A pool of threads; by default without a queue.",
        ("queueSizeRejectionThreshold (5) binds before maxQueueSize.",),
        _hystrix_pool,
        (
            Option("coreSize", 10, COUNT, "threads", 1),
            Option("maximumSize", 10, COUNT, "threads at most, if it may diverge", 1),
            Option("allowMaximumSizeToDivergeFromCoreSize", False, "flag", "maximumSize counts"),
            Option("maxQueueSize", -1, COUNT, "waiting places; -1: none", -1),
            Option("queueSizeRejectionThreshold", 5, COUNT, "waiting places that are used", 0),
            Option("keepAliveTimeMinutes", 1, COUNT, "threads beyond the core end so idle", 0),
        ),
        HYSTRIX,
        "HystrixThreadPool.java, HystrixThreadPoolProperties.java",
    ),
    "envoy-thresholds": Limit(
        "At most so many requests at once; over HTTP/1.1 those that find no connection wait.",
        ("Each Envoy counts for itself: n callers admit n times as many.",),
        _envoy,
        (
            Option("max_connections", 1024, COUNT, "connections", 1),
            Option("max_pending_requests", 1024, COUNT, "waiting places for a connection", 0),
            Option("max_requests", 1024, COUNT, "requests at once; 0: none", 0),
            Option("protocol", "HTTP1", "choice", "of the callee", choices=("HTTP1", "HTTP2")),
        ),
        "Envoy (envoyproxy/envoy main)",
        "upstream/resource_manager_impl.h",
    ),
    "polly-concurrency-limiter": Limit(
        "At most PermitLimit at once, QueueLimit wait, the oldest first.",
        (),
        lambda s: pool.Params(s["PermitLimit"], s["QueueLimit"]),
        (
            Option("PermitLimit", 1000, COUNT, "calls at once", 1),
            Option("QueueLimit", 0, COUNT, "waiting places", 0),
        ),
        "Polly 8 (173d6d1d)",
        "RateLimiterStrategyOptions.cs",
    ),
}
