"""`evident log query` and `evident trace`: what they print, and how they end."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.unit.services.provenance.view_kit import digest, file, writing

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `evident` with a home that holds a small log; returns exit code, stdout, stderr."""
    monkeypatch.setenv("EVIDENT_HOME", str(tmp_path))
    monkeypatch.setenv("EVIDENT_OPERATOR", "olga")
    with writing(tmp_path) as log:
        log.record("a", "submission", {"inputs": [file("in.png")], "case": "C-1"})
        log.record("a", "export", {"inputs": [file("in.png")], "outputs": [file("out.png")]})
        log.seal("a")
        log.record("log", "access", {"principal": "vera", "sha256": digest("out.png")})

    def call(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, words)
        return done.exit_code, done.stdout, done.stderr

    return call


def test_a_query_prints_a_line_per_entry(run: Run) -> None:
    """Each entry that is asked for is one line with its sealing; the rest is not there."""
    code, out, _ = run("log", "query", "--user", "vera")
    assert code == 0
    assert out.count("\n") == 1
    assert "access  vera" in out
    assert "not sealed yet" in out
    code, out, _ = run("log", "query", "--case", "C-1")
    assert out.count("checkpoint 2") == 2


def test_a_query_goes_on_where_it_ended(run: Run) -> None:
    """A page that ends before the listing does names the cursor to go on with."""
    code, out, err = run("log", "query", "--limit", "2")
    assert (code, out.count("\n")) == (0, 2)
    assert err.strip() == "More follow: --after 1"
    assert run("log", "query", "--limit", "2", "--after", "1")[1].count("\n") == 1


def test_a_query_speaks_json_and_csv(run: Run) -> None:
    """JSON is one object, CSV has a head and a row per entry."""
    found = json.loads(run("log", "query", "--kind", "export", "--json")[1])
    assert found["next"] is None
    assert found["events"][0]["sealed"] is True
    rows = list(csv.DictReader(io.StringIO(run("log", "query", "--format", "csv")[1])))
    assert [row["kind"] for row in rows] == ["submission", "export", "access"]
    assert [row["checkpoint"] for row in rows] == ["2", "2", ""]


def test_wrong_questions_are_wrong_use(run: Run) -> None:
    """A question that cannot be meant ends with 2, and with a reason in JSON where asked."""
    assert run("log", "query", "--since", "soon")[0] == 2
    code, out, err = run("log", "query", "--digest", "xyz", "--json")
    assert code == 2
    assert "64 hexadecimal" in json.loads(out)["error"]["reason"]
    assert "error:" in err


def test_a_file_is_traced_by_its_digest(run: Run, tmp_path: Path) -> None:
    """A file is traced by what its bytes hash to; bytes that nobody logged end with 1."""
    known, unknown = tmp_path / "known", tmp_path / "unknown"
    known.write_bytes(b"out.png")
    unknown.write_bytes(b"never seen")
    assert hashlib.sha256(b"out.png").hexdigest() == digest("out.png")
    code, out, _ = run("trace", str(known))
    assert code == 0
    assert f"<- {digest('in.png')}" in out
    assert run("trace", str(unknown))[0] == 1
    assert run("trace", digest("in.png").upper(), "--forward", "--json")[0] == 0


def test_a_trace_goes_the_way_that_is_asked(run: Run) -> None:
    """`--back` and `--forward` each go one way; without them, or with both, both are gone."""
    ways = {
        ("--back",): {"back"},
        ("--forward",): {"forward"},
        (): {"back", "forward"},
        ("--both",): {"back", "forward"},
        ("--back", "--forward"): {"back", "forward"},
    }
    for words, expected in ways.items():
        found = json.loads(run("trace", digest("in.png"), "--json", *words)[1])
        assert expected == {"back", "forward"} & set(found)


@pytest.mark.parametrize("what", ["nothing-here", ".", "a\x00b"])
def test_what_is_neither_digest_nor_file_is_wrong_use(run: Run, what: str) -> None:
    """A name that means no bytes ends with 2 and says what was expected."""
    code, _, err = run("trace", what)
    assert code == 2
    assert "64 hexadecimal" in err


def test_a_hand_over_is_recorded_as_a_statement(run: Run, tmp_path: Path) -> None:
    """`log add` records what the operator states, sealed at once, and says that it is stated."""
    (tmp_path / "bag").write_bytes(b"out.png")
    words = ("--sha256", str(tmp_path / "bag"), "--at", "2026-01-05", "--means", "by courier")
    code, out, _ = run("log", "add", "transfer", *words, "--from", "Unit 4", "--to", "Lab")
    assert code == 0
    assert "Recorded as your statement" in out
    assert "sealed under checkpoint 4" in out
    assert run("log", "add", "access", *words, "--by", "A. Expert", "--case", "C-2")[0] == 0
    out = run("trace", digest("out.png"))[1]
    assert "transfer  Unit 4 -> Lab  stated by olga  for 2026-01-05  means by courier" in out
    assert "access  A. Expert  stated by olga" in out
    assert run("log", "query", "--case", "C-2")[1].count("\n") == 1
    assert run("log", "add", "access", *words, "--by", "x\ny")[0] == 2


def test_an_older_log_is_imported_once(run: Run, tmp_path: Path) -> None:
    """`log import` takes a file in whole, says so, and knows it the second time."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"user": "vera", "time": "2020-01-01T00:00:00Z"}\n')
    first = run("log", "import", str(path), "--json")
    assert json.loads(first[1])["imported_before"] is None
    code, out, _ = run("log", "import", str(path))
    assert code == 0
    assert "was imported before" in out
    path.write_text("{}\nx\n")
    code, _, err = run("log", "import", str(path))
    assert code == 2
    assert "line 2" in err
