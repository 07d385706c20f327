"""Faults of a rules file are found before a file is touched, and said with their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import RequestError
from services.cli.watcher_command import Asked, main
from services.watcher.folder_place import FolderPlace
from services.watcher.rehearsal import rehearse
from services.watcher.rule_wish import fault_of
from services.watcher.rules import Rule, parse_rules, read_rules

FILE = """\
[watch]
settle_seconds = 3

[[rule]]
prefix = "a/"

[[rule]]
prefix = "b/"
# preset = "balanced"
{line}
"""


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('preset = "best"', r"\[\[rule\]\] 2, preset \(line 10\)"),
        ('presett = "balanced"', r"\[\[rule\]\] 2, presett \(line 10\)"),
        ("project = 3", r"\[\[rule\]\] 2, project \(line 10\)"),
        ('[other]\nx = "y"', "unknown table: other"),
        ('preset = "', "line 10"),
    ],
)
def test_a_fault_is_said_with_its_line(tmp_path: Path, line: str, place: str) -> None:
    """The message names the table, which of its kind, the word and the line."""
    path = tmp_path / "rules.toml"
    path.write_text(FILE.format(line=line))
    with pytest.raises(RequestError, match=place):
        read_rules(path)


def test_a_fault_of_the_first_table_is_said_with_its_line(tmp_path: Path) -> None:
    """What stands under [watch] is named like that."""
    path = tmp_path / "rules.toml"
    path.write_text(FILE.format(line="").replace("= 3", '= "long"'))
    with pytest.raises(RequestError, match=r"\[watch\], settle_seconds \(line 2\)"):
        read_rules(path)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"params": {"scale": 9}}, "params.scale"),
        ({"params": {"scael": 2}}, "params.scael"),
        ({"params": {"region": "plate"}}, "region"),
        ({"params": {"denoise": 0.5}}, "denoise"),
        ({"params": {"scale": 2}}, None),
        ({"pipeline": "video", "params": {"scale": 2}}, None),
        ({"preset": "balanced", "params": {"model": "known-to-the-gateway"}}, None),
    ],
)
def test_a_wish_that_no_file_could_get_is_a_fault(rule: dict[str, Any], words: str | None) -> None:
    """What every file would be rejected for is found at the start; networks are the gateway's."""
    fault = fault_of(Rule(**rule))
    assert fault is None if words is None else words in (fault or "")


def test_a_rehearsal_tells_and_touches_nothing(tmp_path: Path) -> None:
    """Each file is said with its rule, one without a rule or key too, and all stay as they are."""
    for name in ("a/x.png", "b/y.png", "b/z.png", "c/w.png", "results/old.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    before = sorted(tmp_path.rglob("*"))
    rules = parse_rules({"rule": [{"prefix": "a/"}, {"prefix": "b/", "project": "q"}]})
    told: list[tuple[str, str]] = []
    found = rehearse(
        rules, FolderPlace(tmp_path), {"default"},
        say=lambda event, fields: told.append((event, fields.get("name", fields.get("line", "")))),
    )  # fmt: skip
    assert told[:-1] == [
        ("check.taken", "a/x.png"),
        ("check.waits", "b/y.png"),
        ("check.waits", "b/z.png"),
        ("check.rejected", "c/w.png"),
    ]
    assert told[-1][1] == "seen 4 = a/ 1 + b/ 2 + without a rule 1; without a key 2"
    assert not found.is_good
    assert sorted(tmp_path.rglob("*")) == before


def test_the_verb_checks_without_a_gateway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` ends with 0 where every file has a rule and a key, with 1 where one has none."""
    place, rules, keys = tmp_path / "in", tmp_path / "rules.toml", tmp_path / "keys.toml"
    (place / "a").mkdir(parents=True)
    (place / "a" / "x.png").write_bytes(b"x")
    rules.write_text('[[rule]]\nprefix = "a/"\n')
    keys.write_text('[keys]\ndefault = "ev_x"\n')
    keys.chmod(0o600)
    asked = Asked(str(place), rules, keys, "http://127.0.0.1:1", 5, None, once=False, check=True)
    assert main(asked, home=tmp_path / "home", as_json=False) == 0
    assert "check.taken name=a/x.png" in capsys.readouterr().out
    (place / "stray.png").write_bytes(b"x")
    assert main(asked, home=tmp_path / "home", as_json=False) == 1
    assert not (tmp_path / "home").exists()
