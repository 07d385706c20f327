"""Evidence as pure functions: bytes in, value or error out."""
