"""Caches before calls: keys drawn by popularity, time to live, least recently used leaves first."""

from bisect import bisect_left

from sim import luck
from sim.distributions import draw
from sim.topology.types import Cache
from sim.words import FOREVER


class CacheState:
    """The entries of one cache, per caller replica or shared."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.stores: dict[int, dict[int, int]] = {}
        """Copy -> key -> expiry, least recently used first."""

    def _store_of(self, caller: int) -> dict[int, int]:
        return self.stores.setdefault(-1 if self.cache.shared else caller, {})

    def _item(self, key: int) -> int:
        return bisect_left(self.cache.cumulative, luck.uniform(key, luck.CACHE_KEY))

    def look_up(self, caller: int, key: int, now: int) -> int:
        """Time of the hit in ns, or -1 for a miss."""
        store, item = self._store_of(caller), self._item(key)
        expiry = store.pop(item, -1)
        if expiry <= now:
            return -1
        store[item] = expiry
        return draw(self.cache.hit, luck.uniform(key, luck.CACHE_KEY, 1))

    def store(self, caller: int, key: int, now: int) -> None:
        """A miss was answered."""
        store, item = self._store_of(caller), self._item(key)
        store.pop(item, None)
        store[item] = now + self.cache.ttl_ns if self.cache.ttl_ns < FOREVER else FOREVER
        if 0 <= self.cache.capacity < len(store):
            del store[next(iter(store))]

    def flush(self) -> None:
        """Everything is gone."""
        self.stores.clear()

    def forget_caller(self, caller: int) -> None:
        """A replica restarted: its own entries are gone."""
        self.stores.pop(caller, None)
