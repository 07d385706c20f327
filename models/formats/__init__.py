"""The file formats that weights are kept in, read and written without an engine."""
