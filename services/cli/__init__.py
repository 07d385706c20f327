"""The command line, `evident`."""
