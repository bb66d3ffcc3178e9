"""What pairing by seed is worth, and whether paired intervals hold the truth: `python -m tests.estimators`."""
