"""How a network runs: the engine protocol, one file per engine, choice, tiling, residency."""
