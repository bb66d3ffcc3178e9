"""resilience4j settings of Spring Boot."""

from collections.abc import Iterator

from sim.vendor.kinds import Seen
from sim.vendor.source import Source, all_keys


def seen(source: Source) -> Iterator[Seen]:
    """Keys below `resilience4j`."""
    for tree, place in all_keys(source):
        if len(place) == 1 and str(place[0]).split(".")[0] == "resilience4j":
            yield Seen(f"`{place[0]}`", tree.keys[place])
