"""Lists of records, by the names by which the policies read them: arrays at addresses that the records hold.

numba asks for an attribute of any record in one place, so a list has a name that no field has.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload, overload_attribute

from sim.engines.compiled import layout
from sim.engines.compiled.memory import array_at
from sim.policies.limits import samples
from sim.policies.outlier_hosts import room

FIELDS = {
    name for dtype in vars(layout).values() if isinstance(dtype, np.dtype) for name in dtype.names or ()
}


def _list(name: str, typed: Any) -> None:
    if name in FIELDS:
        msg = f"a record has a field of the name of the list {name}"
        raise TypeError(msg)
    overload_attribute(types.Record, name, strict=False)(typed)


def _ring(place: int) -> Any:
    """One of several rings of a size."""

    def typed(record: Any) -> Any:
        return lambda record: array_at(
            record.rings_at + place * 8 * record.ring_size, record.ring_size, np.int64
        )

    return typed


for _rings in (layout.RINGS, layout.THROTTLE_RINGS):
    for _place, _name in enumerate(_rings):
        _list(_name, _ring(_place))


def _of_hosts(first: int, rows: int) -> Any:
    """`rows` entries per host, after `first` others."""

    def typed(record: Any) -> Any:
        return lambda record: array_at(
            record.rows_at + first * 8 * record.hosts, rows * record.hosts, np.int64
        )

    return typed


EJECTOR_ROWS = 0
"""Entries per host of all lists of an ejector."""
for _name in layout.EJECTOR_LISTS:
    _list(_name, _of_hosts(EJECTOR_ROWS, room(_name, 1)))
    EJECTOR_ROWS += room(_name, 1)


def _open_list(p: Any) -> Any:
    return lambda p: array_at(p.open_list_at, p.open_list_n, np.int64)


def _rule_causes(p: Any) -> Any:
    return lambda p: array_at(p.rule_causes_at, p.rule_causes_n, np.int64)


def _rule_ends(p: Any) -> Any:
    return lambda p: array_at(p.rule_ends_at, p.rule_ends_n, np.int64)


def _quantities(p: Any) -> Any:
    return lambda p: array_at(p.quantities_at, p.quantities_n, np.int64)


def _comparisons(p: Any) -> Any:
    return lambda p: array_at(p.comparisons_at, p.comparisons_n, np.int64)


def _thresholds(p: Any) -> Any:
    return lambda p: array_at(p.thresholds_at, p.thresholds_n, np.float64)


def _idle(s: Any) -> Any:
    return lambda s: array_at(s.idle_at, s.idle_size, np.int64)


def _latencies(s: Any) -> Any:
    return lambda s: array_at(s.latencies_at, s.latencies_size, np.int64)


for _name, _typed in (
    ("open_list", _open_list), ("rule_causes", _rule_causes), ("rule_ends", _rule_ends),
    ("quantities", _quantities), ("comparisons", _comparisons), ("thresholds", _thresholds),
    ("idle", _idle), ("latencies", _latencies),
):  # fmt: skip
    _list(_name, _typed)


# Samples: Python enlarges their arrays between two tasks --------------------------------------------


@overload(samples.put, strict=False)
def _put(values: Any, n: Any, value: Any) -> Any:
    def code(values: Any, n: Any, value: Any) -> None:
        values[n] = value

    return code


@overload(samples.ranked, strict=False)
def _ranked(values: Any, n: Any, rank: Any) -> Any:
    return lambda values, n, rank: np.sort(values[:n])[rank]
