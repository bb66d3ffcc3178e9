"""Run checks and judge them: replications with seeds of their own, a failed check once more with fresh ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from sim import engines
from sim.experiment.execute import Task, execute
from sim.scenario import load_file
from sim.scenario.variants import Override
from sim.topology.build import build
from sim.validation.acceptance import Judgement, Sample
from sim.validation.target import Check, Effort, Expected, Target, scenario_file

RERUN = 4
"""A check that failed is run once more, with so many times the replications, before it counts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One observable of a check: what was expected, what was found."""

    expected: Expected
    x: float
    value: float
    """The exact or published value."""
    found: Judgement


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check that was run."""

    target: Target
    check: Check
    effort: Effort
    engine: str
    seeds: tuple[int, ...]
    findings: tuple[Finding, ...]
    first: "Outcome | None" = None
    """The first round, if that failed and this is the second one."""

    @property
    def passed(self) -> bool:
        """Every observable is as expected, and resolved: they come from the same runs, so they are one check."""
        return all(f.found.passed for f in self.findings)


def seeds_of(target: Target, check: Check, round_: int, replications: int) -> tuple[int, ...]:
    """Seeds that no other check and no other round has: checks must not share their luck."""
    name = f"{target.name}/{check.name}/{round_}".encode()
    first = int.from_bytes(sha256(name).digest()[:6]) // 10_000 * 10_000
    return tuple(range(first + 1, first + 1 + replications))


def parts(observable: str) -> tuple[str, ...]:
    """The measures that an observable is made of: one, or numerator and denominator."""
    return tuple(observable.split(" / "))


@dataclass(slots=True)
class _Plan:
    """One check that is to be run: its tasks, and what they have found so far."""

    target: Target
    check: Check
    effort: Effort
    engine: str
    first: Outcome | None = None
    rows: dict[int, Mapping[str, float]] = field(default_factory=dict)

    @property
    def round(self) -> int:
        return 1 if self.first is None else 2

    @property
    def name(self) -> str:
        return f"{self.target.name}/{self.check.name}"

    @property
    def seeds(self) -> tuple[int, ...]:
        return seeds_of(self.target, self.check, self.round, self.effort.replications)

    @property
    def complete(self) -> bool:
        return len(self.rows) == self.effort.replications

    def tasks(self) -> Iterator[Task]:
        """One for every replication."""
        check = self.check
        file = scenario_file(check.scenario)
        settings = (*check.settings, *self.effort.settings)
        observables = (part for e in check.expected for part in parts(e.observable))
        measures = tuple(dict.fromkeys(observables))
        for seed in self.seeds:
            yield Task(
                file.read_text(encoding="utf-8"), str(file), str(file.parent), tuple(map(Override, settings)),
                (), check.variant, self.name, seed, measures, self.engine, good_day=False,
            )  # fmt: skip

    def samples(self, observable: str) -> list[Sample]:
        """What every replication found, in the order of the seeds."""
        top, *bottom = parts(observable)
        rows = [self.rows[seed] for seed in self.seeds]
        return [(row[top], row[bottom[0]] if bottom else 1.0) for row in rows]

    def outcome(self) -> Outcome:
        """Judge it."""
        findings = []
        for e in self.check.expected:
            value = e.curve.formula(self.check.x)
            findings.append(Finding(e, self.check.x, value, e.rule.judge(self.samples(e.observable), value)))
        return Outcome(
            self.target, self.check, self.effort, self.engine, self.seeds, tuple(findings), self.first
        )

    def again(self, first: Outcome) -> "_Plan":
        """The second round: fresh seeds, more replications."""
        effort = replace(self.effort, replications=RERUN * self.effort.replications)
        return _Plan(self.target, self.check, effort, self.engine, first)


def engine_for(check: Check, effort: Effort, wanted: str) -> str:
    """The engine that runs a check, "" if nothing is run: `auto` is the compiled one wherever it can.

    Raises NotCovered.
    """
    if check.trial is not None:
        return ""
    overrides = (*check.settings, *effort.settings)
    loaded = load_file(str(scenario_file(check.scenario)), overrides=overrides)
    topology = build(loaded.scenario(check.variant))
    if wanted != "auto":
        return engines.choose(topology, wanted)[0]
    try:
        return engines.choose(topology, "compiled")[0]
    except engines.NotCovered:
        return "simpy"


class Validation:
    """Targets that are to be run, in order, and what came of them."""

    def __init__(self, targets: Iterable[Target], *, quick: bool = False, engine: str = "auto") -> None:
        self._plans = [
            _Plan(target, check, effort, engine_for(check, effort, engine))
            for target in targets
            for check in target.checks
            if (effort := check.effort(quick)) is not None
        ]
        self._outcomes: dict[str, Outcome] = {}

    @property
    def engines(self) -> tuple[str, ...]:
        """That will be used."""
        return tuple(sorted({plan.engine for plan in self._plans} - {""}))

    @property
    def runs(self) -> int:
        """Of the first round."""
        return sum(plan.effort.replications for plan in self._plans)

    @property
    def outcomes(self) -> list[Outcome]:
        """What is decided, in order: everything, unless `run` was ended early."""
        return [self._outcomes[plan.name] for plan in self._plans if plan.name in self._outcomes]

    @property
    def checks(self) -> int:
        """To be decided."""
        return len(self._plans)

    def run(self, jobs: int = 1, done: Callable[[int], None] | None = None) -> None:
        """Run everything; failed checks once more. `done(n)` hears of n more runs.

        KeyboardInterrupt and FailedRun pass through: `outcomes` has what was complete.
        """
        plans = self._plans
        while plans:
            again = []
            for plan in _completed(plans, jobs, done):
                outcome = plan.outcome()
                if outcome.passed or plan.first is not None:
                    self._outcomes[plan.name] = outcome
                else:
                    again.append(plan.again(outcome))
            plans = again


def _completed(plans: list[_Plan], jobs: int, done: Callable[[int], None] | None) -> Iterator[_Plan]:
    """Plans as their last replication comes in; first those that run no scenario."""
    yield from _tried([plan for plan in plans if plan.check.trial is not None], done)
    by_key = {plan.name: plan for plan in plans if plan.check.trial is None}
    tasks = (task for plan in by_key.values() for task in plan.tasks())
    for row in execute(tasks, jobs, done=done):
        plan = by_key[row.value]
        plan.rows[row.seed] = row.values
        if plan.complete:
            yield plan


def _tried(plans: list[_Plan], done: Callable[[int], None] | None) -> Iterator[_Plan]:
    for plan in plans:
        for seed in plan.seeds:
            assert plan.check.trial is not None
            plan.rows[seed] = plan.check.trial(seed)
            if done is not None:
                done(1)
        yield plan
