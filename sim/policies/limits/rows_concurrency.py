"""Rows of limits of calls at once that find their own value."""

from typing import Any

from sim.policies.limits import concurrency
from sim.policies.limits.entry import Limit
from sim.policies.options import Option, OptionError

COUNT, NUMBER, SHARE, TEXT = "count", "number", "share", "duration"


def _limits(initial: int, least: int, most: int, *more: Option) -> tuple[Option, ...]:
    return (
        Option("initialLimit", initial, COUNT, "limit at the start", 1),
        Option("minLimit", least, COUNT, "least limit", 1),
        Option("maxLimit", most, COUNT, "greatest limit", 1),
        *more,
    )


_WINDOW = (
    Option("windowed", False, "flag", "wrapped in WindowedLimit: windows of samples instead of each"),
    Option("minWindowTime", "1s", TEXT, "windowed: least length of a window", 1e-9),
    Option("maxWindowTime", "1s", TEXT, "windowed: greatest length of a window", 1e-9),
    Option("windowSize", 10, COUNT, "windowed: a window with fewer samples is dropped", 10),
    Option("minRttThreshold", "100us", TEXT, "windowed: a faster sample is ignored", 0),
    Option("percentile", 0, SHARE, "windowed: of the latencies of a window; 0: their average", 0, 0.999),
)


def _window(s: dict[str, Any]) -> dict[str, Any]:
    if s["maxWindowTime"] < s["minWindowTime"]:
        raise OptionError("maxWindowTime", "maxWindowTime is at least minWindowTime")
    return {
        "windowed": int(s["windowed"]),
        "window_least_ns": s["minWindowTime"],
        "window_most_ns": s["maxWindowTime"],
        "window_samples": s["windowSize"],
        "window_ignores_ns": s["minRttThreshold"],
        "window_percentile": s["percentile"],
    }


def _bounded(least: int, most: int, name: str) -> dict[str, Any]:
    if most < least:
        raise OptionError(name, f"{name} is at least the least limit, {least}")
    return {"least": least, "most": most}


