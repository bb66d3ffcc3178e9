"""The text of a scenario with a service graph drawn at random."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.policies import catalog
from sim.scenario.breakers import Breaker
from sim.scenario.diagnostics import nearest
from sim.scenario.graph import NETWORK_S, WORK_CV, Graph, Node, TooFewCalls, Wish, draw
from sim.scenario.model import Scenario
from sim.scenario.source import MAX_BYTES
from sim.scenario.whole import cannot_trip
from sim.units import show_ns, show_rate, show_share

QUEUE = 100
RECORD_BYTES = 200e6
"""The tables of a run stay below this, by wider buckets if need be."""
CELLS = 51 + 12
"""Numbers of eight bytes per bucket and call, the service behind it included."""
MOST_BUCKETS = 600
MOST_REPLICAS = 100_000

_ABOUT = "A service graph drawn at random, as heavy-tailed as measured ones."
_SOURCES = """\
# Where the parameters come from
#   J    the service graph in the sample data of Jaeger UI (packages/jaeger-ui/src/components/DependencyGraph/
#        sample_data/large.json, commit c321fb3): 1,238 anonymised services, 4,271 calls between them
#   N    fault-free traces of Online Boutique and TrainTicket from Nezha (IntelligentDDS/Nezha, commit d814010,
#        2022-08-23 17:00 and 2023-01-29 08:50): 573 requests, 6,881 visits of 35 services
#   own  chosen by cascadelab
#   layers        J: services by the fewest calls from one that nobody calls: 31, 30, 27, 9, 2 and 0.2 %
#   fan-in        J: the share of services with k callers or more falls as k^-1.15
#   fan-out       J: lognormal with sigma 1.2, 3.45 on average; 28 % of the services that others call, call nobody
#   mix           J: the n-th of the services without callers makes 1/n as many calls
#   calls         N: 12 attempts per request in both shops; own: probabilities u^a with u uniform
#   work          N: the services' means are lognormal, median 9.3 ms, sigma 1.65, cut at those seen, 0.28 and 282 ms;
#                 coefficient of variation of a visit's own time 0.78 (median of the services)
#   cores, slots  own: for the load; a slot is kept while calls are out
#   all else      own: one endpoint each, calls one after the other, no circles, network, queue, policies"""


class Impossible(ValueError):
    """What is wished for cannot be; the message says what to change, by the names of the options."""


@dataclass(frozen=True, slots=True)
class Options:
    """A scenario that is to be written."""

    wish: Wish
    name: str = "generated"
    duration_ns: int = 60 * 10**9
    timeout_ns: int | None = None
    """Of every try."""
    attempts: int = 1
    """Tries of a call, the first included."""
    breaker: str | None = None
    """Entry of the catalogue, at every call that sees enough results to trip."""

    @property
    def command(self) -> str:
        """The command that writes it."""
        return " ".join(("cascadelab generate", *_said(self)))


def _said(options: Options) -> Iterator[str]:
    """What is not at its default, by the names of the options; how many services, always."""
    usual = Options(Wish(options.wish.services))
    yield f"--services {options.wish.services}"
    for name, value, default in (
        ("seed", str(options.wish.seed), str(usual.wish.seed)),
        ("depth", str(options.wish.depth), str(usual.wish.depth)),
        ("fan-out", f"{options.wish.fan_out:.15g}", f"{usual.wish.fan_out:.15g}"),
        ("calls", f"{options.wish.calls or 0:.15g}", "0"),
        ("rate", show_rate(options.wish.rate_per_s), show_rate(usual.wish.rate_per_s)),
        ("utilisation", show_share(options.wish.utilisation), show_share(usual.wish.utilisation)),
        ("duration", show_ns(options.duration_ns), show_ns(usual.duration_ns)),
        ("timeout", show_ns(options.timeout_ns or 0), "0s"),
        ("retry", str(options.attempts), str(usual.attempts)),
        ("breaker", str(options.breaker), str(usual.breaker)),
        ("name", options.name, usual.name),
    ):
        if value != default:
            yield f"--{name} {value}"


