"""Records: the tables that hold the truth, on SQLite or PostgreSQL, and how they change."""
