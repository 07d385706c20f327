"""How the command line speaks: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.errors import EvidentError
from pipelines.stages.export.sanitise import shown

GOOD, FAILED, WRONG_USE = 0, 1, 2

_LONGEST = 2000
_ACTING = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e0fff]"
)


def console_on_stderr() -> Console:
    """The console for progress and errors."""
    return Console(stderr=True, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """Print the one JSON object of a `--json` call.

    Characters that could act on a terminal, or turn the text round, are written as JSON's own
    escapes: what a program reads is the same.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.write(_ACTING.sub(_escape, text) + "\n")
    sys.stdout.flush()


def _escape(found: re.Match[str]) -> str:
    """Spell one character as JSON does where it spells it at all: in units of UTF-16."""
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def print_text(text: str = "") -> None:
    """Print for a person; the text must be safe to show."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_error(console: Console, about: str, reason: str, next_step: str) -> None:
    """Print what went wrong and what to do about it: one line each."""
    head = f"{shown(about, longest=_LONGEST)}: " if about else ""
    console.print(
        Text.assemble(("error: ", "bold red"), head, shown(reason, longest=_LONGEST)),
        soft_wrap=True,
    )
    if next_step:
        console.print(Text(f"  next: {shown(next_step, longest=_LONGEST)}"), soft_wrap=True)


def wrong_use(error: EvidentError, *, as_json: bool) -> int:
    """Print an error that ends a verb, in JSON as well where asked; returns the exit code."""
    if as_json:
        print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
    print_error(console_on_stderr(), "", str(error), error.next_step)
    return WRONG_USE
