"""How results are judged: metrics with fingerprints, maps, flicker, drift."""