def text(options: Options) -> str:
    """The scenario file. Raises Impossible."""
    _check(options)
    try:
        graph = draw(options.wish)
    except TooFewCalls as error:
        msg = f"--calls: this graph makes {error}; write at most that, or a larger --fan-out or --services"
        raise Impossible(msg) from error
    largest = max(graph.nodes, key=lambda node: node.replicas)
    if largest.replicas > MOST_REPLICAS:
        msg = f"--rate: {largest.name} would need {largest.replicas:,} replicas, and {MOST_REPLICAS:,} is the most; write a lower rate"
        raise Impossible(msg)
    guarded = _guarded(options, graph)
    lines = [
        *_head(options, graph, guarded),
        *_top(options, graph),
        *_services(graph),
        *_edges(options, guarded),
    ]
    lines += _fault(graph)
    out = "\n".join(lines) + "\n"
    if len(out) > MAX_BYTES:
        msg = f"the file would be {len(out) / 1e6:.1f} MB, and {MAX_BYTES // 10**6} MB is the most that a scenario may be; write a smaller --services or --fan-out"
        raise Impossible(msg)
    return out


def _check(options: Options) -> None:
    wish, name = options.wish, Scenario.model_fields["name"]
    pattern = next(one.pattern for one in name.metadata if hasattr(one, "pattern"))
    if not re.fullmatch(pattern, options.name):
        msg = f"--name: {options.name!r} is no name; write letters, digits and -._, such as big-graph"
        raise Impossible(msg)
    if wish.layers > wish.services:
        msg = f"--depth: a chain of {wish.layers} services needs as many; --services is {wish.services}"
        raise Impossible(msg)
    if options.breaker is not None and options.breaker not in catalog.names():
        near = nearest(options.breaker, catalog.names())
        msg = f"--breaker: no breaker is called {options.breaker!r}{near}; `cascadelab policies` lists them"
        raise Impossible(msg)


def _head(options: Options, graph: Graph, guarded: list[str]) -> Iterator[str]:
    nodes, n = graph.nodes, len(graph.nodes)
    most_called = max(nodes, key=lambda node: node.callers)
    most_calling = max(nodes, key=lambda node: len(node.callees))
    many_in, many_out = (
        sum(k >= 8 for k in fans) / n
        for fans in ([x.callers for x in nodes], [len(x.callees) for x in nodes])
    )
    schema = Path(__file__).with_name("schema.json").as_uri()
    yield f"# yaml-language-server: $schema={schema}"
    yield "# A service graph drawn at random. The same options give the same bytes:"
    yield f"#   {options.command}"
    yield "#"
    yield f"# {n:,} services in {nodes[-1].layer + 1} layers, {graph.edges:,} calls between them, {graph.edges / n:.2f} per service."
    yield f"# A chain of calls is {nodes[-1].layer + 1} services long at most."
    yield f"# Largest fan-in {most_called.callers:,} ({most_called.name}), largest fan-out {len(most_calling.callees):,} ({most_calling.name});"
    yield f"# {many_in:.1%} of the services have 8 callers or more, {many_out:.1%} call 8 or more."
    yield f"# Expected of {show_rate(options.wish.rate_per_s)} without faults and retries: {graph.calls:.1f} attempts per request, mean latency {graph.latency_s * 1e3:.0f} ms at most,"
    yield f"# {sum(x.cores * x.replicas for x in nodes):,} cores, no service above {show_share(options.wish.utilisation)} of its own."
    if options.attempts > 1:
        yield f"# If every call took all its {options.attempts} tries: {graph.tries(options.attempts):,.0f} attempts per request; there are never more on average."
    if options.breaker:
        yield f"# Breakers at {len(guarded):,} of {graph.edges:,} calls: at the others no copy sees enough results to trip."
    yield from ("#", *_SOURCES.splitlines())


