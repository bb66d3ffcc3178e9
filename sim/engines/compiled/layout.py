"""Records of the compiled engine. Whole numbers have 64 bits everywhere: a narrow field would overflow
in silence. References are numbers of records; 0 is nobody. `*_at` are addresses, of what lies elsewhere."""

from typing import Any

import numpy as np

from sim.policies import outlier_hosts
from sim.policies.limits.budget import SLICES
from sim.policies.outlier_params import CAUSES
from sim.words import OUTCOMES

Dtype = np.dtype[np.void]
O = len(OUTCOMES)  # noqa: E741 - shapes are single letters


def record(
    ints: str = "", keys: str = "", floats: str = "", by_outcome: str = "", tenths: str = "", costs: str = "",
    by_cause: str = "",
) -> Dtype:  # fmt: skip
    """A record with these fields; those `by_outcome` hold a number for each outcome, `costs` a float,
    `tenths` one for each slice of a sliding window, `by_cause` one for each cause of an ejection."""
    fields: list[Any] = [(name, np.int64) for name in ints.split()]
    fields += [(name, np.uint64) for name in keys.split()]
    fields += [(name, np.float64) for name in floats.split()]
    fields += [(name, np.int64, (O,)) for name in by_outcome.split()]
    fields += [(name, np.int64, (SLICES,)) for name in tenths.split()]
    fields += [(name, np.float64, (O,)) for name in costs.split()]
    fields += [(name, np.int64, (len(CAUSES),)) for name in by_cause.split()]
    return np.dtype(fields, align=True)


def pool(name: str) -> str:
    """A pool: its records, how many there are, and a stack of the free ones."""
    return f" {name}_at {name}_size free_{name}_at free_{name}"


def log(name: str) -> str:
    """Rows that are only added: where, how many, how many fit."""
    return f" {name}_at {name}_n {name}_size"


# What changes ------------------------------------------------------------------------------------

WORLD = record(
    # The clock, and what a run counts.
    "now happened scheduled stopped depth instant same stuck draining busy sent ended succeeded requests successes"
    " reject_ns"
    # Why the kernel stops between two tasks; the copy that it wants.
    " low margin need broken want want_layer want_caller want_target"
    # Of collecting garbage: a mark for each record, those that are still to be looked at, how often.
    " frames_marks_at jobs_marks_at walks_marks_at joins_marks_at grey_at collections"
    # The recorder.
    " bucket buckets turn_at counters_at visits_at gauges_at counts_at sums_at"
     " bins_at bins_mask bins_n bins_limit"
    + log("heap") + log("tasks") + log("moves") + log("spans") + log("meetings")
    + pool("moments") + pool("frames") + pool("jobs") + pool("walks") + pool("joins")
    + " copies_at copies_n guards_at guards_n throttles_at throttles_n concurrencies_at concurrencies_n"
    " ejectors_at ejectors_n"
    # What stands, and its numbers.
    + " layers_at sites_at steps_at endpoints_at wires_at services_at replicas_at replicas_n sources_at sources_n"
    " hosts_at services_n caches_at caches_n operations_at operations_n users_at faults_at faults_n dists_at"
    " lists_at params_at limits_at throttle_params_at"
    " concurrency_params_at outlier_params_at scopes_at scopes_n",
    keys="seed",
)  # fmt: skip
ROW = record("time order number slot")
"""Of the heap: when, rank and identity, and what is left to tell them apart: who was first."""
MOMENT = record("number op subject")
TASK = record("op a b c", keys="key")
MOVE = record("t_ns scope caller target from_state to_state cause n failures slow open_ns after")
SPAN = record("fault start_ns end_ns")
MEETING = record("scope caller target t_ns")
"""An ejector meets a host."""

