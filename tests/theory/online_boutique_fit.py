"""Fit of the Online Boutique scenarios to one fault-free minute of traces (Nezha data set, MIT licence).

`python -m tests.theory.online_boutique_fit` prints the fitted numbers as they stand in
`scenarios/online-boutique*.yaml`. Traces of the first 30 s are fitted; those of the last 30 s judge.
Durations only are used, never differences of clocks: pods' clocks disagree.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[3] / "shared" / "data" / "nezha-csv" / "online-boutique-normal.csv.gz"
HALF_NS = 30_000_000_000
SHARES = (0, 10, 25, 50, 75, 90, 95, 98, 100)
"""Percent points of a tabulated quantile function."""
FEW, FEW_SHARES = 30, (0, 50, 100)
"""With fewer calls than this, only these points."""
STEADY_US = 2_000.0
"""What varies by less than this is a constant, its median."""
THROTTLED_US = 20_000.0
"""A currency call that takes longer has waited for CPU: there is a gap in the durations at 15 to 30 ms."""
PERIOD_MS, EDGE_MS = 100.0, 92.0
"""Period of the CPU quota of the currency service, and where in it the quota is filled up: ends of throttled
calls pile up every 100 ms, 92 ms after the first request plus a multiple of it."""
CURRENCY = ("currencyservice.Convert", "currencyservice.GetSupportedCurrencies")


@dataclass(frozen=True)
class Traces:
    """Requests (index trace; kind, half, ms) and calls (caller and callee endpoint, client and work us)."""

    requests: pd.DataFrame
    calls: pd.DataFrame


def spans() -> pd.DataFrame:
    """The file, with short names; service = pod name less its last two parts."""
    found = pd.read_csv(DATA)
    found.columns = pd.Index(["trace", "span", "parent", "pod", "operation", "start", "end", "us"])
    found["service"] = found.pod.str.rsplit("-", n=2).str[0]
    found["operation"] = found.operation.str.split("/").str[-1]
    return found


def kind_of(operations: list[str]) -> str:
    """The kind of a request, an endpoint of the front end, by what the front end calls for it."""
    seen = Counter(operations)
    if not seen:
        return "set-currency"
    if seen["PlaceOrder"]:
        return "checkout"
    if seen["AddItem"]:
        return "add-to-cart"
    if seen["ListProducts"]:
        return "home"
    if not seen["GetQuote"]:
        return "product"
    # The cart page converts the shipping cost and the price of each item in the cart.
    items = seen["Convert"] - 1
    return "cart-empty" if not items else "cart-few" if items <= 2 else "cart-many"


def group_of(kind: str) -> str:
    """Cart pages of every size are one kind to the user."""
    return "cart" if kind.startswith("cart-") else kind


@cache
def read() -> Traces:
    """Requests and calls of the minute."""
    found = spans()
    roots = found[found.parent == "root"].set_index("trace")
    below = found[found.parent.isin(roots.span)].sort_values("start")
    children = below.groupby("trace").operation.apply(list)
    requests = pd.DataFrame(
        {
            "kind": [kind_of(children.get(t, [])) for t in roots.index],
            "half": (roots.start - roots.start.min() > HALF_NS).astype(int),
            "ms": roots.us / 1e3,
        }
    )
    calls = _calls(found.set_index("span"))
    calls["half"] = calls.trace.map(requests.half)
    calls["kind"] = calls.trace.map(requests.kind)
    calls["inner"] = calls.span.map(calls.groupby("up").client.sum()).fillna(0.0)
    return Traces(requests, calls)


def _calls(by: pd.DataFrame) -> pd.DataFrame:
    """One row per call; `up` is the call that asked for it.

    A span whose parent is another service's is the callee's side; its parent is the caller's side.
    Conversions asked for by the checkout service left the caller's side only.
    """
    service, parent, us = by.service.to_dict(), by.parent.to_dict(), by.us.to_dict()
    served = {s for s in by.index if parent[s] == "root" or service[parent[s]] != service[s]}
    served |= set(by.index[by.operation == "ConvertCurrency"])

    def caller(span: str) -> str:
        span = parent[span]
        while span != "root" and span not in served:
            span = parent[span]
        return span

    rows = []
    for s in sorted(served):
        lonely = by.operation[s] == "ConvertCurrency"
        callee = "currencyservice.Convert" if lonely else f"{service[s]}.{by.operation[s]}"
        one_sided = lonely or parent[s] == "root"
        client = us[s] if one_sided else us[parent[s]]
        network = np.nan if one_sided else client - us[s]
        up = caller(s)
        from_ = "users" if up == "root" else service[up]
        rows.append((s, up, by.trace[s], from_, callee, by.start[s], client, network))
    return pd.DataFrame(
        rows, columns=["span", "up", "trace", "caller", "callee", "start", "client", "network"]
    )


def network_us(calls: pd.DataFrame) -> dict[str, float]:
    """One-way delay by edge: half of the 5 % quantile of (caller's span - callee's span).

    What goes beyond it is waiting at the callee before its span begins, and is fitted as its work.
    """
    edges = calls.dropna().groupby(calls.caller + " -> " + calls.callee.str.split(".").str[0])
    found = {str(name): float(edge.network.quantile(0.05)) / 2 for name, edge in edges}
    return {name: round(value, -1) for name, value in found.items()}


def table(values: "pd.Series[float]") -> tuple[tuple[int, float], ...]:
    """Quantile function in us, rounded to 10 us; one point if it is a constant."""
    if values.max() - values.min() < STEADY_US:
        return ((50, float(round(values.median(), -1))),)
    shares = FEW_SHARES if len(values) < FEW else SHARES
    points = np.percentile(values.to_numpy(), shares)
    return tuple((u, max(float(round(x, -1)), 10.0)) for u, x in zip(shares, points, strict=True))


@dataclass(frozen=True)
class Fit:
    """What the scenario files carry; times in us."""

    network: dict[str, float]
    work: dict[str, tuple[tuple[int, float], ...]]
    mix: dict[str, int]
    quota: float
    """Currency calls served per 100 ms while one waits for CPU."""
    items: tuple[float, ...]
    """Share of checkouts with at least 2, 3, ... items."""


def fit(half: int = 0) -> Fit:
    """Everything from the traces of one half of the minute."""
    traces = read()
    calls = traces.calls[traces.calls.half == half].copy()
    network = network_us(calls)
    edge = calls.caller + " -> " + calls.callee.str.split(".").str[0]
    network.setdefault("checkoutservice -> currencyservice", network["frontend -> currencyservice"])
    calls["work"] = calls.client - calls.inner - 2 * edge.map(network).fillna(0.0)
    front = calls.callee == "frontend.Recv."
    calls.loc[front, "callee"] = "frontend." + calls.kind[front].map(group_of)
    free = calls[~(calls.callee.isin(CURRENCY) & (calls.client > THROTTLED_US))]
    work = {str(name): table(group.work) for name, group in free.groupby("callee")}
    currency = calls[calls.callee.isin(CURRENCY)]
    return Fit(
        network,
        work,
        dict(sorted(Counter(traces.requests.kind[traces.requests.half == half]).items())),
        quota(currency),
        items(calls),
    )


def quota(currency: pd.DataFrame) -> float:
    """Calls that end in a period over whose end another one waits, on average."""
    start = (currency.start - read().calls.start.min()) / 1e6
    first = (start - EDGE_MS) // PERIOD_MS
    last = (start + currency.client / 1e3 - EDGE_MS) // PERIOD_MS
    ended = Counter(last)
    waited = currency.client > 15_000.0
    saturated = {p for a, b in zip(first[waited], last[waited], strict=True) for p in range(int(a), int(b))}
    return sum(ended[p] for p in saturated) / len(saturated)


def items(calls: pd.DataFrame) -> tuple[float, ...]:
    """Share of checkouts with at least 2, 3, ... items."""
    ordered = calls[calls.caller == "checkoutservice"]
    counts = ordered[ordered.callee == "productcatalogservice.GetProduct"].groupby("trace").size()
    return tuple(float((counts >= n).mean()) for n in range(2, int(counts.max()) + 1))


def measured(half: int = 1) -> pd.DataFrame:
    """Requests, p50 and p90 in ms by kind, with the standard error of each quantile (bootstrap)."""
    requests = read().requests
    chosen = requests[requests.half == half]
    rows = {}
    luck = np.random.default_rng(1)
    for kind, ms in chosen.groupby(chosen.kind.map(group_of)).ms:
        drawn = np.percentile(luck.choice(ms.to_numpy(), (2000, len(ms))), (50, 90), axis=1).std(axis=1)
        rows[kind] = (len(ms), *np.percentile(ms, (50, 90)), *drawn)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["traces", "p50", "p90", "p50_se", "p90_se"])


def spelled(points: tuple[tuple[int, float], ...]) -> str:
    """Work as a scenario file spells it."""
    if len(points) == 1:
        return f"{points[0][1] / 1e3:g}ms"
    return f"{{quantiles: [{', '.join(f'[{u}%, {x / 1e3:g}ms]' for u, x in points)}]}}"


def main() -> None:
    """Print the fit."""
    found = fit()
    for edge, us in found.network.items():
        print(f"{edge}: {us / 1e3:g}ms each way")
    for endpoint, points in found.work.items():
        print(f"{endpoint}: {spelled(points)}")
    print("mix of the kinds:", found.mix)
    print(f"currency: {found.quota:.2f} calls per 100 ms")
    print("checkouts with at least 2, 3, ... items:", *(f"{share:.0%}" for share in found.items))
    for half in (0, 1):
        print(measured(half).round(1).to_string())


if __name__ == "__main__":
    main()
