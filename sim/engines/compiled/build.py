"""Topology -> flat records."""

from typing import Any

import numpy as np

from sim import luck
from sim.distributions import CONSTANT, Dist
from sim.engines.compiled import layout
from sim.engines.compiled.build_layers import Layers
from sim.engines.shape import shares_cores
from sim.topology import types as t
from sim.words import FOREVER


class Standing:
    """What stands during a run, and the state of sources, replicas and faults, by the names of WORLD."""

    def __init__(self, topology: t.Topology, seed: int) -> None:
        self.topology = topology
        self.seed = seed
        self.lists: list[int] = []
        self.dists: list[tuple[Any, ...]] = []
        self.kept: list[Any] = []
        """Arrays that records point at."""
        self.tables: dict[str, Any] = {}
        self._services()
        self._endpoints()
        self._wires()
        self._sources()
        self._faults()
        self._replicas()
        self._caches()
        self._operations()
        layers = Layers(topology, self)
        self.tables |= layers.tables
        self.caller_names = layers.caller_names
        self.breakers = layers.breakers
        self.limits = layers.limit_params
        self.params_of = layers.other_params
        self.table_of = layers.table_of
        dists = np.zeros(max(1, len(self.dists)), layout.DIST)
        for i, row in enumerate(self.dists):
            fill(dists, i, dict(zip(DIST_FIELDS, row, strict=True)))
        self.tables["dists"] = dists
        self.tables["lists"] = np.array([*self.lists, 0], dtype=np.int64)
        self.tables["hosts"] = np.zeros(max(1, topology.replicas), dtype=np.int64)

    # Parts -----------------------------------------------------------------------------------------

    def list_of(self, numbers: Any) -> int:
        """Put numbers away; where they begin."""
        start = len(self.lists)
        self.lists += [int(n) for n in numbers]
        return start

    def dist(self, d: Dist | None) -> int:
        """Put a distribution away; its number, -1 for none."""
        if d is None:
            return -1
        return self._dists([d])

    def _dists(self, many: list[Dist]) -> int:
        first = len(self.dists)
        self.dists += [()] * len(many)
        for i, d in enumerate(many):
            points = self.keep([x for point in d.points for x in point], np.float64)
            parts = self._dists(list(d.parts)) if d.parts else -1
            self.dists[first + i] = (d.kind, parts, len(d.parts), points, len(d.points), d.a, d.b, d.c)
        return first

    def keep(self, numbers: Any, kind: Any = np.int64) -> int:
        """Put an array away; its address. One more number, so that an empty one has an address too."""
        array = np.array([*numbers, 0], dtype=kind)
        self.kept.append(array)
        return int(array.ctypes.data)

    def table(self, name: str, dtype: Any, rows: list[dict[str, Any]]) -> Any:
        """Records by name, at least one."""
        made = np.zeros(max(1, len(rows)), dtype)
        for i, row in enumerate(rows):
            fill(made, i, row)
        self.tables[name] = made
        return made

    # Records ---------------------------------------------------------------------------------------

    def _services(self) -> None:
        rows = []
        for s in self.topology.services:
            members = [s.first_replica + i for i in range(s.replicas_max)]
            same = (
                "id discipline codel_target_ns codel_interval_ns holds_slot balancer health_check_ns cold_start_ns"
                " first_replica replicas_max contention cold_start_times panic"
            )
            rows.append(
                {name: getattr(s, name) for name in same.split()}
                | {"slots": unlimited(s.slots), "places": unlimited(s.queue)}
                | {"members": self.list_of(members), "members_n": s.replicas, "cores": s.cores}
                | self._scale(s)
            )
        self.table("services", layout.SERVICE, rows)

    def _scale(self, s: t.Service) -> dict[str, Any]:
        scale = s.autoscale
        if scale is None:
            return {}
        return {
            "scaled": 1, "target": scale.target, "interval_ns": scale.interval_ns,
            "startup_ns": scale.startup_ns, "least": scale.min, "most": scale.max,
            "key": luck.named(self.seed, f"autoscale {s.name}"),
        }  # fmt: skip

    def _endpoints(self) -> None:
        rows = [
            {"id": e.id, "service": e.service, "fail_fast": e.fail_fast, "error_rate": e.error_rate}
            | {"steps": self.list_of(e.steps), "steps_n": len(e.steps)}
            for e in self.topology.endpoints
        ]
        self.table("endpoints", layout.ENDPOINT, rows)
        self.table("steps", layout.STEP, [self._step(s) for s in self.topology.steps])

    def _step(self, s: t.Step) -> dict[str, Any]:
        branches = [x for steps in s.branches for x in (self.list_of(steps), len(steps))]
        same = {
            name: getattr(s, name)
            for name in ("id", "kind", "endpoint", "position", "site", "need", "cancel")
        }
        own = {"branches": self.list_of(branches), "branches_n": len(s.branches)}
        return same | own | {"work": self.dist(s.work)}

    def _wires(self) -> None:
        rows = []
        for e in self.topology.edges:
            faults = [f.id for f in self.topology.faults if e.id in f.edges]
            out, back = (int(d.a) if d.kind == CONSTANT else -1 for d in (e.out, e.back))
            rows.append(
                {"out": self.dist(e.out), "back": self.dist(e.back), "out_ns": out, "back_ns": back}
                | {"out_const": out, "back_const": back}
                | {"faults": self.list_of(faults), "faults_n": len(faults)}
            )
        self.table("wires", layout.WIRE, rows)

    def _sources(self) -> None:
        users: list[dict[str, Any]] = []
        rows = []
        for s in self.topology.sources:
            root = luck.named(self.seed, s.name)
            first, times = len(users), [at for at, _ in s.rate]
            for i in range(s.users):
                key = luck.child(root, luck.CLIENT, i)
                users.append({"id": first + i, "source": s.id, "number": i, "key": key})
            rates = [rate for _, rate in s.rate]
            rows.append(
                {"id": s.id, "users": first, "users_n": s.users, "clients": s.clients, "arrivals": s.arrivals}
                | {
                    "first_client": self.topology.first_client[s.id],
                    "root": root,
                    "think": self.dist(s.think),
                }
                | {"sites": self.list_of(s.sites), "sites_n": len(s.sites)}
                | {"shares_at": self.keep(s.shares, np.float64), "times_at": self.keep(times)}
                | {"rates_at": self.keep(rates, np.float64), "pieces": len(rates)}
                | {"constant": rates[0] if len(rates) == 1 else 0.0, "surge": 1.0}
                | {"factor": s.burst_factors[0], "calm_factor": s.burst_factors[0]}
                | {"burst_factor": s.burst_factors[1]}
                | {"calm_ns": s.burst_means_ns[0], "burst_ns": s.burst_means_ns[1]}
            )
        self.table("sources", layout.SOURCE, rows)
        self.table("users", layout.USER, users)

    def _faults(self) -> None:
        rows = []
        for f in self.topology.faults:
            same = "id verb plus_ns mode way schedule at_ns for_ns after_requests repeat times share"
            row = {name: getattr(f, name) for name in same.split()}
            for name in ("replicas", "endpoints", "edges", "sources", "caches"):
                numbers = getattr(f, name)
                row |= {name: self.list_of(numbers), f"{name}_n": len(numbers)}
            row |= {"mtbf": self.dist(f.mtbf), "mttr": self.dist(f.mttr), "active_since": -1}
            row |= {
                "key": luck.named(self.seed, f"fault {f.name}"),
                "counting": f.schedule == t.AFTER_REQUESTS,
            }
            rows.append(row)
        self.table("faults", layout.FAULT, rows)

    def _replicas(self) -> None:
        rows: list[dict[str, Any]] = []
        for s in self.topology.services:
            shared = shares_cores(self.topology, s)
            for i in range(s.replicas_max):
                number = s.first_replica + i
                faults = [f.id for f in self.topology.faults if number in f.replicas]
                there = i < s.replicas
                rows.append(
                    {"id": number, "service": s.id, "slots": unlimited(s.slots), "places": unlimited(s.queue)}
                    | {"faults": self.list_of(faults), "faults_n": len(faults), "reset_pending": 1}
                    | {"member": there, "up": there, "shared": shared, "cores": s.cores}
                )
        self.table("replicas", layout.REPLICA, rows)

    def _caches(self) -> None:
        rows = []
        for c in self.topology.caches:
            users = [s for s in self.topology.sites if s.cache == c.id and s.endpoint >= 0]
            ids = {self.topology.endpoints[s.endpoint].service for s in users}
            services = [s for s in self.topology.services if s.id in ids]
            first = min((s.first_replica for s in services), default=0)
            last = max((s.first_replica + s.replicas_max for s in services), default=1)
            callers = 1 if c.shared else last - first
            stores = np.zeros(callers * 3 * (c.keys + 1), dtype=np.int64)
            self.kept.append(stores)
            rows.append(
                {"id": c.id, "keys": c.keys, "ttl_ns": c.ttl_ns, "capacity": c.capacity, "shared": c.shared}
                | {"cumulative_at": self.keep(c.cumulative, np.float64), "hit": self.dist(c.hit)}
                | {"first_caller": first, "callers": callers, "stores_at": stores.ctypes.data}
            )
        self.table("caches", layout.CACHE, rows)

    def _operations(self) -> None:
        rows = [
            {"id": i, "at_ns": o.at_ns, "state": o.state, "key": luck.named(self.seed, f"operation {o.id}")}
            | {"scopes": self.list_of(o.scopes), "scopes_n": len(o.scopes)}
            for i, o in enumerate(self.topology.operations)
        ]
        self.table("operations", layout.OPERATION, rows)


DIST_FIELDS = ("kind", "parts", "parts_n", "points_at", "points_n", "a", "b", "c")


def unlimited(n: int) -> int:
    """-1 is no limit."""
    return n if n >= 0 else FOREVER


def fill(records: Any, number: int, row: dict[str, Any]) -> None:
    """Set the fields of one record."""
    for name, value in row.items():
        records[name][number] = value
