"""What can be done to pixels: one file per operation."""
