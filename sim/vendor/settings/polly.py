"""Polly's options as Microsoft.Extensions.Http.Resilience binds them from JSON -> policies of each HTTP client."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sim.policies import catalog
from sim.policies.options import Option
from sim.scenario.source import Position
from sim.units import duration_ns
from sim.vendor import keys
from sim.vendor.cursor import READ, Cursor
from sim.vendor.kinds import Seen, Wishes
from sim.vendor.marked import Block, Given, Idle, Imported, Marked, Mistakes, default, given, pick
from sim.vendor.settings import polly_keys as k
from sim.vendor.settings import timespan
from sim.vendor.source import Source

ORDER = "rate limiter -> total timeout -> retry -> circuit breaker -> attempt timeout (the standard handler)"
HEDGED = (
    "total timeout -> hedging -> rate limiter -> circuit breaker -> timeout (the standard hedging handler)"
)
_TELLING = {
    "circuitbreaker": {"failureratio", "minimumthroughput", "samplingduration", "breakduration"},
    "retry": {"maxretryattempts", "backofftype", "usejitter", "maxdelay"},
    "hedging": {"maxhedgedattempts"},
    "totalrequesttimeout": {"timeout"},
    "attempttimeout": {"timeout"},
    "ratelimiter": {"defaultratelimiteroptions"},
    "endpoint": {"circuitbreaker", "ratelimiter"},
}
"""Sections with settings that nobody else has, in small letters: .NET's configuration knows no case."""


def seen(source: Source) -> Iterator[Seen]:
    """Sections of the standard handlers, wherever they stand in an appsettings.json."""
    for options in _options(source):
        section = next(s for s in options.data if _tells(s, options.data[s]))
        yield Seen(f"section {section}", (options / section).key_at)


def _tells(section: str, inside: Any) -> bool:
    words = _TELLING.get(section.lower(), set())
    return isinstance(inside, dict) and bool(words & {key.lower() for key in inside})


def _options(source: Source) -> Iterator[Cursor]:
    """Every mapping that is bound to the options of a handler. .NET reads JSON; a YAML that is to become such is
    known by .NET's capitals, since smaller ones are everybody's."""
    for tree in source.documents:
        yield from _below(Cursor(tree, (), tree.data), any_case=source.form == "json")


def _below(here: Cursor, *, any_case: bool) -> Iterator[Cursor]:
    if not isinstance(here.data, dict) or "apiVersion" in here.data:
        return
    sections = [key for key in here.data if any_case or key[:1].isupper()]
    if any(_tells(section, here.data[section]) for section in sections):
        yield here
        return
    for key in here.data:
        yield from _below(here / key, any_case=any_case)


def policies(source: Source, wishes: Wishes) -> list[Imported]:
    """The policies of every handler, or of `only` these. Raises InvalidScenario with every mistake."""
    mistakes = Mistakes()
    found: list[Imported] = []
    for options in _options(source):
        place = [str(key) for key in options.place]
        used = {one.name for one in found}
        name = next(
            (n for n in (place[-1] if place else "http-client", ".".join(place)) if n not in used), ""
        )
        found.append(_imported(options, name or f"http-client-{len(found) + 1}", mistakes))
    told = {options.place[0] for options in _options(source) if options.place}
    others = [
        str(key)
        for tree in source.documents
        if isinstance(tree.data, dict)
        for key in tree.data
        if key not in told
    ]
    if others and told:
        found[0].notes.append(f"settings of others, and not read: {', '.join(others)}")
    if wishes.only:
        found = pick(found, wishes.only, source.file, "section")
    mistakes.end()
    return found


