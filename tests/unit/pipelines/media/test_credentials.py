"""Content credentials: made in a child, read by the C2PA library itself; what tampering does."""

from __future__ import annotations

import hashlib
import io
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import c2pa
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import CredentialsError
from pipelines.media import credentials
from pipelines.media.credentials import (
    FoundCredentials,
    MadeCredentials,
    Parent,
    make_credentials,
    read_credentials,
)
from pipelines.media.pool import DecodePool
from services.provenance.certificates import SelfMadeCredentials
from tests.unit.pipelines.media.clip_kit import write_clip

EMBEDDED = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}
BESIDE = {
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "webp": "image/webp",
    "mkv": "video/matroska",
    "mov": "video/quicktime",
}
TYPES = {**EMBEDDED, **BESIDE}
MANIFEST = {
    "claim_generator_info": [{"name": "evident"}],
    "title": "enhanced",
    "assertions": [
        {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.enhanced"}]}},
        {"label": "invalid.evident.job", "data": {"version": 1}},
    ],
}
UNTRUSTED = "signingCredential.untrusted"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SelfMadeCredentials:
    """A key and a certificate of this module's own."""
    return SelfMadeCredentials(tmp_path_factory.mktemp("keys") / "credentials")


def picture(path: Path, seed: int = 0) -> Path:
    """A small picture or clip, by its suffix."""
    if path.suffix in (".mp4", ".mkv", ".mov"):
        return write_clip(path, audio="aac")
    random = np.random.default_rng(seed)
    Image.fromarray(random.integers(0, 255, (64, 80, 3), dtype=np.uint8)).save(path)
    return path


def parent(path: Path) -> Parent:
    """A file as received."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    ingredient = {
        "title": path.name,
        "relationship": "parentOf",
        "instance_id": f"sha256:{digest}",
    }
    return Parent(path, TYPES.get(path.suffix[1:], "image/jpeg"), ingredient)


def made(
    pool: DecodePool,
    signer: SelfMadeCredentials,
    folder: Path,
    kind: str,
    received: Path | None = None,
) -> tuple[Path, MadeCredentials]:
    """A result of a kind with its credentials."""
    result = folder / f"enhanced.{kind}"
    if not result.exists():
        picture(result, seed=1)
    done = make_credentials(
        pool,
        result,
        media_type=TYPES[kind],
        parent=parent(received or picture(folder / "received.png")),
        manifest=MANIFEST,
        signer=signer,
        out=result if kind in EMBEDDED else None,
    )
    return result, done


def seen(data: bytes, media_type: str, *, store: bytes | None = None, anchors: str = "") -> Any:
    """What the library itself reads, in this process and with its own defaults."""
    settings: dict[str, Any] = {"version": 1, "verify": {"remote_manifest_fetch": False}}
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    context = c2pa.Context.from_dict(settings)
    with c2pa.Reader(media_type, io.BytesIO(data), store, context) as reader:
        return json.loads(reader.json())


def codes(document: Mapping[str, Any]) -> set[str]:
    """The codes of what failed."""
    return {one["code"] for one in document.get("validation_status", ())}


@pytest.mark.parametrize("kind", EMBEDDED)
def test_the_c2pa_library_reads_what_is_embedded(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str
) -> None:
    """Any C2PA reader finds the credentials whole, and only the issuer unknown to it."""
    result, _ = made(pool, signer, tmp_path, kind)
    document = seen(result.read_bytes(), TYPES[kind])
    assert document["validation_state"] == "Valid"
    assert codes(document) == {UNTRUSTED}


@pytest.mark.parametrize("kind", BESIDE)
def test_the_c2pa_library_reads_a_sidecar(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str
) -> None:
    """Where a kind has no room, the credentials lie beside a file that is not touched."""
    before = picture(tmp_path / f"enhanced.{kind}", seed=1).read_bytes()
    result, done = made(pool, signer, tmp_path, kind)
    assert result.read_bytes() == before
    document = seen(before, TYPES[kind], store=done.store)
    assert (document["validation_state"], codes(document)) == ("Valid", {UNTRUSTED})
    other = seen(before[:-1] + b"\x00\x01", TYPES[kind], store=done.store)
    assert other["validation_state"] == "Invalid"


def test_a_reader_that_knows_the_issuer_trusts_the_signer(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """With the authority's certificate as an anchor nothing is missing any more."""
    result, _ = made(pool, signer, tmp_path, "png")
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
    result, done = made(pool, signer, tmp_path, kind)
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
    result, _ = made(pool, signer, tmp_path, "png")
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
    result, _ = made(pool, signer, tmp_path, kind)
    assert np.array_equal(bare, np.asarray(Image.open(result)))


def test_packets_stay(pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path) -> None:
    """A clip with credentials has every packet at its time, and its chunks where it says."""

    def packets(path: Path) -> list[tuple[int, int | None, bytes]]:
        with av.open(str(path)) as clip:
            return [(one.stream.index, one.pts, bytes(one)) for one in clip.demux() if one.size]

    bare = packets(picture(tmp_path / "bare.mp4"))
    result, _ = made(pool, signer, tmp_path, "mp4")
    assert packets(result) == bare


def test_the_parent_is_named_by_its_digest_and_brings_its_own(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """The ingredient is the file as received; credentials that it came with are kept in ours."""
    first, _ = made(pool, signer, tmp_path, "jpg")
    received = first.rename(tmp_path / "received.jpg")
    _, done = made(pool, signer, tmp_path, "png", received)
    (ingredient,) = done.found.manifest["ingredients"]
    digest = hashlib.sha256(received.read_bytes()).hexdigest()
    assert ingredient["instance_id"] == f"sha256:{digest}"
    assert ingredient["relationship"] == "parentOf"
    assert ingredient["active_manifest"]
    assert done.parsed_parent


def test_a_parent_that_cannot_be_parsed_is_named_all_the_same(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """A file that the library chokes on still is the parent, by its digest."""
    received = tmp_path / "received.jpg"
    received.write_bytes(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xeb\xff\xff\x00" + b"\x00" * 40)
    result, done = made(pool, signer, tmp_path, "png", received)
    assert not done.parsed_parent
    (ingredient,) = seen(result.read_bytes(), "image/png")["manifests"][done.found.label][
        "ingredients"
    ]
    digest = hashlib.sha256(received.read_bytes()).hexdigest()
    assert ingredient["instance_id"] == f"sha256:{digest}"


def test_no_picture_is_copied_into_the_credentials(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """There is no thumbnail, neither of the result nor of the file as received."""
    _, done = made(pool, signer, tmp_path, "jpg")
    assert b"thumbnail" not in done.store


def test_what_we_state_is_ours(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """Actions, ingredient and our own assertion are created by us, not gathered (2.4, 10.2.2)."""
    result, done = made(pool, signer, tmp_path, "png")
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
    result, done = made(pool, signer, tmp_path, "png")
    data = result.read_bytes()
    whole = tmp_path / "whole"
    whole.write_bytes(b"x" * 1000 + data + b"y" * 1000)
    found = read_credentials(pool, whole, media_type="image/png", first=1000, size=len(data))
    assert isinstance(found, FoundCredentials)
    assert (found.state, found.label) == ("Valid", done.found.label)


def test_nothing_is_fetched(pool: DecodePool, tmp_path: Path) -> None:
    """A file that points to a manifest somewhere else makes nobody ask there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest"
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
            'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
            f'dcterms:provenance="{address}"/></rdf:RDF></x:xmpmeta>'
        )
        path = tmp_path / "remote.jpg"
        Image.new("RGB", (32, 32)).save(path, xmp=packet.encode())
        try:
            found = read_credentials(pool, path, media_type="image/jpeg")
        except CredentialsError:
            found = None
        assert found is None
        with pytest.raises(TimeoutError):
            server.accept()


def test_only_a_claim_is_signed(
    pool: DecodePool,
    signer: SelfMadeCredentials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A child that asks for a signature over anything but a COSE structure gets none."""
    monkeypatch.setattr(credentials, "_SIGNED_FORM", b"something else")
    asked: list[bytes] = []
    monkeypatch.setattr(SelfMadeCredentials, "sign", lambda _self, message: asked.append(message))
    with pytest.raises(CredentialsError, match="no C2PA claim"):
        made(pool, signer, tmp_path, "png")
    assert asked == []
    assert {path.name for path in tmp_path.iterdir()} == {"enhanced.png", "received.png"}
