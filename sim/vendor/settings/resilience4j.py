"""resilience4j settings of Spring Boot -> the policies of each instance."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from sim.errors import InvalidScenario, Problem
from sim.scenario.source import Position
from sim.vendor.keys import checked, unknown
from sim.vendor.kinds import Seen, Wishes
from sim.vendor.marked import Block, Given, Idle, Imported, Mistakes, asked
from sim.vendor.settings import resilience4j_policies as policies_of
from sim.vendor.settings import spring
from sim.vendor.settings.resilience4j_keys import ELSEWHERE, MODULES, OF_A_MODULE, VERSION, Module
from sim.vendor.settings.spring import squashed
from sim.vendor.source import Source

Settings = dict[str, Given]
"""By the library's own names."""


class Entry(NamedTuple):
    """Where a group of settings stands."""

    section: str
    """configs or instances"""
    name: str


def seen(source: Source) -> Iterator[Seen]:
    """Keys below `resilience4j`."""
    for tree in source.documents:
        for path, raw, place in spring.flat(tree):
            if path and squashed(path[0]) == "resilience4j" and (len(path) > 1 or isinstance(raw, dict)):
                yield Seen("`resilience4j`", tree.keys[place[:1]])


def policies(source: Source, wishes: Wishes) -> list[Imported]:
    """The policies of every instance, or of `only` these. Raises InvalidScenario with every mistake."""
    mistakes = Mistakes()
    active = spring.active(source, wishes.profiles, "resilience4j")
    groups = _Groups(mistakes)
    for tree in active.trees:
        groups.next_document()
        for path, setting in spring.properties(tree, ("resilience4j",)):
            groups.add(path, setting)
    names = groups.names()
    if wishes.only:
        asked(wishes.only, names, source.file, "instance")
    imported = [groups.imported(name, wishes) for name in names if not wishes.only or name in wishes.only]
    mistakes.end()
    if not imported:
        told = "".join(f"; {note}" for note in active.notes)
        told += "; choose with --profile" if "of the profile" in told else ""
        raise InvalidScenario(
            [Problem(f"no instance and no config of resilience4j is in force{told}", source.file)]
        )
    imported[0].idle += groups.idle
    imported[0].notes += active.notes
    if not wishes.only:
        imported[0].notes += groups.unused()
        imported[0].idle += groups.overridden()
    return imported


