"""An analyst's overrides as they were typed: options, or a file of them.

`--override NAME=VALUE` several times, with one `--because` for all of them; or `--overrides FILE`,
TOML or JSON, where each name holds `value` and `because`. Both together are refused.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pipelines.errors import GraphError, RequestError
from pipelines.graph.overrides import Overrides, spelt_value
from pipelines.graph.spec import parse_strict

_MOST_BYTES = 1 << 20
_ALIASES = {"region": "regions"}
_SPELT = {
    "range": "range=full, or range=studio",
    "matrix": "matrix=bt709; others are bt601, bt2020, smpte240m, fcc",
    "display_aspect": "display_aspect=4:3",
    "field_order": "field_order=top-first; others are bottom-first, progressive",
    "frame_rate": "frame_rate=12.5, or frame_rate=30000/1001",
    "clock": 'clock="FRAME|BURNED-IN|TRUE", for example '
    'clock="4|2026-03-01T12:00:05|2026-03-01T11:57:02"',
    "stream": "stream=1",
    "trim": "trim=FIRST-LAST, for example trim=250-499",
    "regions": "region=NAME:LEFT,TOP,WIDTH,HEIGHT[:FIRST-LAST], for example "
    "region=plate:120,80,60,24",
}
"""How each override is written on the command line."""


def overrides_given(
    options: tuple[str, ...], because: str | None, path: Path | None
) -> Overrides | None:
    """Read what was typed; None where nothing was. Raises RequestError or GraphError."""
    if path is not None:
        if options or because is not None:
            raise RequestError(
                "--overrides and --override contradict each other: the file says it all.",
                next_step="Write everything into the file.",
            )
        return _checked(_document(path))
    if not options:
        if because is not None:
            raise RequestError(
                "--because gives a reason, and nothing is overridden.",
                next_step="Add --override NAME=VALUE, or leave it out.",
            )
        return None
    if because is None:
        raise RequestError(
            "An override needs a reason.", next_step='Add --because "..."; it is on record.'
        )
    return _checked(_from_options(options, because))


def _from_options(options: tuple[str, ...], because: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in options:
        typed, equals, text = option.partition("=")
        name = _ALIASES.get(typed.strip(), typed.strip())
        if not equals or not text.strip():
            raise RequestError(
                f"--override {option} is not NAME=VALUE.",
                next_step=f"Names are: {', '.join(Overrides.model_fields)}.",
            )
        one = {"value": spelt_value(name, text.strip()), "because": because}
        if name == "regions":
            found.setdefault(name, []).append(one)
        elif name in found:
            raise RequestError(
                f"--override {name} is given twice.", next_step="Leave one of them out."
            )
        else:
            found[name] = one
    return found


def _document(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise GraphError(
            f"The overrides {path} cannot be read: {error.strerror}.", next_step="Check the path."
        ) from error
    if len(data) > _MOST_BYTES:
        raise GraphError(f"The overrides {path} are larger than {_MOST_BYTES} bytes.")
    try:
        text = data.decode()
        return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise GraphError(
            f"The overrides {path} are neither TOML nor JSON: {error}.",
            next_step='Write, in TOML: range = { value = "full", because = "..." }',
        ) from error


def _checked(document: Any) -> Overrides:
    try:
        return parse_strict(Overrides, document, field="overrides")
    except GraphError as error:
        wrong = (error.field or "").split(".")
        spelt = _SPELT.get(wrong[1]) if len(wrong) > 1 else None
        names = f"Names are: {', '.join(_SPELT)}; see docs/intake.md."
        raise GraphError(
            str(error),
            field=error.field,
            next_step=names if spelt is None else f"Write {spelt}; see docs/intake.md.",
        ) from error
