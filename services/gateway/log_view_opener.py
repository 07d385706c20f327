"""The view of a log for a server, opened when it is first asked for: the log may begin later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from services.provenance.log_view import LogView

ViewOpener = Callable[[], LogView]


class OpenedView:
    """Opens the log in `directory` once; safe for threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._view: LogView | None = None

    def __call__(self) -> LogView:
        """Return the view. Raises EvidenceError or ResourceError where there is no log to see."""
        with self._lock:
            if self._view is None:
                self._view = LogView(self._directory)
            return self._view

    def close(self) -> None:
        """Close it, if it was opened."""
        with self._lock:
            if self._view is not None:
                self._view.close()
                self._view = None