class _Groups:
    """The settings of all modules, by instance and config; later documents over earlier ones."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.settings: dict[str, dict[Entry, Settings]] = {name: {} for name in MODULES}
        self.own: dict[str, Settings] = {name: {} for name in MODULES}
        self.idle: list[Idle] = []
        self.document: set[tuple[str, Entry, str]] = set()
        self.seen: list[tuple[str, Entry, Given]] = []
        self.in_force: set[Position] = set()
        """Where the keys of settings stand that are in force."""
        self.stands: set[str] = set()
        """Modules with a policy."""
        self.used: set[tuple[str, str]] = set()
        """Configs, by module and name."""

    def next_document(self) -> None:
        self.document = set()

    def add(self, path: spring.Path, setting: Given) -> None:
        """One property below `resilience4j`."""
        name = squashed(path[0])
        if name in ELSEWHERE:
            if all(one.name != path[0] for one in self.idle):
                self.idle.append(Idle(path[0], "...", ELSEWHERE[name], setting.key_at.line))
        elif name not in MODULES:
            near = get_close_matches(path[0], [*MODULES, *ELSEWHERE], 1)
            hint = f"; did you mean {near[0]}?" if near else f" (there are: {', '.join(MODULES)})"
            self.mistakes.add(setting.key_at, f"resilience4j has no module {path[0]!r}{hint}")
        elif len(path) == 1:
            if setting.raw not in (None, {}):
                self.mistakes.add(setting.at, f"{path[0]}: here stand `instances` and `configs`")
        else:
            self._of_module(MODULES[name], path[1:], setting)

    def _of_module(self, module: Module, path: spring.Path, setting: Given) -> None:
        section = squashed(path[0])
        if section == "configs" or section in module.sections:
            self._of_group(module, "configs" if section == "configs" else "instances", path[1:], setting)
        elif section == squashed(module.order) or (section == "enabled" and len(path) == 1):
            value = spring.resolved(setting, self.mistakes)
            if value is not None:
                self.own[module.name][section] = value
        elif section in OF_A_MODULE:
            self.idle.append(Idle(".".join(path), setting.raw, OF_A_MODULE[section], setting.key_at.line))
        else:
            one = Given(path[0], setting.raw, setting.at, setting.key_at)
            known = ["configs", *module.sections, module.order, "tags"]
            unknown(one, known, f"the module {module.title}", {}, self.mistakes)

    def _of_group(self, module: Module, section: str, path: spring.Path, setting: Given) -> None:
        if len(path) < 2:
            if setting.raw not in (None, {}, ""):
                self.mistakes.add(setting.at, f"{setting.name}: {setting.raw!r} is not a mapping of settings")
            elif path:
                self.settings[module.name].setdefault(Entry(section, path[0]), {})
            return
        entry, known = Entry(section, path[0]), {squashed(name): name for name in module.known()}
        name = known.get(squashed(path[1]), "")
        if not name or (len(path) > 2 and name != "tags"):
            one = Given(".".join(path[1:]), setting.raw, setting.at, setting.key_at)
            unknown(one, module.known(), module.title, module.gone, self.mistakes)
            return
        settings = self.settings[module.name].setdefault(entry, {})
        if name != "tags":
            if (module.name, entry, name) in self.document:
                self.mistakes.add(setting.key_at, f"{setting.name} says again what {name} says")
            self.document.add((module.name, entry, name))
        one = Given(name, setting.raw, setting.at, setting.key_at)
        if setting.raw in (None, "") and name != "tags":
            empty = f"{module.title}.{name}"
            self.idle.append(Idle(empty, "", "an empty value is none", setting.key_at.line))
            return
        value = spring.resolved(one, self.mistakes)
        if value is not None:
            settings[name] = value
            self.seen.append((module.name, entry, value))

    def names(self) -> list[str]:
        """Instances of any module, in the order of the file; without any, the configs."""
        for section in ("instances", "configs"):
            found = [e.name for groups in self.settings.values() for e in groups if e.section == section]
            if found:
                return list(dict.fromkeys(found))
        return []

    def _bases(self, module: Module, name: str) -> Iterator[Given]:
        """What says whose settings an instance has."""
        groups = self.settings[module.name]
        own = groups.get(Entry("instances", name), {})
        if "baseConfig" not in own:
            configs = (groups.get(Entry("configs", n)) for n in (name, "default"))
            own = next((config for config in configs if config is not None), {})
        passed: set[str] = set()
        while "baseConfig" in own and str(own["baseConfig"].raw) not in passed:
            yield own["baseConfig"]
            passed.add(str(own["baseConfig"].raw))
            own = groups.get(Entry("configs", str(own["baseConfig"].raw)), {})

    def overridden(self) -> Iterator[Idle]:
        """Settings that are nowhere in force, since others are said for them."""
        why = "said anew by an instance, a config or a document that goes before it"
        for module, entry, one in self.seen:
            enabled = self.own[module].get("enabled")
            off = enabled is not None and self._off(enabled)
            config_used = entry.section == "instances" or (module, entry.name) in self.used
            if one.key_at not in self.in_force and config_used and one.name != "baseConfig":
                reason = "the module is switched off" if off else why
                yield Idle(f"{MODULES[module].title}.{one.name}", one.raw, reason, one.key_at.line)
        for module, own in self.own.items():
            if module not in self.stands:
                reason = "no policy of this module stands here"
                yield from (
                    Idle(f"{MODULES[module].title}.{one.name}", one.raw, reason, one.key_at.line)
                    for one in own.values()
                )

    def unused(self) -> Iterator[str]:
        """Configs that no instance of the file is based on."""
        for module in MODULES.values():
            configs = [e.name for e in self.settings[module.name] if e.section == "configs"]
            left = [name for name in configs if (module.name, name) not in self.used]
            if left:
                word = "config" if len(left) == 1 else "configs"
                why = "no instance of this file is based on it; instances that code alone names may be"
                yield f"{module.title}: the {word} {', '.join(left)}: not read, for {why}"

    def imported(self, name: str, wishes: Wishes) -> Imported:
        """The policies of an instance, from the outside in."""
        blocks: list[tuple[int, str, Block]] = []
        found = Imported(name, VERSION, "", [])
        for module in self._modules_of(name, wishes, found):
            settings = self._merged(module, name)
            self.in_force |= {one.key_at for one in settings.values()}
            self.stands.add(module.name)
            made = policies_of.block(module, settings, self.mistakes)
            found.idle += [replace(one, name=f"{module.title}.{one.name}") for one in made.idle]
            found.notes += made.notes
            found.shape += [*made.shape, *self.own[module.name].values(), *self._bases(module, name)]
            blocks.append((self._precedence(module), module.title, made.block))
            found.stack.append((module.policy, made.block))
        ranks = [rank for rank, _, _ in blocks]
        found.stack = [found.stack[i] for i in sorted(range(len(ranks)), key=lambda i: ranks[i])]
        titles = [title for _, title, _ in sorted(blocks, key=lambda one: one[0])]
        moved = any(squashed(m.order) in self.own[m.name] for m in MODULES.values())
        who = "the aspect orders of the file" if moved else "the library's aspect orders"
        found.order = f"{' -> '.join(titles)} ({who})" if titles else "no policies"
        return found

    def _modules_of(self, name: str, wishes: Wishes, found: Imported) -> Iterator[Module]:
        """The modules that say something of an instance. Of its two bulkheads an annotation takes one."""
        both = all(self._has(MODULES[m], name) for m in ("bulkhead", "threadpoolbulkhead"))
        passed = ("bulkhead" if wishes.options.get("thread_pool") else "threadpoolbulkhead") if both else ""
        for module in MODULES.values():
            if not self._has(module, name):
                continue
            enabled = self.own[module.name].get("enabled")
            if enabled is not None and self._off(enabled):
                found.notes.append(f"{module.title} is switched off by `enabled` (line {enabled.at.line})")
            elif module.name == passed:
                other = (
                    "--thread-pool takes this one"
                    if not wishes.options.get("thread_pool")
                    else "--thread-pool"
                )
                why = f"@Bulkhead names one of the two bulkheads: the other one is taken ({other})"
                settings = self._merged(module, name)
                self.in_force |= {one.key_at for one in settings.values()}
                found.idle += [Idle(f"{module.title}.{s.name}", s.raw, why, s.key_at.line)
                               for s in (*settings.values(), *self._bases(module, name))]  # fmt: skip
            else:
                yield module

    def _off(self, enabled: Given) -> bool:
        try:
            return not spring.flag(enabled.raw)
        except ValueError as error:
            self.mistakes.add(enabled.at, f"enabled: {error}")
            return False

    def _has(self, module: Module, name: str) -> bool:
        groups = self.settings[module.name]
        if any(e.section == "instances" for other in self.settings.values() for e in other):
            return Entry("instances", name) in groups
        return Entry("configs", name) in groups

    def _precedence(self, module: Module) -> int:
        """Of its aspect: smaller is further out (Ordered.java)."""
        lowest = 2**31 - 1
        given = self.own[module.name].get(squashed(module.order))
        if given is None:
            return lowest - module.precedence
        value = checked(policies_of.ORDER, spring.convert, given, self.mistakes)
        return lowest if value is None else int(value)

    def _merged(self, module: Module, name: str) -> Settings:
        """Field by field: its own, over its base config; without one, the config of its own name or `default`."""
        groups = self.settings[module.name]
        own = groups.get(Entry("instances", name))
        if own is None:
            return self._config(module, name, ())
        base = own.get("baseConfig")
        if base is not None:
            below = self._config(module, str(base.raw), (), base)
        else:
            below = next(
                (self._config(module, n, ()) for n in (name, "default") if Entry("configs", n) in groups), {}
            )
        return {**below, **{key: one for key, one in own.items() if key != "baseConfig"}}

    def _config(
        self, module: Module, name: str, above: tuple[str, ...], asked: Given | None = None
    ) -> Settings:
        groups: Mapping[Entry, Settings] = self.settings[module.name]
        own = groups.get(Entry("configs", name))
        self.used.add((module.name, name))
        if own is None or name in above:
            known = [e.name for e in groups if e.section == "configs"]
            what = (
                f"the config {name!r} is based on itself" if own else f"{module.title} has no config {name!r}"
            )
            if asked is not None:
                there = "" if own else f" (there are: {', '.join(known) or 'none'})"
                self.mistakes.add(asked.at, f"baseConfig: {what}{there}")
            return {}
        base = own.get("baseConfig")
        below = self._config(module, str(base.raw), (*above, name), base) if base is not None else {}
        return {**below, **{key: one for key, one in own.items() if key != "baseConfig"}}