def _top(options: Options, graph: Graph) -> Iterator[str]:
    yield "schema: 1"
    yield f'name: "{options.name}"'
    yield f"about: {_ABOUT}"
    yield f"duration: {show_ns(options.duration_ns)}"
    bucket = _bucket_s(options, graph)
    if bucket:
        yield f"bucket: {bucket}s # wider than by default: the record of so many calls stays below {RECORD_BYTES / 1e6:.0f} MB"
    yield f"network: {show_ns(round(NETWORK_S * 1e9))} # one way"
    policies = [f"timeout: {show_ns(options.timeout_ns)}"] if options.timeout_ns else []
    policies += [f"retry: {options.attempts}"] if options.attempts > 1 else []
    if policies:
        yield f"policies: {{{', '.join(policies)}}} # of every call, those of users included"
    yield "sources:"
    yield "  users:"
    yield f"    rate: {show_rate(options.wish.rate_per_s)}"
    if len(graph.weights) == 1:
        yield f"    call: {graph.nodes[0].name}"
        return
    yield "    mix: # weights"
    for node, weight in zip(graph.nodes, graph.weights, strict=False):
        yield f"      {node.name}: {weight:g}"


def _bucket_s(options: Options, graph: Graph) -> int:
    """Width of a bucket, if the default would make the record too large; else 0."""
    seconds = options.duration_ns / 1e9
    usual = max(1.0, seconds / MOST_BUCKETS)
    calls = graph.edges + len(graph.weights)
    most = max(1, int(RECORD_BYTES / (8 * CELLS * calls)))
    return math.ceil(seconds / most) if math.ceil(seconds / usual) > most else 0


def _services(graph: Graph) -> Iterator[str]:
    yield "services:"
    layers = graph.nodes[-1].layer + 1
    layer = -1
    for node in graph.nodes:
        if node.layer != layer:
            layer = node.layer
            size = sum(x.layer == layer for x in graph.nodes)
            whom = "users call" if layer == 0 else "the layers above call"
            yield f"  # Layer {layer + 1} of {layers}: {size:,} service{'s' if size > 1 else ''} that {whom}"
        yield from _service(node, graph)


def _service(node: Node, graph: Graph) -> Iterator[str]:
    yield f"  {node.name}:"
    if node.replicas > 1:
        yield f"    replicas: {node.replicas}"
    yield f"    cores: {node.cores}"
    yield f"    slots: {node.slots}"
    yield f"    queue: {QUEUE}"
    yield "    steps:"
    yield f"      - work: {{lognormal: {{mean: {show_ns(round(node.work_s * 1e9))}, cv: {WORK_CV}}}}}"
    for callee, chance in zip(node.callees, node.chances, strict=True):
        name = graph.nodes[callee].name
        yield (
            f"      - {{call: {name}, probability: {show_share(chance)}}}"
            if chance < 1
            else f"      - call: {name}"
        )


def _guarded(options: Options, graph: Graph) -> list[str]:
    """Edges that get a breaker."""
    if options.breaker is None:
        return []
    breaker = Breaker(use=options.breaker, params=dict(catalog.ENTRIES[options.breaker].example))
    out = []
    for node in graph.nodes:
        for callee, chance in zip(node.callees, node.chances, strict=True):
            rate = options.wish.rate_per_s * node.visits * chance / node.replicas
            if not cannot_trip(breaker, rate, options.duration_ns):
                out.append(f"{node.name} -> {graph.nodes[callee].name}")
    if not out:
        msg = f"--breaker {options.breaker}: at no call between services a copy sees enough results to trip; write a higher --rate, a longer --duration or another breaker"
        raise Impossible(msg)
    return out


def _edges(options: Options, guarded: list[str]) -> Iterator[str]:
    if guarded:
        yield "edges:"
        yield from (f"  {edge}: {{breaker: {_breaker_text(options.breaker)}}}" for edge in guarded)


def _fault(graph: Graph) -> Iterator[str]:
    """A suggestion."""
    target = max(graph.nodes, key=lambda node: node.callers)
    yield "# A fault to begin with, at the service that most others call:"
    yield "# faults:"
    yield f"#   - {{slow: {{service: {target.name}, times: 20}}, at: 20s, for: 20s}}"


def _breaker_text(name: str | None) -> str:
    """Its name; with example settings where the library has no default for them."""
    example = catalog.ENTRIES[name].example if name else ()
    settings = ", ".join(f"{key}: {value}" for key, value in example)
    return f"{{use: {name}, params: {{{settings}}}}}" if settings else f"{name}"
