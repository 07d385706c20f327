"""What strangers' files and full disks can do to credentials, and what they cannot."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import CredentialsError, DiskFullError
from pipelines.media import credentials
from pipelines.media.credentials import (
    read_credentials,
)
from pipelines.media.pool import DecodePool
from services.provenance.certificates import SelfMadeCredentials
from tests.unit.pipelines.media.credentials_kit import (
    EMBEDDED,
    parent_of,
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


def test_a_parent_that_cannot_be_parsed_is_named_all_the_same(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path
) -> None:
    """A file that the library chokes on still is the parent, by its digest."""
    received = tmp_path / "received.jpg"
    received.write_bytes(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xeb\xff\xff\x00" + b"\x00" * 40)
    result, done = with_credentials(pool, signer, tmp_path, "png", received)
    assert not done.parsed_parent
    (ingredient,) = seen(result.read_bytes(), "image/png")["manifests"][done.found.label][
        "ingredients"
    ]
    digest = hashlib.sha256(received.read_bytes()).hexdigest()
    assert ingredient["instance_id"] == f"sha256:{digest}"


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
        with_credentials(pool, signer, tmp_path, "png")
    assert asked == []
    assert {path.name for path in tmp_path.iterdir()} == {"enhanced.png", "received.png"}


def test_a_large_file_s_draft_leaves_nothing(
    pool: DecodePool,
    signer: SelfMadeCredentials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the library's draft is too large for memory it is a file that nobody ever sees."""
    monkeypatch.setattr(credentials, "_IN_MEMORY_BYTES", 1 << 20)
    path = picture(tmp_path / "enhanced.png")
    random = np.random.default_rng(3)
    Image.fromarray(random.integers(0, 255, (900, 900, 3), dtype=np.uint8)).save(path)
    assert path.stat().st_size > 1 << 20
    result, _ = with_credentials(pool, signer, tmp_path, "png")
    assert seen(result.read_bytes(), "image/png")["validation_state"] == "Valid"
    assert {path.name for path in tmp_path.iterdir()} == {"enhanced.png", "received.png"}


def test_a_full_disk_leaves_the_result_as_it_was(
    pool: DecodePool,
    signer: SelfMadeCredentials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No space for the signed copy is an error that can be resumed, and touches nothing."""

    def full(*_told: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = picture(tmp_path / "enhanced.png", seed=1).read_bytes()
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DiskFullError) as caught:
        with_credentials(pool, signer, tmp_path, "png")
    assert "--resume" in caught.value.next_step
    assert (tmp_path / "enhanced.png").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"enhanced.png", "received.png"}


@pytest.mark.parametrize("kind", EMBEDDED)
def test_a_damaged_parent_never_stops_the_job(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, kind: str
) -> None:
    """However the file as received is damaged, the result has credentials that name it."""
    received = picture(tmp_path / f"received.{kind}")
    whole = received.read_bytes()
    random = np.random.default_rng(4)
    result = picture(tmp_path / "enhanced.png", seed=1)
    bare = result.read_bytes()
    for number in range(8):
        data = bytearray(whole[: len(whole) - number * len(whole) // 10])
        for place in random.integers(0, len(data), 20):
            data[place] = int(random.integers(0, 256))
        received.write_bytes(data)
        result.write_bytes(bare)
        _, done = with_credentials(pool, signer, tmp_path, "png", received)
        (ingredient,) = done.found.manifest["ingredients"]
        assert ingredient["instance_id"] == parent_of(received).ingredient["instance_id"]


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        (b"abcdef", b"abcXYdef", True),
        (b"abcdef", b"XYabcdef", True),
        (b"abcdef", b"abcdefXY", True),
        (b"abcabc", b"abcabcabc", True),
        (b"abcdef", b"abXcdYef", False),
        (b"abcdef", b"abcXYdeg", False),
        (b"abcdef", b"abcdef", False),
        (b"abcdef", b"abcde", False),
        (b"a" * 3000000, b"a" * 1500000 + b"b" + b"a" * 1500000, True),
        (b"a" * 3000000, b"a" * 1500000 + b"b" + b"a" * 1499999 + b"c", False),
    ],
)
def test_only_credentials_are_put_in(
    tmp_path: Path, before: bytes, after: bytes, *, holds: bool
) -> None:
    """A signed picture is the unsigned one with a single run of bytes put in."""
    (tmp_path / "before").write_bytes(before)
    (tmp_path / "after").write_bytes(after)
    found = credentials._only_inserted(tmp_path / "before", tmp_path / "after")
    assert found is holds


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_a_picture_that_was_changed_besides_is_not_taken(
    pool: DecodePool,
    signer: SelfMadeCredentials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """A child that signs another picture than it was given has made nothing."""
    other = picture(tmp_path / f"other.{kind}", seed=7)
    asked = credentials._asked

    def elsewhere(pool: DecodePool, arguments: dict[str, object], *rest: object, **more: object):
        return asked(pool, {**arguments, "result": str(other)}, *rest, **more)

    monkeypatch.setattr(credentials, "_asked", elsewhere)
    before = picture(tmp_path / f"enhanced.{kind}", seed=1).read_bytes()
    with pytest.raises(CredentialsError, match="More than credentials"):
        with_credentials(pool, signer, tmp_path, kind)
    assert (tmp_path / f"enhanced.{kind}").read_bytes() == before
