"""`evident keys`: what is shown, and a rotation on record."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.evidence.entry import parse_entry
from pipelines.evidence.note_key import parse_verifier_key
from pipelines.evidence.signature import key_id, parse_public_pem
from services.cli import keys_command, log_command
from services.cli.evidence_wiring import evidence_log, settings_for, signing_key
from services.cli.log_command import Where
from services.provenance.key_ring import KeyRing
from services.settings.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home that is not there yet."""
    return tmp_path / "home"


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the JSON object on stdout."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rotate(home: Path, *, finish: bool, command: str | None = None) -> int:
    """Take a step of a rotation."""
    return keys_command.rotate(home, command, finish=finish, as_json=True)


def test_keys_are_shown_in_every_spelling(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key is shown with fingerprint, verifier key and PEM, which are the same key."""
    assert keys_command.show(home, as_json=True) == 0
    found = said(capsys)
    (key,) = found["keys"]
    raw = parse_public_pem(key["pem"].encode())
    assert (key["state"], key["fingerprint"]) == ("current", key_id(raw))
    assert parse_verifier_key(key["verifier_key"]).public_key == raw
    assert parse_verifier_key(key["verifier_key"]).name == found["log"]
    assert keys_command.show(home, as_json=False) == 0
    assert key["fingerprint"] in capsys.readouterr().out


def test_a_rotation_is_on_record(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both steps are entries of the log that name both keys, and the log holds throughout."""
    assert rotate(home, finish=False) == 0
    states = {key["state"]: key["fingerprint"] for key in said(capsys)["keys"]}
    assert set(states) == {"current", "next"}
    assert rotate(home, finish=True) == 0
    after = {key["state"]: key["fingerprint"] for key in said(capsys)["keys"]}
    assert after == {"current": states["next"], "retired": states["current"]}
    settings = settings_for(home)
    with evidence_log(settings, signing_key(settings)) as log:
        entries = [parse_entry(entry) for entry in log.seal("log").entries]
    assert [(entry.kind, entry.body["step"]) for entry in entries] == [
        ("key.rotated", "begun"),
        ("key.rotated", "finished"),
    ]
    for entry in entries:
        assert (entry.body["old"], entry.body["new"]) == (states["current"], states["next"])
    assert log_command.fsck(Where(home=home, log=None), (), bodies=True, as_json=True) == 0
    assert said(capsys)["keys"] == [states["current"], states["next"]]


def test_a_step_that_was_cut_short_is_recorded_by_the_next_call(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rotation that began and was not entered in the log is entered, not begun again."""
    settings = settings_for(home)
    ring = signing_key(settings)
    with evidence_log(settings, ring) as log:
        log.publish()
        ring.begin(log.origin)
    assert rotate(home, finish=False) == 0
    assert not KeyRing(home / "keys").unrecorded
    capsys.readouterr()
    assert rotate(home, finish=False) == 2
    assert "under way" in said(capsys)["error"]["reason"]


@pytest.mark.parametrize("command", ["kms-sign", "[]", '["kms", 1]', '{"a": 1}'])
def test_a_program_that_is_no_list_of_words_is_wrong_use(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """A program is a JSON list of words, so that no shell has to read it."""
    assert rotate(home, finish=False, command=command) == 2
    assert said(capsys)["error"]["next_step"]


def test_finishing_what_was_not_begun_is_wrong_use(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a rotation under way there is none to finish."""
    assert rotate(home, finish=True) == 2
    assert "No rotation" in said(capsys)["error"]["reason"]


def test_a_new_home_takes_the_program_of_the_settings(tmp_path: Path) -> None:
    """With a signing program in the settings, a new home has its key there and makes no file."""
    program = tmp_path / "kms.py"
    program.write_text(
        "import sys\n"
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as K\n"
        "from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat\n"
        "key = K.from_private_bytes(bytes(32))\n"
        "form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)\n"
        "out = key.public_key().public_bytes(*form) if sys.argv[-1] == 'public-key' else"
        " key.sign(sys.stdin.buffer.read())\n"
        "sys.stdout.buffer.write(out)\n"
    )
    settings = Settings(home=tmp_path / "home", signer_command=(sys.executable, str(program)))
    ring = signing_key(settings)
    with evidence_log(settings, ring) as log:
        log.record("a", "step", {})
        assert log.seal("a").tree_size == 1
    assert [path.name for path in (tmp_path / "home" / "keys").iterdir()] == ["ring.json"]
