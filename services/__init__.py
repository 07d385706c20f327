"""Processes and the outside world."""