FRAME = record(
    "id layer parent call deadline replica"
    # Side by side, for they begin at 0: the compiler clears them at once.
    " state child timer n since until ticket copy aux job next waits_next"
    # Of a call: the root frame.
    " owner_kind owner caller degraded fell_back served_ns propagates",
    keys="key",
    floats="cost",
)
JOB = record(
    "id layer frame endpoint replica deadline arrived arriving begun begun_at over degraded outcome told"
    " fault worked_ns late_ns first_walk last_walk only_walk walks_n before after running_before running_after"
    " runs_on chain",
    keys="key",
)
WALK = record(
    "id job steps steps_n join number waits_since patience_ns work_ns work_left work_since"
    " works_before works_after"
    " i rep calls moment waiting over has_slot next queue_before queue_after works left right",
    floats="began finish",
    keys="key",
)
JOIN = record("id walk step decided ok failed")

# What stands ---------------------------------------------------------------------------------------

DIST = record("kind parts parts_n points_at points_n", floats="a b c")
SERVICE = record(
    "id slots places discipline codel_target_ns codel_interval_ns holds_slot balancer health_check_ns"
    " cold_start_ns first_replica replicas_max turn changes members members_n"
    " cores scaled interval_ns startup_ns least most starting last_ns",
    keys="key",
    floats="contention cold_start_times panic target",
)
ENDPOINT = record("id service steps steps_n fail_fast", floats="error_rate")
STEP = record("id kind endpoint position work site branches branches_n need cancel")
WIRE = record("out back out_ns back_ns out_const back_const slow_n cuts_n faults faults_n")
SITE = record("id edge callee root repeat optional wait cache plain", floats="probability")
LAYER = record(
    "id kind site inner scope nth edge endpoint service row watched by_host timeout_ns cancel deadline_ns propagate attempts backoff base_ns"
    " cap_ns jitter delay_ns extra params key_kind",
    floats="multiplier spread",
    by_outcome="on learn",
)
SCOPE = record("id kind key shared delay_ns first_caller callers first_target targets table_at held")
REPLICA = record(
    "id service inside slots places queue_first queue_last queue_n emptied_at interval_end least_delay"
    " overloaded reset_pending jobs_first jobs_last jobs_n running_first running_last serving member up"
    " down_since cold_until slow_n failing_n hanging_n freezes stops faults faults_n watching"
    " works_first works_last works_n frozen shared cores since counted top next_moment"
    " seen_busy_ns worked_ns",
    floats="virtual",
)
CACHE = record("id keys cumulative_at ttl_ns capacity shared hit first_caller callers stores_at")
OPERATION = record("id at_ns state scopes scopes_n", keys="key")
SOURCE = record(
    "id users users_n clients first_client arrivals sites sites_n shares_at times_at rates_at pieces k"
    " bursting stays since next think",
    keys="root",
    floats="mass factor surge calm_factor burst_factor calm_ns burst_ns constant",
)
USER = record("id source number i", keys="key")
FAULT = record(
    "id verb replicas replicas_n endpoints endpoints_n edges edges_n sources sources_n caches caches_n"
    " plus_ns mode way schedule at_ns for_ns mtbf mttr after_requests repeat active active_since round count"
    " counting",
    keys="key",
    floats="times share",
)

# Breakers ------------------------------------------------------------------------------------------

BREAKER_INTS = (
    "state since generation moves from_state cause seen_n seen_failures seen_slow ordinal attempt open_ns until"
    " asked permits in_flight probe_n probe_failures probe_slow probe_bad n fail_count slow_count sum_ns row"
    " seen ema_at position used bucket start_ns"
)
RINGS = ("n_ring", "failures_ring", "slow_ring", "sum_ring", "stamp_ring")
COPY = record(
    f"{BREAKER_INTS} rings_at ring_size id layer params scope caller target written due timer"
    " born_ns first_state gone first_move last_move seen_move",
    keys="key",
    floats="ema",
)
"""A breaker's record as `sim.policies.breaker` reads it, and who it is."""
PARAMS_INTS = (
    "always slow_ns slow_failures window size width_ns span_ns grid of ema_by_count judges_slow evaluate"
    " open_kind open_ns cap_ns jitter_kind step_ns strict leave half_open_ns half_open_then probe probes ramp_ns"
    " ignored decide closes_at opens_at decide_n decide_quantity late while_open clear initial asks timed"
    " rolls needs_bad"
)
PARAMS_FLOATS = "ema slow_ratio multiplier jitter ramp_from ramp_to decide_ratio"
PARAMS_LISTS = ("open_list", "rule_causes", "rule_ends", "quantities", "comparisons")
PARAMS = record(
    PARAMS_INTS + "".join(f" {name}_at {name}_n" for name in (*PARAMS_LISTS, "thresholds")),
    floats=PARAMS_FLOATS,
)
"""`sim.policies.breaker_parts.Params`, its lists elsewhere."""

