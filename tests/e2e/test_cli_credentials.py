"""Credentials and time stamps from end to end: run, report, log, bundle, verify."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from pathlib import Path
from typing import Any

import c2pa
import pytest
from PIL import Image

from tests.e2e.command_kit import Evident, Said, entries_of, make_clip, textured
from tests.e2e.test_cli_resume import wait_for_segments
from tests.unit.services.provenance.authority_kit import Authority, make_authority, serving

UNTRUSTED = ["signingCredential.untrusted"]


def done(evident: Evident, *arguments: object) -> dict[str, Any]:
    """Run a job that must end well, and return what was said of it."""
    said = evident("run", *arguments, "--out", "out", "--json")
    assert said.code == 0, said.err
    return dict(said.json["jobs"][0])


def seen(path: Path, media_type: str, sidecar: Path | None = None) -> dict[str, Any]:
    """What the C2PA library itself reads, without a network."""
    context = c2pa.Context.from_dict({"version": 1, "verify": {"remote_manifest_fetch": False}})
    store = None if sidecar is None else sidecar.read_bytes()
    with path.open("rb") as file, c2pa.Reader(media_type, file, store, context) as reader:
        document = dict(json.loads(reader.json()))
    assert document["validation_state"] == "Valid"
    assert [one["code"] for one in document["validation_status"]] == UNTRUSTED
    return dict(document["manifests"][document["active_manifest"]])


def credential_check(said: Said) -> dict[str, Any]:
    """The check of credentials in a verdict."""
    return next(one for one in said.json["checks"] if one["name"] == "credentials")


def test_a_photo_s_credentials_agree_with_report_log_and_bundle(
    evident: Evident, photo: Path
) -> None:
    """File, report, entry and verdict speak of the same credentials over the same file."""
    job = done(evident, photo, "--preset", "balanced")
    result = Path(job["outputs"][0]["path"])
    manifest = seen(result, "image/png")
    (ingredient,) = manifest["ingredients"]
    received = hashlib.sha256(photo.read_bytes()).hexdigest()
    assert ingredient["instance_id"] == f"sha256:{received}"
    facts = json.loads(Path(job["report"]).read_bytes())["facts"]
    stated = facts["delivered"]["credentials"]
    assert (stated["form"], stated["state"]) == ("embedded", "Valid")
    entries = entries_of(Path(job["bundle"]))
    (entry,) = [one["body"] for one in entries if one["kind"] == "credentials"]
    assert entry["inputs"] == [{"role": "received", "sha256": received}]
    assert entry["outputs"][0]["sha256"] == stated["manifest_sha256"]
    assert entry["certificate_sha256"] == stated["certificate_sha256"]
    record = next(one for one in manifest["assertions"] if one["label"] == "invalid.evident.job")
    assert record["data"]["plan_sha256"] == facts["run"]["plan_sha256"]
    assert record["data"]["job"] == job["job_id"]
    check = credential_check(evident("verify", job["bundle"], "--json"))
    assert check["passed"]
    assert "says Valid" in check["detail"]


def test_a_bitmap_s_credentials_lie_beside_it(evident: Evident, tmp_path: Path) -> None:
    """A sidecar is delivered, named in the outputs, and found in the bundle by verify."""
    path = tmp_path / "gate.bmp"
    Image.fromarray(textured(48, 64)).save(path)
    job = done(evident, path, "--output", "source")
    result, sidecar = (Path(one["path"]) for one in job["outputs"][:2])
    assert sidecar.name == "enhanced.bmp.c2pa"
    seen(result, "image/bmp", sidecar)
    own = evident.folder / "home" / "keys" / "credentials" / "certificates.pem"
    check = credential_check(evident("verify", job["bundle"], "--credential-ca", own, "--json"))
    assert check["passed"]
    assert "says Trusted" in check["detail"]
    again = evident("run", path, "--output", "source", "--out", "out", "--resume", "--json")
    assert again.json["jobs"][0]["outputs"] == job["outputs"]


def test_credentials_can_be_left_out(evident: Evident, photo: Path) -> None:
    """`--no-credentials` leaves them out, and the report says that they were."""
    job = done(evident, photo, "--no-credentials")
    assert b"c2pa" not in Path(job["outputs"][0]["path"]).read_bytes()
    assert any("left out on request" in one for one in job["warnings"])
    overrides = [
        one["body"] for one in entries_of(Path(job["bundle"])) if one["kind"] == "override"
    ]
    assert overrides == [{"field": "export.credentials", "value": "none"}]
    verdict = evident("verify", job["bundle"], "--json").json
    assert verdict["ok"]
    assert any("credentials: enhanced.png carries none" in one for one in verdict["not_checked"])
    assert not (evident.folder / "home" / "keys" / "credentials").exists()


def test_a_killed_clip_is_signed_once(evident: Evident, tmp_path: Path) -> None:
    """A clip that is stopped while it is made carries one set of credentials in the end."""
    clip = make_clip(tmp_path / "long.mp4", frames=200, size=(160, 96))
    running = evident.start("run", clip, "--out", "out")
    wait_for_segments(tmp_path / "out" / "long.mp4" / ".evident-work", 1)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    job = done(evident, clip, "--resume")
    result = Path(job["outputs"][0]["path"])
    manifest = seen(result, "video/mp4")
    assert [one["title"] for one in manifest["ingredients"]] == ["long.mp4"]
    assert result.read_bytes().count(b"c2pa.claim.v2") == 1
    kinds = [one["kind"] for one in entries_of(Path(job["bundle"]))]
    assert kinds.count("credentials") == 1


def test_a_clip_that_was_joined_is_signed_from_there(evident: Evident, tmp_path: Path) -> None:
    """A kill between joining and the end renders nothing again, and signs what was joined."""
    clip = make_clip(tmp_path / "long.mp4", frames=200, size=(160, 96))
    work = tmp_path / "out" / "long.mp4" / ".evident-work"
    running = evident.start("run", clip, "--out", "out")
    while not (work / "joined.json").exists():
        assert running.poll() is None
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    job = done(evident, clip, "--resume")
    seen(Path(job["outputs"][0]["path"]), "video/mp4")
    entries = entries_of(Path(job["bundle"]))
    rendered = [one["body"]["segment"] for one in entries if one["kind"] == "operation"]
    assert rendered == [0, 1, 2, 3]
    assert Path(job["outputs"][0]["path"]).read_bytes().count(b"c2pa.claim.v2") == 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A time-stamping authority with its keys."""
    return make_authority(tmp_path_factory.mktemp("authority") / "tsa")


