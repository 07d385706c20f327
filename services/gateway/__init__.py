"""The HTTP interface to the platform."""
