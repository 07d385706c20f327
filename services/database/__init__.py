"""The stored records and their migrations."""
