"""Time stamps and credentials: checked by what is handed in, and named where nothing is."""

from __future__ import annotations

import io
from io import BytesIO
from typing import Any

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import (
    SIGNATURE,
    TAG_MANIFEST,
    TIME_STAMP,
    BundleFile,
    Role,
    place,
)
from pipelines.evidence.export_entry import export_body
from pipelines.evidence.outside import Found, Medium, NotChecked
from pipelines.evidence.verdict import Standing
from pipelines.evidence.verify import verify_bundle


def stamp(signature: bytes) -> bytes:
    """Make what stands for a time stamp here: bytes that follow from the signature."""
    return b"stamped " + signature


def reads_stamps(signature: bytes, token: bytes) -> Found:
    """Check such a time stamp."""
    if token != stamp(signature):
        raise EvidenceError("The time stamp is over something else.")
    return Found("2026-11-21T07:00:00Z by a test", anchored=True)


@pytest.fixture(scope="module")
def stamped(workshop: Any) -> bytes:
    """Build a bundle with a time stamp."""
    placed = place(workshop.files())
    proof = workshop.prove(placed, export_body(placed))
    out = BytesIO()
    build_bundle(out, files=placed, proof=proof, signer=workshop.signer, time_stamper=stamp)
    return out.getvalue()


def test_a_time_stamp_is_in_the_tag_manifest(workshop: Any, stamped: bytes) -> None:
    """The stamp covers the bytes of the signature and is listed in the tag manifest."""
    files = workshop.unpack(stamped)
    assert files[TIME_STAMP] == stamp(files[SIGNATURE])
    assert TIME_STAMP.encode() in files[TAG_MANIFEST]


def test_standing_follows_the_time_stamp(workshop: Any, stamped: bytes) -> None:
    """A stamp counts where it was checked and leads to a named certificate, and only there."""
    verdict = workshop.verify(stamped)
    assert verdict.ok
    assert verdict.standings == (Standing.SELF_ASSERTED,)
    assert any("time stamp" in line for line in verdict.not_checked)
    found = verify_bundle(BytesIO(stamped), time_stamp_check=reads_stamps)
    assert found.standings == (Standing.SELF_ASSERTED, Standing.TIME_STAMPED)
    keys = (workshop.signer.public_key,)
    both = verify_bundle(BytesIO(stamped), trusted_keys=keys, time_stamp_check=reads_stamps)
    assert both.standings == (Standing.PINNED, Standing.TIME_STAMPED)
    assert both.as_json()["standings"] == ["pinned", "time-stamped"]
    assert "(pinned, time-stamped)" in "\n".join(both.lines())
    loose = verify_bundle(
        BytesIO(stamped), time_stamp_check=lambda _signature, _token: Found("by somebody")
    )
    assert loose.standings == (Standing.SELF_ASSERTED,)


def test_a_wrong_time_stamp_fails(workshop: Any, stamped: bytes, sample: bytes) -> None:
    """A stamp over another signature is named, also where the manifest was made anew for it."""
    files = workshop.unpack(stamped)
    forged = workshop.pack(workshop.relist(files | {TIME_STAMP: stamp(b"another")}))
    verdict = verify_bundle(BytesIO(forged), time_stamp_check=reads_stamps)
    assert verdict.standing is Standing.REFUSED
    assert verdict.first_failure is not None
    assert verdict.first_failure.file == TIME_STAMP
    moved = workshop.unpack(sample) | {TIME_STAMP: files[TIME_STAMP]}
    verdict = verify_bundle(
        BytesIO(workshop.pack(workshop.relist(moved))), time_stamp_check=reads_stamps
    )
    assert not verdict.ok


def test_what_cannot_be_checked_is_listed(workshop: Any, stamped: bytes, sample: bytes) -> None:
    """A check that says why it could not look is listed as not checked, and is no pass."""

    def blind(*_: object) -> NotChecked:
        return NotChecked("no library for it")

    verdict = verify_bundle(BytesIO(stamped), time_stamp_check=blind, credential_check=blind)
    assert verdict.ok
    assert {check.name for check in verdict.checks}.isdisjoint({"time stamp", "credentials"})
    assert sum("no library for it" in line for line in verdict.not_checked) == 2
    plain = workshop.verify(sample).not_checked
    assert any("the bundle carries none" in line for line in plain)


def test_credentials_see_each_result_and_its_sidecar(workshop: Any) -> None:
    """The check gets every result, as a file that seeks, with the sidecar of its name."""
    extra = [
        BundleFile(Role.RESULT, bytes_source(b"0123456789"), "second.mkv"),
        BundleFile(Role.ATTACHMENT, bytes_source(b"sidecar"), "second.mkv.c2pa"),
    ]
    bundle = workshop.bundle([*workshop.files(), *extra])
    seen: dict[str, tuple[bytes, bytes | None]] = {}

    def look(medium: Medium) -> Found:
        with medium.content() as file:
            assert file.seek(-1, io.SEEK_END) >= 0
            assert len(file.read(5)) == 1
            assert file.read(5) == b""
            file.seek(0)
            content = file.read()
        sidecar = None
        if medium.sidecar is not None:
            with medium.sidecar() as file:
                sidecar = file.read()
        seen[medium.path] = (content, sidecar)
        return Found("read")

    assert verify_bundle(BytesIO(bundle), credential_check=look).ok
    assert seen == {
        "data/result/enhanced.png": (b"result", None),
        "data/result/second.mkv": (b"0123456789", b"sidecar"),
    }


def test_wrong_credentials_fail_and_name_the_result(sample: bytes) -> None:
    """Where a credential does not fit the result that carries it, the result is named."""

    def look(medium: Medium) -> Found:
        raise EvidenceError(f"{medium.path} was changed after it was signed.")

    verdict = verify_bundle(BytesIO(sample), credential_check=look)
    assert verdict.first_failure is not None
    assert verdict.first_failure.file == "data/result/enhanced.png"
    assert verdict.first_failure.name == "credentials"
