"""Settings of policies as libraries and meshes write them, a reader for each."""