# Limits --------------------------------------------------------------------------------------------

GUARD = record(
    "id layer scope at_ns taken threads first_idle idle_n idle_at idle_size slice slice_ns total_first"
    " total_retries active retrying cycle permissions start_ns waiting_first waiting_last waiting_n",
    floats="tokens",
    tenths="first retries",
)
"""A copy of a bulkhead, a rate limit or a retry budget, as `sim.policies` reads it, and who waits for it."""
LIMIT_INTS = (
    "limit queue max_wait_ns core keep_alive_ns kind window_ns min_concurrent whole deposit withdrawal"
    " period_ns timeout_ns cycles"
)
LIMIT_FLOATS = "rate_per_s burst ratio min_per_s capacity no_retry_earns"
LIMIT = record(LIMIT_INTS, floats=LIMIT_FLOATS, costs="costs")
"""Parameters of one."""

THROTTLE_INTS = "start_ns bucket total_requests total_accepts average_at passed_at"
THROTTLE_RINGS = ("requested_ring", "accepted_ring", "failed_ring")
THROTTLE = record(f"id layer scope {THROTTLE_INTS} rings_at ring_size", floats="average")
"""A copy of an adaptive throttle, as `sim.policies.limits.throttle` reads it."""
THROTTLE_PARAMS = record(
    "kind window_ns buckets anchored counted tau_ns minimum local pass_after_ns grain",
    floats="k k_least grace power cap least_per_s threshold",
    by_outcome="accepts",
)

CONCURRENCY_INTS = (
    "count epoch latencies_n latencies_sum least_ns measuring next_ns ordinal recalc_at stuck window_busy"
    " window_dropped window_least_ns window_until"
)
CONCURRENCY_FLOATS = "limit long total restore"
CONCURRENCY = record(
    f"id layer scope inside {CONCURRENCY_INTS} latencies_at latencies_size",
    keys="key",
    floats=CONCURRENCY_FLOATS,
)
"""A copy of an adaptive concurrency limit, as `sim.policies.limits.concurrency` reads it, and how many calls are
inside."""
CONCURRENCY_PARAMS = record(
    "kind initial least most timeout_ns window probe alpha beta update_ns recalc_ns samples fixed_ns windowed"
    " window_least_ns window_most_ns window_samples window_ignores_ns",
    floats="backoff smoothing tolerance queue recalc_jitter buffer percentile window_percentile",
    by_outcome="learn",
)

# Host ejection -------------------------------------------------------------------------------------

EJECTOR = record(
    f"id layer scope caller first_host changes timer gone rows_at {' '.join(outlier_hosts.NUMBERS)}",
    keys="key",
)
"""What one caller knows of the hosts of a service, as `sim.policies.outlier` reads it."""
EJECTOR_LISTS = (*outlier_hosts.LISTS, "met")
"""Its lists lie one after the other; `met`: hosts that have a row in the table of copies."""
OUTLIER_PARAMS = record(
    "interval_ns base_ns max_ns jitter_ns always_one run_5xx run_gateway split run_local rate rate_hosts rate_volume"
    " percentage percentage_hosts percentage_volume fail_on_panic ok_below limit order decay strict_return"
    " strict_percentage judge_ejected uncapped",
    floats="max_percent rate_factor percentage_threshold panic_percent unit",
    by_cause="enforced",
)
