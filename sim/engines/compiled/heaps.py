"""A skew heap of the walks at shared cores: by (finish, key, number), merged without recursion."""

from typing import Any

from sim.engines.compiled.memory import compiled, walk_of


@compiled
def sooner(a: Any, b: Any) -> bool:
    """Will walk a be done before walk b?"""
    if a.finish != b.finish:
        return a.finish < b.finish
    return a.key < b.key or (a.key == b.key and a.number < b.number)


@compiled
def union(w: Any, a: int, b: int) -> int:
    """The first of two heaps made one: down the right spines, whose nodes change their hands."""
    first = last = 0
    while a and b:
        if sooner(walk_of(w, b), walk_of(w, a)):
            a, b = b, a
        node = walk_of(w, a)
        following = node.right
        node.right = node.left
        node.left = 0
        if last:
            walk_of(w, last).left = a
        else:
            first = a
        last, a = a, following
    rest = a if a else b
    if last:
        walk_of(w, last).left = rest
        return first
    return rest


@compiled
def remove_first(w: Any, top: int) -> int:
    """The first of what is left without the top."""
    node = walk_of(w, top)
    left, right = node.left, node.right
    node.left = node.right = 0
    return union(w, left, right)