def test_a_statement_is_stamped(
    evident: Evident, photo: Path, made: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an authority set the bundle holds a stamp; who names the authority sees it hold."""
    with serving(made) as authority:
        monkeypatch.setenv("EVIDENT_TSA_URL", authority.url)
        monkeypatch.setenv("EVIDENT_TSA_CA", str(authority.ca))
        job = done(evident, photo, "--no-credentials")
    bundle = job["bundle"]
    named = evident("verify", bundle, "--tsa-ca", authority.ca, "--json").json
    assert named["standing"] == "time-stamped"
    unnamed = evident("verify", bundle, "--json").json
    assert unnamed["ok"]
    assert unnamed["standing"] == "self-asserted"
    assert any("no authority was named" in one for one in unnamed["not_checked"])
    wrong = evident("verify", bundle, "--tsa-ca", photo, "--json")
    assert (wrong.code, wrong.json["ok"]) == (2, False)


def test_an_authority_that_is_away_holds_nothing_up(
    evident: Evident, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a stamp the job is done, with a warning that says how to add one."""
    monkeypatch.setenv("EVIDENT_TSA_URL", "http://127.0.0.1:1/")
    job = done(evident, photo, "--no-credentials")
    (warning,) = [one for one in job["warnings"] if "could not be asked for a time stamp" in one]
    assert "evident bundle supplement" in warning
    assert evident("verify", job["bundle"], "--json").json["ok"]


def test_a_stamp_can_be_added_later(
    evident: Evident, photo: Path, made: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle without a stamp gets one by a supplement, on record, and stays as it is."""
    bundle = Path(done(evident, photo, "--no-credentials")["bundle"])
    before = bundle.read_bytes()
    assert evident("bundle", "supplement", bundle, "--stamp", "--json").code == 2
    with serving(made) as authority:
        monkeypatch.setenv("EVIDENT_TSA_URL", authority.url)
        added = evident("bundle", "supplement", bundle, "--stamp", "--json").json
    assert bundle.read_bytes() == before
    supplement = added["supplement"]
    said = evident(
        "verify", bundle, "--supplement", supplement, "--tsa-ca", authority.ca, "--json"
    ).json
    assert said["ok"]
    assert said["supplements"][0]["standing"] == "time-stamped"
    (line,) = evident("log", "query", "--kind", "time_stamp", "--json").json["events"]
    assert line["body"]["authority"] == "127.0.0.1"
    assert line["body"]["inputs"][0]["role"] == "statement signature"
