"""A service graph drawn at random: who calls whom, how often, how long each works, how large it must be.

Heavy tails come from fixed quantiles that luck deals out, so that every seed has them: a draw decides who is
called by many, not whether anybody is.

Where the numbers come from:

* J: the service graph in the sample data of Jaeger UI (packages/jaeger-ui/src/components/DependencyGraph/
  sample_data/large.json at commit c321fb3): 1,238 anonymised services, 4,271 calls between them.
* N: the fault-free traces of Nezha (commit d814010; 2022-08-23 17:00 of Online Boutique, 2023-01-29 08:50 of
  TrainTicket): 573 requests, 6,881 visits of 35 services.
* own: chosen here.

Traces of Alibaba (Luo et al., SoCC 2021) and Meta (Huye et al., ATC 2023) were studied for such graphs on a
larger scale; their licences keep their data out of here, and none of their figures is used.

Model: a chain of calls never returns to a service; J has circles. Each service has one endpoint.
"""

import math
from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from statistics import NormalDist

from sim import luck

LAYERS = (385, 376, 335, 114, 25, 3)
"""J: services by the fewest calls from one that nobody calls."""
FAN_OUT = 3.45
"""J: services that one service calls, on average (4,271 / 1,238)."""
LEAVES = 240 / 853
"""J: of the services that somebody calls, those that call nobody."""
FAN_OUT_SPREAD = 1.2
"""J: standard deviation of the logarithm of how many others a service calls; nearly lognormal, 2 to 32 and beyond."""
FAN_IN_TAIL = 1.15
"""J: the share of services called by k others or more falls as k^-1.15 (maximum likelihood from 8 on)."""
ENTRY_TAIL = 1.0
"""J: calls that the n-th of the services without callers makes fall as 1/n (the first 50)."""
CALLS = 12.0
"""N: visits of services per request; 12.0 in both shops."""
WORK_MEDIAN_S, WORK_SPREAD = 0.0093, 1.65
"""N: geometric mean, and standard deviation of the logarithm, of the mean own time of a visit, over the 18 services
with 20 visits or more."""
WORK_LEAST_S, WORK_MOST_S = 0.00028, 0.282
"""N: the shortest and longest such mean of all services."""
WORK_CV = 0.78
"""N: median coefficient of variation of the own time of a visit, over those 18."""
NETWORK_S = 0.0005
"""own: one way."""
CORES = 4
"""own: of one replica at most."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a graph is drawn for."""

    services: int
    seed: int = 1
    depth: int | None = None
    """Services on the longest chain of calls; None: as many as J has layers, or as there are services."""
    fan_out: float = FAN_OUT
    calls: float | None = None
    """Visits of services per request; None: those of N, or as many as the graph makes."""
    rate_per_s: float = 100.0
    utilisation: float = 0.5
    """Share of its cores that a service has at work, at most."""

    @property
    def layers(self) -> int:
        """How many there are."""
        return self.depth or min(len(LAYERS), self.services)


@dataclass(slots=True)
class Node:
    """One service, and what is expected of it without faults and retries."""

    name: str
    layer: int
    """From 0, which users call."""
    work_s: float
    """Mean work of a visit."""
    callees: list[int] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    """Probability of each call, per visit."""
    callers: int = 0
    visits: float = 0.0
    """Per request of a user."""
    replicas: int = 1
    cores: int = 1
    slots: int = 1
    """Of a replica."""
    latency_s: float = 0.0
    """Mean time of a visit, calls included."""


@dataclass(slots=True)
class Graph:
    """Services in the order of their layers: calls go to larger indices only."""

    nodes: list[Node]
    weights: list[float]
    """How many requests begin at each service of the first layer, beside the others."""

    @property
    def entries(self) -> list[float]:
        """Share of the requests that begin at each of these."""
        total = sum(self.weights)
        return [weight / total for weight in self.weights]

    @property
    def edges(self) -> int:
        """Pairs of services that call each other."""
        return sum(len(node.callees) for node in self.nodes)

    @property
    def calls(self) -> float:
        """Visits of services per request."""
        return sum(node.visits for node in self.nodes)

    @property
    def latency_s(self) -> float:
        """Mean latency of a request."""
        return sum(share * node.latency_s for share, node in zip(self.entries, self.nodes, strict=False))

    def tries(self, attempts: int) -> float:
        """Attempts per request if every call is tried so often."""
        return sum(_visits(self, float(attempts)))


