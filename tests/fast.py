"""The engine for tests of what both engines do alike (that they do is tested in tests/engines)."""

from importlib.util import find_spec

ENGINE = "compiled" if find_spec("numba") else "simpy"
"""The fast one, where it is there."""
