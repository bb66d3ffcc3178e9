"""Limiters and budgets: a quantity is estimated, controlled, and compared on admission."""
