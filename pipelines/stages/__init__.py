"""The stages of a graph: ingest, detect_track, enhance, qa, export."""
