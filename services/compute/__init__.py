"""Executors of planned work: this process, or a Ray cluster."""