_SMOOTHING = Option("smoothing", 0.2, SHARE, "weight of the new limit", 0, 1)
_NETFLIX = "Netflix concurrency-limits 78a74b9"
CONCURRENCY = {
    "netflix-aimd": Limit(
        "One more per sample while half used; times 0.9 at a drop or a slow call.",
        ("Latency moves it only beyond its timeout (5 s).",),
        lambda s: concurrency.Params(
            concurrency.AIMD, s["initialLimit"], **_bounded(s["minLimit"], s["maxLimit"], "maxLimit"),
            backoff=s["backoffRatio"], timeout_ns=s["timeout"], **_window(s),
        ),
        _limits(
            20, 20, 200,
            Option("backoffRatio", 0.9, SHARE, "what a drop multiplies by", 0.5, 0.999),
            Option("timeout", "5s", TEXT, "a slower sample is a drop", 1e-9),
            *_WINDOW,
        ),
        _NETFLIX,
        "AIMDLimit.java",
    ),
    "netflix-vegas": Limit(
        "Estimates the queue from the least latency, and holds it between 3 and 6 log10 of the limit.",
        ("A probe that happens to be slow makes a slow callee look fast.",),
        lambda s: concurrency.Params(
            concurrency.VEGAS, s["initialLimit"], 1, s["maxConcurrency"],
            smoothing=s["smoothing"], probe=s["probeMultiplier"], alpha=s["alpha"], beta=s["beta"], **_window(s),
        ),
        (
            Option("initialLimit", 20, COUNT, "limit at the start", 1),
            Option("maxConcurrency", 1000, COUNT, "greatest limit", 1),
            Option("smoothing", 1.0, SHARE, "weight of the new limit", 0, 1),
            Option("alpha", 0, COUNT, "below this queue it grows; 0: three times log10 of the limit", 0),
            Option("beta", 0, COUNT, "above this queue it falls; 0: six times log10 of the limit", 0),
            Option("probeMultiplier", 30, COUNT, "limits of samples between two probes", 1),
            *_WINDOW,
        ),
        _NETFLIX,
        "VegasLimit.java",
    ),
    "netflix-gradient2": Limit(
        "Compares latency with its long average; the limit falls as it grows beyond the tolerance.",
        ("A slow increase of latency becomes the long average, and is tolerated.",),
        lambda s: concurrency.Params(
            concurrency.GRADIENT2, s["initialLimit"],
            **_bounded(s["minLimit"], s["maxConcurrency"], "maxConcurrency"),
            smoothing=s["smoothing"], tolerance=s["rttTolerance"], queue=float(s["queueSize"]),
            window=s["longWindow"], **_window(s),
        ),
        (
            Option("initialLimit", 20, COUNT, "limit at the start", 1),
            Option("minLimit", 20, COUNT, "least limit", 1),
            Option("maxConcurrency", 200, COUNT, "greatest limit", 1),
            _SMOOTHING,
            Option("rttTolerance", 1.5, NUMBER, "latency may grow so far without effect", 1),
            Option("queueSize", 4, COUNT, "queue that it allows", 0),
            Option("longWindow", 600, COUNT, "samples of the long average", 1),
            *_WINDOW,
        ),
        _NETFLIX,
        "Gradient2Limit.java",
    ),
    "netflix-gradient": Limit(
        "Compares latency with the least latency; drops to its queue now and then to measure that anew.",
        ("While it measures, throughput falls.",),
        lambda s: concurrency.Params(
            concurrency.GRADIENT, s["initialLimit"],
            **_bounded(s["minLimit"], s["maxConcurrency"], "maxConcurrency"), backoff=s["backoffRatio"],
            smoothing=s["smoothing"], tolerance=s["rttTolerance"], probe=s["probeInterval"], **_window(s),
        ),
        (
            Option("initialLimit", 50, COUNT, "limit at the start", 1),
            Option("minLimit", 1, COUNT, "least limit", 1),
            Option("maxConcurrency", 1000, COUNT, "greatest limit", 1),
            _SMOOTHING,
            Option("rttTolerance", 2.0, NUMBER, "latency may grow so far without effect", 1),
            Option("probeInterval", 1000, COUNT, "samples between two measurements", 1),
            Option("backoffRatio", 0.9, SHARE, "what a drop multiplies by", 0.5, 0.999),
            *_WINDOW,
        ),
        _NETFLIX,
        "GradientLimit.java",
    ),
    "envoy-adaptive-concurrency": Limit(
        "Compares the median latency of each interval with the least latency, which it measures anew now "
        "and then at its least limit.",
        ("While it measures, 50 samples pass at a limit of 3.",),
        lambda s: concurrency.Params(
            concurrency.ENVOY, s["min_concurrency"],
            **_bounded(s["min_concurrency"], s["max_concurrency_limit"], "max_concurrency_limit"),
            learn=concurrency.ANY_ANSWER, fixed_ns=s["fixed_value"],
            update_ns=s["concurrency_update_interval"], recalc_ns=s["interval"], recalc_jitter=s["jitter"],
            samples=s["request_count"], buffer=s["buffer"], percentile=s["sample_aggregate_percentile"],
        ),
        (
            Option("sample_aggregate_percentile", 50, "percent", "latency that stands for an interval", 0, 100),
            Option("max_concurrency_limit", 1000, COUNT, "greatest limit", 1),
            Option("concurrency_update_interval", "100ms", TEXT, "interval between updates", 1e-9),
            Option("interval", "60s", TEXT, "interval between measurements of the least latency", 1e-9),
            Option("fixed_value", "0s", TEXT, "the least latency; 0s: it is measured", 0),
            Option("request_count", 50, COUNT, "samples of such a measurement", 1),
            Option("jitter", 15, "percent", "that interval is up to so much longer", 0, 100),
            Option("min_concurrency", 3, COUNT, "least limit", 1),
            Option("buffer", 25, "percent", "latency may grow so far without effect", 0, 100),
        ),
        "Envoy (envoyproxy/envoy main)",
        "extensions/filters/http/adaptive_concurrency/controller/gradient_controller.cc",
        prefixes=("gradient_controller_config.", "concurrency_limit_params.", "min_rtt_calc_params."),
    ),
}  # fmt: skip
