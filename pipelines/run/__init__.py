"""Runs a planned job in one process: the runner, the pixel loop, the marks."""
