"""What is wrong with the policies of a file: names that name nothing, settings that contradict each other."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sim.errors import Problem
from sim.policies import catalog, outlier_catalog
from sim.policies.limits import catalog as limits
from sim.policies.options import OptionError
from sim.scenario.breakers import Breaker
from sim.scenario.diagnostics import locate, nearest
from sim.scenario.model import Scenario
from sim.scenario.policies import Deadline, Outlier, Policies, Single, Timeout
from sim.scenario.source import Location, Tree
from sim.units import show_ns


def _after(policy: Deadline | Timeout | None) -> int | None:
    return policy.after if policy else None


@dataclass
class Found:
    """Problems and warnings of one variant."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class PolicyChecker:
    """Looks at policies, wherever they stand, and notes what is wrong."""

    def __init__(
        self, model: Scenario, tree: Tree, breakers: frozenset[str], left_out: Collection[Location]
    ) -> None:
        self.model = model
        self.tree = tree
        self.breakers = breakers | set(catalog.names())
        self.left_out = left_out
        self.unjudged = False
        """Something is left out of a breaker block that does not hold together without it."""
        self.found = Found()

    def problem(self, place: Location, message: str) -> None:
        self.found.problems.append(locate(self.tree, place, message))

    def warning(self, place: Location, message: str) -> None:
        self.found.warnings.append(locate(self.tree, place, message))

    def unknown(self, place: Location, what: str, name: str, known: set[str]) -> None:
        self.problem(place, f"no {what} is called {name!r}{nearest(name, known)}")

    def policies(self, policies: Policies, at: Location) -> None:
        if policies.stack is None:
            self.nested(_after(policies.deadline), _after(policies.timeout), at)
            self.named(policies, at)
            return
        outer: int | None = None
        for i, single in enumerate(policies.stack):
            self.named(single, (*at, "stack", i))
            if single.deadline:
                outer = single.deadline.after
            if single.timeout:
                self.nested(outer, single.timeout.after, (*at, "stack", i))

    def named(self, single: Single, at: Location) -> None:
        """Policies that are named entries with settings."""
        if single.breaker:
            self.breaker(single.breaker, (*at, "breaker"))
        if single.outlier:
            self.outlier(single.outlier, (*at, "outlier"))
        self.limits(single, at)

    def nested(self, outer: int | None, timeout: int | None, at: Location) -> None:
        if outer and timeout and timeout > outer:
            message = (
                f"this timeout of {show_ns(timeout)} is longer than the deadline of {show_ns(outer)} above it"
            )
            self.problem((*at, "timeout"), message)

    def breaker(self, breaker: Breaker, at: Location) -> None:
        if breaker.use is not None and breaker.use not in self.breakers:
            place = (*at, "use") if (*at, "use") in self.tree.values else at
            self.unknown(place, "breaker", breaker.use, set(self.breakers))
            return
        if breaker.use in (None, *catalog.names()):
            self.needed(breaker, at)
            try:
                catalog.params_from(breaker.model_dump())
            except OptionError as error:
                self.settings(error, (*at, "params"))
            except catalog.Contradiction as error:
                torn = any(place[: len(at)] == at for place in self.left_out)
                self.unjudged |= torn
                for one in () if torn else (error, *error.others):
                    self.problem((*at, *one.at), str(one))
            except ValueError as error:
                self.problem((*at, "params"), str(error))

    def needed(self, breaker: Breaker, at: Location) -> None:
        """Settings that the library leaves to its user."""
        entry = catalog.ENTRIES[breaker.use] if breaker.use else None
        for option in entry.options if entry else ():
            if option.needed and option.name not in breaker.params:
                place = (*at, "params") if breaker.params else at
                message = f"{breaker.use} has no default for `{option.name}` ({option.about}): write it"
                self.problem(place, message)

    def settings(self, error: OptionError, at: Location) -> None:
        """Every mistake of a `params` block, at its own key however deep it is nested."""
        below = {".".join(map(str, key[len(at) :])): key for key in self.tree.keys if key[: len(at)] == at}
        for one in (error, *error.others):
            place = below.get(one.name, at)
            self.found.problems.append(locate(self.tree, place, str(one), on_key=one.unknown))

    def limits(self, single: Single, at: Location) -> None:
        """Deployed limiters and budgets, by name and settings."""
        for block, rows in limits.BLOCKS.items():
            inside = block != "budget"
            spec = getattr(single, block) if inside else single.retry and single.retry.budget
            if not spec or spec.use is None:
                continue
            place = (*at, block) if inside else (*at, "retry", "budget")
            if spec.use not in rows:
                used = (*place, "use") if (*place, "use") in self.tree.values else place
                self.unknown(used, block, spec.use, set(rows))
                continue
            try:
                limits.params(rows, spec.use, spec.params)
            except OptionError as error:
                self.settings(error, (*place, "params"))

    def outlier(self, outlier: Outlier, at: Location) -> None:
        if outlier.use not in outlier_catalog.names():
            place = (*at, "use") if (*at, "use") in self.tree.values else at
            self.unknown(place, "host ejection", outlier.use, set(outlier_catalog.names()))
            return
        try:
            outlier_catalog.params_from(outlier.use, outlier.params)
        except OptionError as error:
            place = (*at, "params", *error.name.split("."))
            self.problem(place if place in self.tree.values else (*at, "params"), str(error))
