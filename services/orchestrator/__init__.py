"""The orchestrator: claims stages, has them run, renews their leases, keeps the queue in order."""
