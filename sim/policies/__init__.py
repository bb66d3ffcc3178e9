"""Policies: breakers, throttles, buckets, backoff. They know nothing of the simulation: time is an argument."""