class TooFewCalls(ValueError):
    """The graph cannot make as many calls as are wanted; `most` is what it can."""

    def __init__(self, most: float) -> None:
        super().__init__(f"at most {most:.3g} calls per request, each made for certain")
        self.most = most


def draw(wish: Wish) -> Graph:
    """A graph as wished. Raises TooFewCalls."""
    key = luck.named(wish.seed, "service graph")
    sizes = layer_sizes(wish.services, wish.layers)
    nodes = _nodes(key, sizes)
    _connect(key, nodes, sizes, _fan_outs(key, wish, sizes))
    graph = Graph(nodes, [float(f"{1000 * (n + 1) ** -ENTRY_TAIL:.4g}") for n in range(sizes[0])])
    _chances(key, graph, wish)
    _size(graph, wish)
    return graph


def layer_sizes(services: int, layers: int) -> list[int]:
    """Services of each layer, one at least: as in J, stretched to the number of layers."""
    cumulative = [0, *accumulate(LAYERS)]

    def below(x: float) -> float:
        at = min(int(x * len(LAYERS)), len(LAYERS) - 1)
        return (cumulative[at] + (x * len(LAYERS) - at) * LAYERS[at]) / cumulative[-1]

    rest = services - layers
    bounds = [round(rest * below(i / layers)) for i in range(layers + 1)]
    return [1 + b - a for a, b in pairwise(bounds)]


def _nodes(key: int, sizes: list[int]) -> list[Node]:
    normal, nodes = NormalDist(math.log(WORK_MEDIAN_S), WORK_SPREAD), []
    dealt = iter(_dealt(key, luck.GRAPH_WORK, sum(sizes)))
    for layer, size in enumerate(sizes):
        for n in range(size):
            work = math.exp(normal.inv_cdf(next(dealt)))
            work = min(max(work, WORK_LEAST_S), WORK_MOST_S)
            name = f"s{layer + 1}-{n + 1:0{len(str(size))}}"
            nodes.append(Node(name, layer, float(f"{work:.2g}")))
    return nodes


def _dealt(key: int, purpose: int, n: int) -> list[float]:
    """The numbers 1/(n+1) to n/(n+1), dealt out by luck."""
    order = sorted(range(n), key=lambda i: luck.uniform(key, purpose, i))
    out = [0.0] * n
    for rank, i in enumerate(order):
        out[i] = (rank + 1) / (n + 1)
    return out


def _fan_outs(key: int, wish: Wish, sizes: list[int]) -> list[int]:
    """How many others each service is to call."""
    n = sum(sizes)
    deeper = [n - sum(sizes[: layer + 1]) for layer, size in enumerate(sizes) for _ in range(size)]
    callers = [i for i in range(n) if deeper[i] and not _leaf(key, i, sizes[0])]
    normal = NormalDist(0, FAN_OUT_SPREAD)
    tails = [math.exp(normal.inv_cdf(u)) for u in _dealt(key, luck.GRAPH_FAN_OUT, len(callers))]

    def scaled(factor: float) -> list[int]:
        return [max(1, min(deeper[i], round(factor * tail))) for i, tail in zip(callers, tails, strict=True)]

    low, high = 0.0, float(n)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if sum(scaled(middle)) >= wish.fan_out * n else (middle, high)
    out = [0] * n
    for i, k in zip(callers, scaled(high), strict=True):
        out[i] = k
    return out


def _leaf(key: int, i: int, entries: int) -> bool:
    return i >= entries and luck.uniform(key, luck.GRAPH_LEAF, i) < LEAVES


