"""Caches before calls: keys drawn by popularity, time to live, least recently used leaves first.

A store is a ring through its entries: per item its expiry + 1 (0: absent), and who is before and after it,
numbered from 1. Item 0 is the ring itself: its length, its last and its first item.
"""

from typing import Any

from sim import luck
from sim.engines.compiled.draws import draw
from sim.engines.compiled.memory import ANY, cache_of, compiled, ints, reals
from sim.words import FOREVER


@compiled
def store_of(cache: Any, caller: int) -> Any:
    """The entries that a caller sees."""
    place = 0 if cache.shared else caller - cache.first_caller
    return ints(cache.stores_at + 8 * place * store_size(cache.keys), store_size(cache.keys))


@compiled
def store_size(keys: int) -> int:
    return 3 * (keys + 1)


@compiled
def item_of(cache: Any, key: Any) -> int:
    """Which item a call asks for, from 1."""
    u, cumulative = luck.uniform(key, luck.CACHE_KEY), reals(cache.cumulative_at, ANY)
    low, high = 0, cache.keys
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] < u:
            low = middle + 1
        else:
            high = middle
    return low + 1


@compiled
def take_entry(store: Any, item: int) -> int:
    """Remove an item; its expiry, -1 without one."""
    if store[3 * item] == 0:
        return -1
    expiry, before, after = store[3 * item] - 1, store[3 * item + 1], store[3 * item + 2]
    store[3 * before + 2], store[3 * after + 1] = after, before
    store[3 * item] = 0
    store[0] -= 1
    return expiry


@compiled
def add_entry(store: Any, item: int, expiry: int) -> None:
    """The most recently used."""
    last = store[1]
    store[3 * item], store[3 * item + 1], store[3 * item + 2] = expiry + 1, last, 0
    store[3 * last + 2] = item
    store[1] = item
    store[0] += 1


@compiled
def look_up(w: Any, cache: Any, caller: int, key: Any) -> int:
    """Time of the hit in ns, or -1 for a miss."""
    store, item = store_of(cache, caller), item_of(cache, key)
    expiry = take_entry(store, item)
    if expiry <= w.now:
        return -1
    add_entry(store, item, expiry)
    return draw(w, cache.hit, luck.uniform(key, luck.CACHE_KEY, 1))


@compiled
def keep(w: Any, cache: Any, caller: int, key: Any) -> None:
    """A miss was answered."""
    store, item = store_of(cache, caller), item_of(cache, key)
    take_entry(store, item)
    add_entry(store, item, w.now + cache.ttl_ns if cache.ttl_ns < FOREVER else FOREVER)
    if 0 <= cache.capacity < store[0]:
        take_entry(store, store[2])


@compiled
def clear(store: Any) -> None:
    """Everything is gone."""
    item = store[2]
    while item:
        following = store[3 * item + 2]
        store[3 * item] = 0
        item = following
    store[0] = store[1] = store[2] = 0


@compiled
def flush(cache: Any) -> None:
    """Every store of it is emptied."""
    for place in range(cache.callers):
        clear(store_of(cache, cache.first_caller + place))


@compiled
def forget_entries(w: Any, caller: int) -> None:
    """A replica restarted: its own entries are gone."""
    for i in range(w.caches_n):
        cache = cache_of(w, i)
        if not cache.shared and 0 <= caller - cache.first_caller < cache.callers:
            clear(store_of(cache, caller))
