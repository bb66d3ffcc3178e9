"""The reference engine: design 6 told in callbacks on SimPy events."""
