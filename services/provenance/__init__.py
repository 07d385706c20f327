"""The sealed log: durable entries, tiles, checkpoints and the signing key."""
