"""Later facts and copies that leave things out, as their users make and check them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.e2e.command_kit import Evident
from tests.unit.services.provenance.authority_kit import make_authority, serving


def test_a_bundle_gets_a_supplement_and_a_disclosure(evident: Evident, photo: Path) -> None:
    """Both are made without touching the bundle, and both verify, with a pinned key too."""
    assert evident("run", photo, "--out", "out").code == 0
    bundle = evident.folder / "out" / photo.name / "bundle.zip"
    before = hashlib.sha256(bundle.read_bytes()).hexdigest()
    key = evident.folder / "home" / "keys" / "signing-ed25519.pub.pem"

    disclosure = evident.folder / "disclosure.zip"
    words = ("--without", "received", "--reason", "not ours to give")
    made = evident("bundle", "disclose", bundle, *words, "--out", disclosure, "--json")
    assert made.code == 0, made.err
    assert made.json["recorded"] is True
    checked = evident("verify", disclosure, "--trust", key, "--json")
    assert checked.code == 0
    assert checked.json["subject"] == "disclosure"
    assert checked.json["standing"] == "pinned"
    assert photo.name in checked.json["left_out"][0]

    made = evident("bundle", "supplement", bundle, "--attach", photo, "--json")
    assert made.code == 0, made.err
    assert made.json["bundle_sha256"] == before
    supplement = made.json["supplement"]
    checked = evident("verify", bundle, "--supplement", supplement, "--trust", key, "--json")
    assert checked.code == 0, checked.out
    (found,) = checked.json["supplements"]
    assert found["ok"] is True
    assert found["standing"] == "pinned"
    # What was given away is on record, and the supplement proves that record.
    entries = next(one for one in found["checks"] if one["name"] == "entries")
    assert not entries["detail"].startswith("0 ")
    assert hashlib.sha256(bundle.read_bytes()).hexdigest() == before


def test_wrong_use_is_refused(evident: Evident, photo: Path) -> None:
    """Nothing is overwritten, nothing unknown left out, and no bundle is taken for another."""
    assert evident("run", photo, "--out", "out").code == 0
    bundle = evident.folder / "out" / photo.name / "bundle.zip"
    why = ("--reason", "none")
    assert evident("bundle", "disclose", bundle, "--without", "x", *why, "--out", "d.zip").code == 2
    assert not (evident.folder / "d.zip").exists()
    taken = evident("bundle", "disclose", bundle, "--without", "plan", *why, "--out", bundle)
    assert taken.code == 2
    assert evident("bundle", "supplement", bundle, "--out", bundle).code == 2
    assert evident("bundle", "supplement", photo).code == 1
    assert evident("verify", bundle, "--supplement", bundle).code == 1
    assert evident("bundle", "supplement", bundle, "--stamp").code == 2
    assert evident("bundle", "supplement", bundle).code == 0
    alone = evident("verify", bundle.with_name("supplement.zip"))
    assert alone.code == 2
    assert "--supplement" in alone.err


def test_a_later_time_stamp_travels_in_a_supplement(
    evident: Evident, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stamp asked for after the fact is over the bundle's signature, and counts."""
    assert evident("run", photo, "--out", "out").code == 0
    bundle = evident.folder / "out" / photo.name / "bundle.zip"
    with serving(make_authority(tmp_path / "authority")) as authority:
        monkeypatch.setenv("EVIDENT_TSA_URL", authority.url)
        made = evident("bundle", "supplement", bundle, "--stamp", "--json")
    assert made.code == 0, made.err
    late = made.json["supplement"]
    checked = evident(
        "verify", bundle, "--supplement", late, "--tsa-ca", authority.ca, "--json"
    ).json
    assert checked["standings"] == ["self-asserted"]
    assert checked["supplements"][0]["standings"] == ["self-asserted", "time-stamped"]
