"""What a decode child can be asked to do, one task per file."""
