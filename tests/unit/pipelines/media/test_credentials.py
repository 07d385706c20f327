"""Content credentials: made in a child, read by the C2PA library itself; what tampering does."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest
from PIL import Image

from pipelines.media.credentials import (
    FoundCredentials,
    read_credentials,
)
from pipelines.media.pool import DecodePool
from services.provenance.certificates import GivenCredentials, SelfMadeCredentials
from tests.unit.pipelines.media.credentials_kit import (
    BESIDE,
    EMBEDDED,
    TYPES,
    UNTRUSTED,
    certified,
    codes,
    picture,
    seen,
    with_credentials,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SelfMadeCredentials:
    """A key and a certificate of this module's own."""
    return SelfMadeCredentials(tmp_path_factory.mktemp("keys") / "credentials")


@pytest.mark.parametrize("kind", EMBEDDED)
def test_the_c2pa_library_reads_what_is_embedded(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str
) -> None:
    """Any C2PA reader finds the credentials whole, and only the issuer unknown to it."""
    result, _ = with_credentials(pool, signer, tmp_path, kind)
    document = seen(result.read_bytes(), TYPES[kind])
    assert document["validation_state"] == "Valid"
    assert codes(document) == {UNTRUSTED}


@pytest.mark.parametrize("kind", BESIDE)
def test_the_c2pa_library_reads_a_sidecar(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str
) -> None:
    """Where a kind has no room, the credentials lie beside a file that is not touched."""
    before = picture(tmp_path / f"enhanced.{kind}", seed=1).read_bytes()
    result, done = with_credentials(pool, signer, tmp_path, kind)
    assert result.read_bytes() == before
    document = seen(before, TYPES[kind], store=done.store)
    assert (document["validation_state"], codes(document)) == ("Valid", {UNTRUSTED})
    other = seen(before[:-1] + b"\x00\x01", TYPES[kind], store=done.store)
    assert other["validation_state"] == "Invalid"


