"""Service graphs of other tools -> scenarios. What a file does not say is an assumption, marked beside its value."""
