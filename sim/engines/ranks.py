"""The order of events at one instant, and its bounds: the same for both engines."""

RANK_FAULT = 1 << 60
RANK_ANSWER = 2 << 60
RANK_TIMER = 3 << 60
RANK_ARRIVAL = 4 << 60
"""At one instant: faults, then answers (and work that ends), then timeouts, then arrivals."""

INSTANT_LIMIT = 1_000_000
"""So many events without time passing are a loop, not a model."""

DEPTH = 16
"""So many messages without delay are handled within each other before one becomes an event."""
