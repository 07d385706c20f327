"""How the command line speaks: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.errors import EvidentError
from pipelines.stages.export.sanitise import shown

GOOD, FAILED, WRONG_USE = 0, 1, 2

_LONGEST = 2000


def console_on_stderr() -> Console:
    """The console for progress and errors."""
    return Console(stderr=True, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """Print the one JSON object of a `--json` call."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


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
