"""A job with credentials and without: what is delivered, what is on record, what is warned of."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.errors import CredentialsError, DiskFullError
from pipelines.graph.spec import ExportParams
from pipelines.media.credentials import FoundCredentials, MadeCredentials
from pipelines.media.identify import Kind
from pipelines.ports import SilentProgress
from pipelines.run import credentials as room
from pipelines.run.credentials import (
    UNPARSED,
    Credentialed,
    add_credentials,
    embeds,
    load_credentialed,
    save_credentialed,
)
from pipelines.stages.export.facts_media import CredentialFacts, CredentialForm
from pipelines.stages.ingest import Received

SIGNER = SimpleNamespace(certificate_sha256="cd" * 32)
MADE = MadeCredentials(
    FoundCredentials("Valid", (), "urn:c2pa:x", {}, "c2pa 1"), b"a store", parsed_parent=True
)


class Stub(SimpleNamespace):
    """As much of a job as credentials look at; `entries` is what it recorded."""

    def record(self, kind: str, body: dict[str, Any]) -> None:
        """Take an entry."""
        self.entries.append((kind, body))


def job(folder: Path, *, wish: str = "c2pa", signer: Any = SIGNER) -> Any:
    """A job whose unsigned result lies in `folder`."""
    received = folder / "received.jpg"
    received.write_bytes(b"received")
    return Stub(
        job="a-job",
        entries=[],
        progress=SilentProgress(),
        received=Received(received, "received.jpg", 8, "ab" * 32, Kind.JPEG),
        checked=SimpleNamespace(export=ExportParams(credentials=wish), steps=()),
        tools=SimpleNamespace(
            credentials=signer, pool=None, operator=SimpleNamespace(application="evident 1")
        ),
    )


@pytest.fixture(autouse=True)
def manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What manifests say has tests of its own."""
    monkeypatch.setattr(room, "credential_manifest", lambda *_a, **_k: {})


def added(stub: Any, folder: Path, media_type: str = "image/png") -> Credentialed:
    """Add credentials to `unsigned`, which becomes `result`."""
    (folder / "unsigned").write_bytes(b"samples")
    return add_credentials(
        stub,
        None,  # type: ignore[arg-type]
        folder / "result",
        unsigned=folder / "unsigned",
        media_type=media_type,
        received_type="image/jpeg",
    )


def without(stub: Any, folder: Path, reason: str) -> None:
    """Expect a result as it was, the reason on record, and a warning."""
    done = added(stub, folder)
    assert done.facts == CredentialFacts(form=CredentialForm.NONE, reason=reason)
    assert done.warnings == (f"The result carries no content credentials: {reason}.",)
    assert (folder / "result").read_bytes() == b"samples"
    ((kind, body),) = stub.entries
    assert (kind, body["form"], body["reason"], body["outputs"]) == (
        "credentials", "none", reason, []
    )  # fmt: skip


def test_a_wish_for_none_is_kept(tmp_path: Path) -> None:
    """Who asks for none gets none, and the report says so."""
    stub = job(tmp_path, wish="none")
    without(stub, tmp_path, "they were left out on request")
    assert not embeds(stub, "image/png")


def test_without_a_key_there_are_none(tmp_path: Path) -> None:
    """A run without a signer delivers all the same."""
    without(job(tmp_path, signer=None), tmp_path, "no key for them is configured")


def test_without_the_library_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the library is not installed the result is delivered, and the lack is on record."""
    monkeypatch.setattr(room, "is_installed", lambda: False)
    without(job(tmp_path), tmp_path, "the C2PA library is not installed")


def test_a_refusal_of_the_library_is_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that the library refuses is delivered without, for the library's reason."""

    def refuse(*_a: object, **_k: object) -> None:
        raise CredentialsError("The C2PA library refuses the file: no.")

    monkeypatch.setattr(room, "make_credentials", refuse)
    without(job(tmp_path), tmp_path, "The C2PA library refuses the file: no")


def test_a_full_disk_ends_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space is no reason to deliver less; the job can be taken up again."""

    def full(*_a: object, **_k: object) -> None:
        raise DiskFullError("No space.")

    monkeypatch.setattr(room, "make_credentials", full)
    with pytest.raises(DiskFullError):
        added(job(tmp_path), tmp_path)
    assert (tmp_path / "unsigned").exists()


def test_a_sidecar_lies_beside_a_result_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a kind has no room for them, credentials are a file of their own, by digest."""
    monkeypatch.setattr(room, "make_credentials", lambda *_a, **_k: MADE)
    stub = job(tmp_path)
    done = added(stub, tmp_path, "image/bmp")
    assert done.sidecar == tmp_path / "result.c2pa"
    assert done.sidecar.read_bytes() == MADE.store
    assert (tmp_path / "result").read_bytes() == b"samples"
    assert (done.facts.form, done.facts.file_name) == (CredentialForm.SIDECAR, "result.c2pa")
    assert done.facts.manifest_sha256 == MADE.store_sha256
    ((_, body),) = stub.entries
    assert body["outputs"] == [{"role": "credentials", "sha256": MADE.store_sha256}]
    assert body["certificate_sha256"] == SIGNER.certificate_sha256


def test_an_unparsed_parent_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that could not look into the file as received say so in the report."""
    made = MadeCredentials(MADE.found, MADE.store, parsed_parent=False)
    monkeypatch.setattr(room, "make_credentials", lambda *_a, **_k: made)
    assert added(job(tmp_path), tmp_path, "image/bmp").warnings == (UNPARSED,)


def test_a_parent_s_broken_credentials_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not hold of the file as received is in the report, in the library's codes."""
    failure = [{"code": "signingCredential.untrusted"}, {"code": "assertion.dataHash.mismatch"}]
    parent = {"validation_results": {"activeManifest": {"failure": failure}}}
    found = FoundCredentials("Valid", (), "urn:c2pa:x", {"ingredients": [parent]}, "c2pa 1")
    made = MadeCredentials(found, MADE.store, parsed_parent=True)
    monkeypatch.setattr(room, "make_credentials", lambda *_a, **_k: made)
    assert added(job(tmp_path), tmp_path, "image/bmp").warnings == (
        "The content credentials of the file as received do not hold: assertion.dataHash.mismatch.",
    )


def test_what_was_made_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that goes on finds what the one before it made; damage counts as nothing."""
    monkeypatch.setattr(room, "make_credentials", lambda *_a, **_k: MADE)
    assert load_credentialed(tmp_path) is None
    for media_type in ("image/bmp", "image/png"):
        done = added(job(tmp_path), tmp_path, media_type)
        save_credentialed(tmp_path, done)
        assert load_credentialed(tmp_path) == done
    (record,) = tmp_path.glob("*.json")
    record.write_bytes(record.read_bytes()[:-9])
    assert load_credentialed(tmp_path) is None
