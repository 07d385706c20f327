"""Log lines are JSON with what was bound, and hold no key."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.telemetry.logs import bound, configure_logs, log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the lines of a configured process go; afterwards all is as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("gateway", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def read(lines: io.StringIO) -> list[dict[str, object]]:
    """The lines as objects."""
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_line_has_what_was_bound(lines: io.StringIO) -> None:
    """Fields that are bound stand in lines of ours and of libraries, until the block ends."""
    with bound(request_id="r1", job="j1"):
        log("evident.test").info("claimed", stage="whole")
        logging.getLogger("library").warning("slow: %s", 3)
    log("evident.test").info("after")
    ours, theirs, after = read(lines)
    assert (ours["event"], ours["stage"], ours["request_id"]) == ("claimed", "whole", "r1")
    assert (theirs["event"], theirs["job"], theirs["level"]) == ("slow: 3", "j1", "warning")
    assert "request_id" not in after
    assert {one["service"] for one in (ours, theirs, after)} == {"gateway"}


def test_a_fault_is_told_whole(lines: io.StringIO) -> None:
    """An exception's trace stands in its line, which stays one line."""
    try:
        int("broken")
    except ValueError:
        log("evident.test").exception("fault")
    (line,) = read(lines)
    assert "ValueError: invalid literal" in str(line["exception"])


def test_no_key_reaches_a_line(lines: io.StringIO) -> None:
    """What looks like a key is hidden, in events, fields and libraries' lines."""
    key = "ev_0123456789abcdef_" + "k" * 43
    log("evident.test").info(f"got {key}", header=f"Bearer {'t' * 30}")
    logging.getLogger("library").warning("sent %s", key)
    text = lines.getvalue()
    assert "k" * 43 not in text
    assert "t" * 30 not in text
    assert text.count("(hidden)") == 3
