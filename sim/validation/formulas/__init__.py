"""Exact values, computed from formulas with their sources: by subject queues, networks, breakers, overload.

Times are in units of the mean service time unless a parameter says otherwise; `load` is offered load in erlangs.
"""
