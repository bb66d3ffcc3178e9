"""Measures: pure functions of a record and its topology."""

from sim.measures.evaluate import evaluate
from sim.measures.registry import REGISTRY, Definition

__all__ = ["REGISTRY", "Definition", "evaluate"]
