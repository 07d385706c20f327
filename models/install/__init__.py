"""How weights come into a machine's catalog: from disk or from their makers, on record."""
