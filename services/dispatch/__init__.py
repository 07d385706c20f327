"""Wakes lanes of work: the durable queue and its in-process twin."""
