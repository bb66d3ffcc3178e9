"""Layered layout of a call graph: longest path from the sources, then barycentre sweeps."""

from collections.abc import Mapping, Sequence

SWEEPS = 4


def layers(nodes: Sequence[int], edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Depth of each node; edges that close a cycle are left out."""
    following: dict[int, list[int]] = {n: [] for n in nodes}
    for a, b in sorted(set(edges)):
        following[a].append(b)
    depth = dict.fromkeys(nodes, 0)
    state: dict[int, int] = {}
    order: list[int] = []
    kept: dict[int, list[int]] = {n: [] for n in nodes}
    for root in nodes:
        stack = [(root, iter(following[root]))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            node, rest = stack[-1]
            for nxt in rest:
                if state.get(nxt) == 1 and any(n == nxt for n, _ in stack):
                    continue
                kept[node].append(nxt)
                if nxt not in state:
                    state[nxt] = 1
                    stack.append((nxt, iter(following[nxt])))
                    break
            else:
                state[node] = 2
                order.append(node)
                stack.pop()
    for node in reversed(order):
        for nxt in kept[node]:
            depth[nxt] = max(depth[nxt], depth[node] + 1)
    return depth


def positions(
    nodes: Sequence[int], edges: Sequence[tuple[int, int]], depth: Mapping[int, int]
) -> dict[int, tuple[float, float]]:
    """(x, y) in 0..1: x by depth, y by the mean place of neighbours."""
    rows: dict[int, list[int]] = {}
    for node in nodes:
        rows.setdefault(depth[node], []).append(node)
    place = {
        n: i / max(1, len(row) - 1) if len(row) > 1 else 0.5
        for row in rows.values()
        for i, n in enumerate(row)
    }
    near: dict[int, list[int]] = {n: [] for n in nodes}
    for a, b in edges:
        if a == b or a not in near or b not in near:
            continue
        near[a].append(b)
        near[b].append(a)
    for sweep in range(SWEEPS):
        for d in sorted(rows, reverse=bool(sweep % 2)):
            row = rows[d]
            row.sort(
                key=lambda n: (sum(place[m] for m in near[n]) / len(near[n]) if near[n] else place[n], n)
            )
            for i, n in enumerate(row):
                place[n] = (i + 1) / (len(row) + 1)
    highest = min(rows, default=0)
    deepest = max(rows, default=0)
    return {n: ((depth[n] - highest) / max(1, deepest - highest), 1.0 - place[n]) for n in nodes}