def test_a_reader_that_knows_the_issuer_trusts_the_signer(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """With the authority's certificate as an anchor nothing is missing any more."""
    result, _ = with_credentials(pool, signer, tmp_path, "png")
    document = seen(result.read_bytes(), "image/png", anchors=signer.certificates)
    assert (document["validation_state"], codes(document)) == ("Trusted", set())
    found = read_credentials(pool, result, media_type="image/png", anchors=signer.certificates)
    assert found is not None
    assert (found.state, found.failures) == ("Trusted", ())


@pytest.mark.parametrize("kind", EMBEDDED)
@pytest.mark.parametrize("place", [0.4, 0.7, 0.95])
def test_a_changed_byte_is_reported(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str, place: float
) -> None:
    """One flipped bit in the picture makes the credentials invalid, in the library's own words."""
    result, done = with_credentials(pool, signer, tmp_path, kind)
    data = bytearray(result.read_bytes())
    start = data.find(done.store[-64:]) + 64
    data[start + int((len(data) - start) * place)] ^= 1
    result.write_bytes(data)
    found = read_credentials(pool, result, media_type=TYPES[kind])
    assert found is not None
    assert found.state == "Invalid"
    assert {code for code, _ in found.failures} - {UNTRUSTED}


def test_a_changed_manifest_is_reported(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """An action that was renamed after signing is not what was signed."""
    result, _ = with_credentials(pool, signer, tmp_path, "png")
    data = result.read_bytes()
    assert data.count(b"c2pa.enhanced") == 1
    result.write_bytes(data.replace(b"c2pa.enhanced", b"c2pa.filtered"))
    found = read_credentials(pool, result, media_type="image/png")
    assert found is not None
    assert found.state == "Invalid"
    assert "assertion.hashedURI.mismatch" in {code for code, _ in found.failures}


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_samples_stay(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str
) -> None:
    """A picture with credentials decodes to the samples that it had without."""
    bare = np.asarray(Image.open(picture(tmp_path / f"bare.{kind}", seed=1)))
    result, _ = with_credentials(pool, signer, tmp_path, kind)
    assert np.array_equal(bare, np.asarray(Image.open(result)))


def test_packets_stay(pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path) -> None:
    """A clip with credentials has every packet at its time, and its chunks where it says."""

    def packets(path: Path) -> list[tuple[int, int | None, bytes]]:
        with av.open(str(path)) as clip:
            return [(one.stream.index, one.pts, bytes(one)) for one in clip.demux() if one.size]

    bare = packets(picture(tmp_path / "bare.mp4"))
    result, _ = with_credentials(pool, signer, tmp_path, "mp4")
    assert packets(result) == bare


def test_the_parent_is_named_by_its_digest_and_brings_its_own(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """The ingredient is the file as received; credentials that it came with are kept in ours."""
    first, _ = with_credentials(pool, signer, tmp_path, "jpg")
    received = first.rename(tmp_path / "received.jpg")
    _, done = with_credentials(pool, signer, tmp_path, "png", received)
    (ingredient,) = done.found.manifest["ingredients"]
    digest = hashlib.sha256(received.read_bytes()).hexdigest()
    assert ingredient["instance_id"] == f"sha256:{digest}"
    assert ingredient["relationship"] == "parentOf"
    assert ingredient["active_manifest"]
    assert done.parent_failures == ()
    assert done.parsed_parent


def test_a_parent_s_broken_credentials_stay_broken(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """A file that was changed after signing is worked on; ours hold, and say what does not."""
    received, _ = with_credentials(pool, signer, tmp_path, "jpg")
    data = bytearray(received.read_bytes())
    data[-100] ^= 1
    received.write_bytes(data)
    result, done = with_credentials(pool, signer, tmp_path, "png", received)
    assert seen(result.read_bytes(), "image/png")["validation_state"] == "Valid"
    assert done.parent_failures == ("assertion.dataHash.mismatch",)


def test_no_picture_is_copied_into_the_credentials(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """There is no thumbnail, neither of the result nor of the file as received."""
    _, done = with_credentials(pool, signer, tmp_path, "jpg")
    assert b"thumbnail" not in done.store


def test_what_we_state_is_ours(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """Actions, ingredient and our own assertion are created by us, not gathered (2.4, 10.2.2)."""
    result, done = with_credentials(pool, signer, tmp_path, "png")
    with c2pa.Reader("image/png", io.BytesIO(result.read_bytes())) as reader:
        claim = json.loads(reader.detailed_json())["manifests"][done.found.label]["claim"]
    created = {one["url"].rpartition("/")[2] for one in claim["created_assertions"]}
    assert {"c2pa.actions.v2", "c2pa.ingredient.v3", "invalid.evident.job"} <= created
    assert not claim.get("gathered_assertions")


def test_a_file_without_credentials_has_none(pool: DecodePool, tmp_path: Path) -> None:
    """Nothing is found where nothing is."""
    plain = picture(tmp_path / "plain.png")
    assert read_credentials(pool, plain, media_type="image/png") is None


def test_part_of_a_file_is_read_as_a_file(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """Credentials are read where they lie within another file, such as a bundle."""
    result, done = with_credentials(pool, signer, tmp_path, "png")
    data = result.read_bytes()
    whole = tmp_path / "whole"
    whole.write_bytes(b"x" * 1000 + data + b"y" * 1000)
    found = read_credentials(pool, whole, media_type="image/png", first=1000, size=len(data))
    assert isinstance(found, FoundCredentials)
    assert (found.state, found.label) == ("Valid", done.found.label)


def test_a_certificate_of_another_kind_signs(
    pool: DecodePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A given P-256 key makes credentials that the library takes, and trusts with its issuer."""
    key_path, chain_path = certified(tmp_path / "given")
    given = GivenCredentials(key_path, chain_path)
    result, done = with_credentials(pool, given, tmp_path, "jpg")
    assert done.found.manifest["signature_info"]["alg"] == "Es256"
    document = seen(result.read_bytes(), "image/jpeg", anchors=given.certificates)
    assert document["validation_state"] == "Trusted"
