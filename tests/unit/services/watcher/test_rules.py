"""The rules file: the longest prefix decides, and nothing misspelt is overlooked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import RequestError
from services.watcher.rules import parse_rules, read_rules


def test_the_longest_prefix_decides() -> None:
    """Of several rules that match a name, the most particular one holds."""
    rules = parse_rules({"rule": [{"prefix": ""}, {"prefix": "a/"}, {"prefix": "a/b/"}]})
    found = [rules.rule_for(name) for name in ("x.mp4", "a/x.mp4", "a/b/x.mp4", "a/bc/x.mp4")]
    assert [rule.prefix for rule in found if rule] == ["", "a/", "a/b/", "a/"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"rule": [{"prefix": "a"}]}, "ends with /"),
        ({"rule": [{"prefix": "../"}]}, "inside the watched place"),
        ({"rule": [{"prefix": "/a/"}]}, "inside the watched place"),
        ({"rule": [{"presett": "balanced"}]}, "presett"),
        ({"rule": [{"preset": "best"}]}, "preset"),
        ({"rule": [{"prefix": "a/"}, {"prefix": "a/"}]}, "Two rules"),
        ({"rule": [{"prefix": "results/"}]}, "results or rejects"),
        ({"watch": {"output": "x/", "rejects": "x/y/"}, "rule": [{}]}, "lie in each other"),
        ({"watch": {"output": ""}, "rule": [{}]}, "empty"),
        ({"watch": {"settle_seconds": -1}, "rule": [{}]}, "settle_seconds"),
        ({"watch": {"rules": [{}]}}, "rules"),
        ({"watch": 3, "rule": [{}]}, "watch"),
        ({"rule": []}, "rules"),
        ({"rules": [{}]}, "unknown table"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], words: str) -> None:
    """A rules file with a fault is refused with the place of the fault."""
    with pytest.raises(RequestError, match=words):
        parse_rules(document)


def test_a_rules_file_is_read(tmp_path: Path) -> None:
    """The example of the module's page is a rules file."""
    path = tmp_path / "rules.toml"
    path.write_text(
        '[watch]\nsettle_seconds = 3\n[[rule]]\nprefix = "gate-north/"\npreset = "balanced"\n'
        'case = "2026/114"\nexhibit = "K 3"\nparams = { scale = 2 }\n'
    )
    rules = read_rules(path)
    assert rules.settle_seconds == 3
    assert rules.rules[0].params == {"scale": 2}
    assert not rules.is_watched("rejects/x.mp4")


@pytest.mark.parametrize("content", [b"[watch", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be read as TOML is named with the reason."""
    path = tmp_path / "rules.toml"
    path.write_bytes(content)
    with pytest.raises(RequestError, match="not TOML"):
        read_rules(path)
    with pytest.raises(RequestError, match="cannot be read"):
        read_rules(tmp_path / "absent.toml")
