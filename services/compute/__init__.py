"""Where samples are computed besides the process whose job it is: pools, and Ray."""
