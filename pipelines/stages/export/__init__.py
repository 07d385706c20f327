"""Hands the result over: the report as facts, as a document for people, and as a few lines."""
