"""Experiments: grids of variants, seeds and parameters, run on many processes, compared by seed."""