def _connect(key: int, nodes: list[Node], sizes: list[int], fan_outs: list[int]) -> None:
    """Everybody gets a caller one layer above, so that layers are as deep as they say; then callers choose
    further callees from all deeper layers, in proportion to how much these attract."""
    chosen: list[set[int]] = [set() for _ in nodes]
    first = 0
    for above, size in pairwise(sizes):
        callers = fan_outs[first : first + above]
        weights = list(accumulate(callers if any(callers) else [1] * above))
        for i in range(first + above, first + above + size):
            u = luck.uniform(key, luck.GRAPH_CALLER, i)
            chosen[first + bisect(weights, u * weights[-1])].add(i)
        first += above
    attraction = [(1 - u) ** (-1 / FAN_IN_TAIL) for u in _dealt(key, luck.GRAPH_FAN_IN, len(nodes))]
    below = [0.0, *accumulate(attraction)]
    begins = list(accumulate(sizes))
    for i, node in enumerate(nodes):
        _choose(luck.child(key, luck.GRAPH_CALLEE, i), fan_outs[i], chosen[i], begins[node.layer], below)
        node.callees = sorted(chosen[i])
        for callee in node.callees:
            nodes[callee].callers += 1


def _choose(key: int, wanted: int, chosen: set[int], first: int, below: list[float]) -> None:
    """Add services from `first` on until there are as many as wanted; `below`: cumulated attraction."""
    last = len(below) - 1
    if 4 * wanted >= last - first:
        # many of few: an exponential race, whose winners are a draw without replacement
        rest = [i for i in range(first, last) if i not in chosen]
        times = {
            i: -math.log(luck.uniform(key, luck.GRAPH_CALLEE, i)) / (below[i + 1] - below[i]) for i in rest
        }
        chosen.update(sorted(rest, key=times.__getitem__)[: max(0, wanted - len(chosen))])
        return
    draw = 0
    while len(chosen) < wanted:
        u = luck.uniform(key, luck.GRAPH_CALLEE, draw)
        chosen.add(min(last - 1, bisect(below, below[first] + u * (below[last] - below[first])) - 1))
        draw += 1


# How often ------------------------------------------------------------------------------------------


def _chances(key: int, graph: Graph, wish: Wish) -> None:
    """Probabilities u^a of the calls, a such that a request makes as many calls as wished."""
    units = [
        [luck.uniform(key, luck.GRAPH_CHANCE, i, j) for j in node.callees]
        for i, node in enumerate(graph.nodes)
    ]

    def calls(power: float) -> float:
        for node, own in zip(graph.nodes, units, strict=True):
            node.chances = [max(0.001, float(f"{u**power:.3g}")) for u in own]
        return sum(_visits(graph))

    wanted = CALLS if wish.calls is None else wish.calls
    most = calls(0.0)
    if most > wanted:
        low, high = 0.0, 64.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if calls(middle) > wanted else (low, middle)
        calls(high)
    elif wish.calls is not None and wish.calls > most * (1 + 1e-9):
        raise TooFewCalls(most)
    for node, visits in zip(graph.nodes, _visits(graph), strict=True):
        node.visits = visits


def _visits(graph: Graph, times: float = 1.0) -> list[float]:
    """Visits of each service per request, every call made so many times."""
    visits = [0.0] * len(graph.nodes)
    for i, share in enumerate(graph.entries):
        visits[i] = share * times
    for i, node in enumerate(graph.nodes):
        for callee, chance in zip(node.callees, node.chances, strict=True):
            visits[callee] += visits[i] * chance * times
    return visits


# How large ------------------------------------------------------------------------------------------


def _size(graph: Graph, wish: Wish) -> None:
    """Cores for the load, and slots for who is inside: an attempt keeps its slot while its calls are out.

    Time at the cores is at most that of processor sharing, work / (1 - utilisation), whatever the distribution
    of work. Slots: the mean inside, six of its standard deviations if arrivals were Poisson, and ten."""
    for node in reversed(graph.nodes):
        load = wish.rate_per_s * node.visits
        demand = load * node.work_s
        cores = max(1, math.ceil(demand / wish.utilisation))
        node.replicas = math.ceil(cores / CORES)
        node.cores = math.ceil(cores / node.replicas)
        node.latency_s = node.work_s / (1 - demand / (node.replicas * node.cores)) + sum(
            chance * (2 * NETWORK_S + graph.nodes[callee].latency_s)
            for callee, chance in zip(node.callees, node.chances, strict=True)
        )
        inside = load * node.latency_s / node.replicas
        node.slots = math.ceil(inside + 6 * math.sqrt(inside) + 10)
