"""A package, for some libraries install a package `tests` too, which would hide a mere folder."""
