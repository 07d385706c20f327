"""Where in a rules file something stands, for whoever has to correct it: table, number, line."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST_LETTERS = 120
_RULE = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
_WATCH = re.compile(r"^\s*\[\s*watch\s*\]")
_TABLE = re.compile(r"^\s*\[")


def place_of(path: Sequence[int | str], text: str) -> str:
    """Say a value's place, such as `[[rule]] 2, preset (line 14)`; without its line if unknown.

    `path` is where the value stands in the checked rules, `text` the file.
    """
    if path[:1] == ("rules",):
        number = path[1] if len(path) > 1 and isinstance(path[1], int) else None
        table = "[[rule]]" if number is None else f"[[rule]] {number + 1}"
        header, nth, names = _RULE, number or 0, path[2:]
    else:
        table, header, nth, names = "[watch]", _WATCH, 0, path
    words = ", ".join([table, ".".join(map(str, names))]) if names else table
    line = _line(text, header, nth, str(names[0]) if names else None)
    return words[:_MOST_LETTERS] + (f" (line {line})" if line else "")


def _line(text: str, header: re.Pattern[str], nth: int, name: str | None) -> int | None:
    """Find the line of a name in the nth table of a kind; that of the table where it is not."""
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if header.match(line)]
    if nth >= len(heads):
        return None
    begin = heads[nth]
    if name is not None:
        wanted = re.compile(rf'^\s*"?{re.escape(name)}"?\s*[.=]')
        for at in range(begin + 1, len(lines)):
            if _TABLE.match(lines[at]):
                break
            if wanted.match(lines[at]):
                return at + 1
    return begin + 1
