"""Where segments of clips are rendered besides the process whose job it is: pools, and Ray."""
