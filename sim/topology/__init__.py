"""The frozen, integer-indexed graph that engines run: no names are looked up after this."""
