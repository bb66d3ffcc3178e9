"""Settings of all tests."""

from hypothesis import settings

# No deadline per example: how fast the machine is at this moment is not a property of the code.
settings.register_profile("cascadelab", deadline=None, print_blob=True)
settings.load_profile("cascadelab")
