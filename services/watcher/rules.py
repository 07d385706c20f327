"""What a watched place is told to do with its files: a TOML file, read strictly.

    [watch]
    output = "results/"           # prefix of what comes out, in the same place
    rejects = "rejects/"          # prefix of what could not be processed, with the reason
    settle_seconds = 10           # a file counts as whole when it has not changed for so long

    [[rule]]
    prefix = "gate-north/"        # the longest prefix of a name decides; "" is for all others
    pipeline = "auto"             # photo, video, or auto: by the first bytes of the file
    preset = "balanced"
    project = "transport-police"
    case = "2026/114"
    priority = "batch"            # interactive, batch or gate
    params = { scale = 2 }

A word that is not known is refused: a rule that was misspelt must not process files some other
way. A name that no rule matches is rejected with that reason, not passed over.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import RequestError
from services.watcher.rule_place import place_of

_MOST_BYTES = 1 << 20
_MOST_RULES = 1000


def _prefix(text: str) -> str:
    if text and not text.endswith("/"):
        raise ValueError("a prefix ends with /")
    if any(part in {".", ".."} for part in text.split("/")) or "//" in text or text[:1] == "/":
        raise ValueError("a prefix is a path inside the watched place")
    if not text.isprintable():
        raise ValueError("a prefix is printable")
    return text


def _own_prefix(text: str) -> str:
    if not text:
        raise ValueError("this prefix cannot be empty")
    return _prefix(text)


Prefix = Annotated[str, Field(max_length=500), AfterValidator(_prefix)]
OwnPrefix = Annotated[str, Field(max_length=500), AfterValidator(_own_prefix)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Strict):
    """What becomes of the files under one prefix."""

    prefix: Prefix = ""
    pipeline: Literal["auto", "photo", "video"] = "auto"
    preset: Literal["forensic-safe", "balanced", "presentation"] = "forensic-safe"
    project: Name = "default"
    case: Name | None = None
    item: Name | None = None
    exhibit: Name | None = None
    note: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    priority: Literal["interactive", "batch", "gate"] = "batch"
    params: dict[str, Any] = Field(default_factory=dict)


class Rules(_Strict):
    """Where results and rejects go, when a file counts as whole, and the rules."""

    output: OwnPrefix = "results/"
    rejects: OwnPrefix = "rejects/"
    settle_seconds: float = Field(default=10.0, ge=0, le=86_400)
    rules: tuple[Rule, ...] = Field(min_length=1, max_length=_MOST_RULES)

    def is_watched(self, name: str) -> bool:
        """Whether `name` may be a file to process, and is not one that the watcher wrote."""
        return not name.startswith((self.output, self.rejects))

    def rule_for(self, name: str) -> Rule | None:
        """Return the rule with the longest prefix of `name`."""
        matching = [rule for rule in self.rules if name.startswith(rule.prefix)]
        return max(matching, key=lambda rule: len(rule.prefix), default=None)


def read_rules(path: Path) -> Rules:
    """Read and check the file; raises `RequestError` naming what is wrong with it."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise RequestError(
            f"The rules {path} cannot be read: {error.strerror}.", next_step="Name a rules file."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RequestError(
            f"The rules {path} are not TOML: {error}.", next_step="Correct the file."
        ) from error
    return parse_rules(document, text)


def parse_rules(document: dict[str, Any], text: str = "") -> Rules:
    """Check a document of the form above; raises `RequestError` naming the value.

    `text` is what it was read from, by which the line is named as well.
    """
    strays = document.keys() - {"watch", "rule"}
    if strays:
        raise RequestError(
            f"The rules hold an unknown table: {min(strays)[:80]}.",
            next_step="Tables are [watch] and [[rule]].",
        )
    try:
        watch = document.get("watch", {})
        rules = Rules(**{**watch, "rules": document.get("rule", ())})
    except (ValidationError, TypeError) as error:
        where, words = _first(error, text)
        raise RequestError(
            f"The rules are wrong at {where}: {words}.", next_step="Correct the file."
        ) from error
    _refuse_overlaps(rules)
    return rules


def _refuse_overlaps(rules: Rules) -> None:
    prefixes = [rule.prefix for rule in rules.rules]
    doubled = {prefix for prefix in prefixes if prefixes.count(prefix) > 1}
    if doubled:
        raise RequestError(
            f"Two rules have the prefix {min(doubled)!r}.", next_step="Leave one of them."
        )
    if rules.output.startswith(rules.rejects) or rules.rejects.startswith(rules.output):
        raise RequestError(
            "Results and rejects lie in each other.", next_step="Give them prefixes of their own."
        )
    for prefix in prefixes:
        if not rules.is_watched(prefix):
            raise RequestError(
                f"The prefix {prefix!r} lies where results or rejects go.",
                next_step="What the watcher wrote is never processed again; move the rule.",
            )


def _first(error: ValidationError | TypeError, text: str) -> tuple[str, str]:
    if isinstance(error, TypeError):
        return place_of((), text), "it is not a table of known words"
    first = error.errors()[0]
    return place_of(first["loc"], text), str(first["msg"])
