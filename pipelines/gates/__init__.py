"""Runs the pipeline over golden sets and gives verdicts on networks."""
