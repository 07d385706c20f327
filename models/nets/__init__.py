"""The networks that are defined here."""
