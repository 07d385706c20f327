"""How our own networks were made, reproducibly."""
