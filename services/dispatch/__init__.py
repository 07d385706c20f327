"""Messages that wake a lane, and nothing else: in this process, or through Celery."""