class _Reader:
    """The sections of one handler."""

    def __init__(self, imported: Imported, mistakes: Mistakes) -> None:
        self.imported = imported
        self.mistakes = mistakes
        self.at: dict[str, Position] = {}
        """Of given values, by section and name."""

    def sections(
        self, here: Cursor, known: Mapping[str, Any] | Iterable[str], what: str
    ) -> dict[str, Cursor]:
        """What stands in a mapping, by .NET's names; unknown keys are mistakes."""
        names = {name.lower(): name for name in known}
        found: dict[str, Cursor] = {}
        if here.data is None:
            return found
        if not isinstance(here.data, dict):
            self.mistakes.add(here.at, f"{what}: {keys.text(here.data)} is not a mapping")
            return found
        for key in here.data:
            inside = here / key
            name = names.get(key.lower())
            if name is None:
                keys.unknown(inside.given(), list(names.values()), what, k.GONE, self.mistakes)
            elif name in found:
                self.mistakes.add(inside.key_at, f"{key} says again what {found[name].name} says")
            elif k.IDLE.get(name, READ) != READ:
                self.imported.idle.append(Idle(key, inside.data, k.IDLE[name], inside.key_at.line))
            elif inside.data is not None:
                found[name] = inside
        return found

    def settings(
        self, here: Cursor | None, options: Iterable[Option], what: str
    ) -> tuple[Block, dict[str, Given]]:
        """The values of a section, and what it gives of them."""
        idle = ("Name", "ShouldRetryAfterHeader") if what == "Retry" else ("Name",)
        read = self.sections(here, (*(o.name for o in options), *idle), what) if here is not None else {}
        found = {name: one.given(name) for name, one in read.items()}
        self.at |= {f"{what}.{name}": one.at for name, one in found.items()}
        return keys.params(options, found, timespan.convert, self.mistakes), found

    def add(self, policy: str, block: Block) -> None:
        self.imported.stack.append((policy, block))

    def limiter(self, here: Cursor | None) -> None:
        """The concurrency limiter."""
        inner: Cursor | None = None
        if here is not None:
            inner = self.sections(here, ("DefaultRateLimiterOptions", "Name"), "RateLimiter").get(
                "DefaultRateLimiterOptions"
            )
        if inner is not None:
            read = self.sections(
                inner, (*(o.name for o in k.LIMITER), "QueueProcessingOrder"), "DefaultRateLimiterOptions"
            )
            order = read.pop("QueueProcessingOrder", None)
            self.imported.shape += [order.given()] if order is not None else []
            if order is not None and str(order.data) not in ("OldestFirst", "0"):
                self.mistakes.add(
                    order.at, "QueueProcessingOrder: waiting calls of the model go oldest first"
                )
            found = {name: one.given(name) for name, one in read.items()}
        else:
            found = {}
        self.add(
            "bulkhead",
            {
                "use": "polly-concurrency-limiter",
                "params": keys.params(k.LIMITER, found, timespan.convert, self.mistakes),
            },
        )

    def timeout(self, here: Cursor | None, option: Option, what: str) -> Marked | None:
        """A timeout; its value, for what others ask of it."""
        values, _ = self.settings(here, (option,), what)
        one = values.get("Timeout")
        if not isinstance(one, Marked):
            return None
        self.add("timeout", {"after": Marked(one.value, one.mark, what, one.line)})
        return one

    def breaker(self, here: Cursor | None) -> tuple[Block, dict[str, Given]]:
        """The circuit breaker."""
        params, found = self.settings(here, k.BREAKER, "CircuitBreaker")
        spec = {"use": "polly-v8", "params": params}
        keys.holds(
            lambda v: catalog.params_from({"use": "polly-v8", "params": dict(v)}),
            params,
            found,
            self.mistakes,
        )
        self.add("breaker", spec)
        return params, found

    def retry(self, here: Cursor | None) -> None:
        """Retries with Polly's delays."""
        values, found = self.settings(here, k.RETRY, "Retry")
        if len(values) < len(k.RETRY):
            return
        times, delay, kind, jitter, longest = (values[option.name] for option in k.RETRY)
        assert all(isinstance(one, Marked) for one in (times, delay, kind, jitter, longest))
        if str(kind.value).lower() == "linear":
            message = "BackoffType: delays of the model are constant or exponential, not linear"
            self.mistakes.add(found["BackoffType"].at, message)
        grows = str(kind.value).lower() == "exponential"
        first = Marked(delay.value, delay.mark, "Delay", delay.line)
        if grows:
            cap = longest if "MaxDelay" in found else default(k.NO_CAP, "no MaxDelay")
            cap = Marked(cap.value, cap.mark, cap.note or "MaxDelay", cap.line)
            growth = Marked(2, kind.mark, "BackoffType", kind.line)
            backoff: Block = {"exponential": {"base": first, "multiplier": growth, "cap": cap}}
        else:
            shorter = "MaxDelay" in found and duration_ns(longest.value) < duration_ns(delay.value)
            backoff = {"fixed": given(longest.value, found["MaxDelay"], "MaxDelay") if shorter else first}
            self.imported.shape += [found["BackoffType"]]
            name, why = ("Delay", "MaxDelay is shorter") if shorter else ("MaxDelay", "no delay is longer")
            self.imported.idle += [keys.idle(found[name], why)] if name in found else []
        word = ("polly" if grows else "around") if jitter.value else "none"
        block: Block = {
            "attempts": Marked(
                times.value + 1, times.mark, "MaxRetryAttempts, and the first try", times.line
            ),
            "backoff": backoff,
            "jitter": Marked(word, jitter.mark, "UseJitter", jitter.line),
        }
        if word == "around":
            block["spread"] = default(0.25, "a quarter either way")
        block["on"] = default(list(k.HANDLED), "transient HTTP errors and timeouts of a try")
        self.add("retry", block)


