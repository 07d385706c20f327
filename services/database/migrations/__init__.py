"""How the tables came to be: one file per step, each with its way back."""
