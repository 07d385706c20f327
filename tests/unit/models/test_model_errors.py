"""The error tree of the models room."""

from __future__ import annotations

import inspect
import re

from models import errors


def test_the_drawn_tree_is_the_real_one() -> None:
    """Every error class is drawn in the module's tree, under its real parent."""
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^((?:[│ ] {3})*(?:[├└]── )?)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn[found[2]] = path[depth - 1] if depth else "Exception"
    real = {
        name: member.__bases__[0].__name__
        for name, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, errors.ModelError)
    }
    assert drawn == real


def test_an_error_is_one_line_with_a_next_step() -> None:
    """The reason and the next step are one line each, whatever was passed in."""
    error = errors.EngineError("two\n lines", next_step="do\tthis\nthen that")
    assert str(error) == "two lines"
    assert error.next_step == "do this then that"
    assert errors.EngineError("alone").next_step == ""
