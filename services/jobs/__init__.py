"""The use cases of a job: submit, advance, cancel, retry."""
