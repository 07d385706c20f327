"""Turns settled files in watched buckets and folders into jobs."""
