"""Metrics with fingerprints: a number means something beside one that was made the same way."""
