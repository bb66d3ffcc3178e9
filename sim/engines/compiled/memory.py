"""Records and arrays at addresses, for compiled code: what an object with slots is to Python.

A reference to a record is good until the kernel lets Python enlarge the pools, between two tasks.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import make_array, populate_array

from sim.engines.compiled import layout


def compiled(function: Any) -> Any:
    """A function that compiled code may call. Not `njit`, which would compile it once for every constant
    that somebody calls it with."""
    return register_jitable(function)


@intrinsic
def record_at(context: Any, address: Any, number: Any, dtype: Any) -> Any:
    """Record `number` of those that begin at `address`."""
    kind = dtype.dtype

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        offset = builder.mul(args[1], context.get_constant(types.int64, kind.size))
        return builder.inttoptr(builder.add(args[0], offset), context.get_value_type(kind))

    return kind(types.int64, types.int64, dtype), code


@intrinsic
def array_at(context: Any, address: Any, n: Any, dtype: Any) -> Any:
    """The array of `n` numbers at `address`, which somebody else keeps."""
    kind = types.Array(dtype.dtype, 1, "C")

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = make_array(kind)(context, builder)
        size = context.get_constant(types.intp, dtype.dtype.bitwidth // 8)
        data = builder.inttoptr(args[0], array.data.type)
        populate_array(array, data=data, shape=[args[1]], strides=[size], itemsize=size, meminfo=None)
        return array._getvalue()

    return kind(types.int64, types.int64, dtype), code


@compiled
def ints(address: int, n: int) -> Any:
    """Whole numbers."""
    return array_at(address, n, np.int64)


@compiled
def reals(address: int, n: int) -> Any:
    """Floating-point numbers."""
    return array_at(address, n, np.float64)


ANY = 0
"""Size of a table whose bounds nobody checks here: its numbers come from the builder. With 0 there is nothing
to add to a negative index either."""


@compiled
def lists(w: Any) -> Any:
    """All lists of the topology, one after the other."""
    return array_at(w.lists_at, ANY, np.int64)


@compiled
def frame_of(w: Any, number: int) -> Any:
    return record_at(w.frames_at, number, layout.FRAME)


@compiled
def job_of(w: Any, number: int) -> Any:
    return record_at(w.jobs_at, number, layout.JOB)


@compiled
def walk_of(w: Any, number: int) -> Any:
    return record_at(w.walks_at, number, layout.WALK)


@compiled
def join_of(w: Any, number: int) -> Any:
    return record_at(w.joins_at, number, layout.JOIN)


@compiled
def layer_of(w: Any, number: int) -> Any:
    return record_at(w.layers_at, number, layout.LAYER)


@compiled
def site_of(w: Any, number: int) -> Any:
    return record_at(w.sites_at, number, layout.SITE)


@compiled
def step_of(w: Any, number: int) -> Any:
    return record_at(w.steps_at, number, layout.STEP)


@compiled
def endpoint_of(w: Any, number: int) -> Any:
    return record_at(w.endpoints_at, number, layout.ENDPOINT)


@compiled
def wire_of(w: Any, number: int) -> Any:
    return record_at(w.wires_at, number, layout.WIRE)


@compiled
def service_of(w: Any, number: int) -> Any:
    return record_at(w.services_at, number, layout.SERVICE)


@compiled
def replica_of(w: Any, number: int) -> Any:
    return record_at(w.replicas_at, number, layout.REPLICA)


@compiled
def source_of(w: Any, number: int) -> Any:
    return record_at(w.sources_at, number, layout.SOURCE)


@compiled
def user_of(w: Any, number: int) -> Any:
    return record_at(w.users_at, number, layout.USER)


@compiled
def fault_of(w: Any, number: int) -> Any:
    return record_at(w.faults_at, number, layout.FAULT)


@compiled
def dist_of(w: Any, number: int) -> Any:
    return record_at(w.dists_at, number, layout.DIST)


@compiled
def scope_of(w: Any, number: int) -> Any:
    return record_at(w.scopes_at, number, layout.SCOPE)


@compiled
def copy_of(w: Any, number: int) -> Any:
    return record_at(w.copies_at, number, layout.COPY)


@compiled
def cache_of(w: Any, number: int) -> Any:
    return record_at(w.caches_at, number, layout.CACHE)


@compiled
def operation_of(w: Any, number: int) -> Any:
    return record_at(w.operations_at, number, layout.OPERATION)


@compiled
def guard_of(w: Any, number: int) -> Any:
    return record_at(w.guards_at, number, layout.GUARD)


@compiled
def limit_of(w: Any, number: int) -> Any:
    return record_at(w.limits_at, number, layout.LIMIT)


@compiled
def throttle_of(w: Any, number: int) -> Any:
    return record_at(w.throttles_at, number, layout.THROTTLE)


@compiled
def throttle_params_of(w: Any, number: int) -> Any:
    return record_at(w.throttle_params_at, number, layout.THROTTLE_PARAMS)


@compiled
def concurrency_of(w: Any, number: int) -> Any:
    return record_at(w.concurrencies_at, number, layout.CONCURRENCY)


@compiled
def concurrency_params_of(w: Any, number: int) -> Any:
    return record_at(w.concurrency_params_at, number, layout.CONCURRENCY_PARAMS)


@compiled
def ejector_of(w: Any, number: int) -> Any:
    return record_at(w.ejectors_at, number, layout.EJECTOR)


@compiled
def outlier_params_of(w: Any, number: int) -> Any:
    return record_at(w.outlier_params_at, number, layout.OUTLIER_PARAMS)


@compiled
def params_of(w: Any, number: int) -> Any:
    return record_at(w.params_at, number, layout.PARAMS)
