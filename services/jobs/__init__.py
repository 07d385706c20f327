"""Jobs: what is to be done, whose turn it is, who does it under which right, and how it ended."""