def _imported(options: Cursor, name: str, mistakes: Mistakes) -> Imported:
    lower = {key.lower() for key in options.data}
    hedged = bool(lower & {"hedging", "endpoint"})
    imported = Imported(name, k.VERSION, HEDGED if hedged else ORDER, [])
    reader = _Reader(imported, mistakes)
    known = k.HEDGED if hedged else k.SECTIONS
    handler = "the standard hedging handler" if hedged else "the standard handler"
    found = reader.sections(options, known, handler)
    if not hedged:
        reader.limiter(found.get("RateLimiter"))
        whole = reader.timeout(found.get("TotalRequestTimeout"), k.TOTAL, "TotalRequestTimeout")
        reader.retry(found.get("Retry"))
        breaker = reader.breaker(found.get("CircuitBreaker"))
        one = reader.timeout(found.get("AttemptTimeout"), k.ATTEMPT, "AttemptTimeout")
    else:
        whole = reader.timeout(found.get("TotalRequestTimeout"), k.TOTAL, "TotalRequestTimeout")
        _hedge(reader, found.get("Hedging"))
        inner = (
            reader.sections(found["Endpoint"], known["Endpoint"], "Endpoint") if "Endpoint" in found else {}
        )
        reader.limiter(inner.get("RateLimiter"))
        breaker = reader.breaker(inner.get("CircuitBreaker"))
        one = reader.timeout(inner.get("Timeout"), k.ATTEMPT, "Timeout")
    _together(reader, options.at, whole, one, breaker[0])
    return imported


def _hedge(reader: _Reader, here: Cursor | None) -> None:
    delay = here.data.get("Delay") if here is not None and isinstance(here.data, dict) else None
    if here is not None and timespan.at_once(delay):
        message = "Delay: copies that are all sent at once (0), or only after a failure (below 0), are not in the model"
        reader.mistakes.add((here / "Delay").at, message, "write a short delay, such as 00:00:00.001")
        return
    values, _ = reader.settings(here, k.HEDGING, "Hedging")
    if len(values) == len(k.HEDGING):
        extra, after = (values[option.name] for option in k.HEDGING)
        reader.add("hedge", {"after": Marked(after.value, after.mark, "Delay", after.line),
                             "extra": Marked(extra.value, extra.mark, "MaxHedgedAttempts", extra.line)})  # fmt: skip
        note = "Polly sends the next copy at once when one fails; the model sends it when the delay is over"
        reader.imported.notes.append(note)


def _together(
    reader: _Reader, section: Position, whole: Marked | None, one: Marked | None, breaker: Block
) -> None:
    """What the handler asks of its timeouts together (HttpStandardResilienceOptionsCustomValidator.cs)."""

    def tell(message: str, *values: str) -> None:
        given_ = [reader.at[value] for value in values if value in reader.at]
        reader.mistakes.add(given_[0] if given_ else section, message)

    sampling = breaker.get("SamplingDuration")
    if whole is None or one is None or not isinstance(sampling, Marked):
        return
    if duration_ns(whole.value) < duration_ns(one.value):
        message = f"TotalRequestTimeout ({whole.value}) must not be shorter than the timeout of one attempt ({one.value})"
        tell(message, "TotalRequestTimeout.Timeout", "AttemptTimeout.Timeout", "Timeout.Timeout")
    if duration_ns(sampling.value) < 2 * duration_ns(one.value):
        message = f"SamplingDuration ({sampling.value}) must be at least twice the timeout of one attempt ({one.value})"
        tell(message, "CircuitBreaker.SamplingDuration", "AttemptTimeout.Timeout", "Timeout.Timeout")
