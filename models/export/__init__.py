"""How a trained network becomes the files that ship, with a parity check."""
