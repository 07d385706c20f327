"""Structured logs: one JSON object per line on stderr, an event's name plus fields.

What is bound to the work in hand (a request's id, a job's) stands in every line that it causes,
those of libraries too. Values that look like keys never reach a line.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars

SERVICE = "service"

_SECRET = re.compile(r"ev_[0-9a-f]{16}_[A-Za-z0-9_-]{8,}|(?i:bearer)\s+\S+")
_HIDDEN = "(hidden)"
_CHATTY = ("alembic", "pyvips", "botocore", "boto3", "urllib3", "asyncio", "httpx")


def configure_logs(service: str, *, stream: TextIO | None = None, level: str = "INFO") -> None:
    """Send every log line of this process, ours and libraries', to `stream` as JSON."""
    shared: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _named(service)],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _named(service),
                _without_secrets,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def log(name: str) -> Any:
    """Return the log of a room; its lines are an event's name and fields."""
    return structlog.stdlib.get_logger(name)


bound = bound_contextvars
"""`with bound(request_id=…):` puts the fields into every line of the block."""


def _named(service: str) -> Any:
    def add(_log: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault(SERVICE, service)
        return event

    return add


def _without_secrets(
    _log: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for field, value in event.items():
        if isinstance(value, str):
            event[field] = _SECRET.sub(_HIDDEN, value)
    return event
