"""The signing key: made once, private, refused where others could have read it."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipelines.errors import EvidenceError
from pipelines.evidence.signature import is_signature, parse_public_pem
from services.provenance.keys import KEY_FILE, PUBLIC_FILE, FileSigner


def test_first_use_makes_a_private_key(tmp_path: Path) -> None:
    """The first use makes a key that only its owner reads, and later uses find the same key."""
    folder = tmp_path / "home" / "keys"
    signer = FileSigner(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [KEY_FILE, PUBLIC_FILE]
    again = FileSigner(folder)
    assert again.public_key == signer.public_key
    assert signer.key_id == hashlib.sha256(signer.public_key).hexdigest()
    assert parse_public_pem((folder / PUBLIC_FILE).read_bytes()) == signer.public_key
    assert is_signature(again.public_key, signer.sign(b"message"), b"message")


def test_two_first_uses_end_with_one_key(tmp_path: Path) -> None:
    """Whoever comes first at the same moment, all end with the same key."""
    start = threading.Barrier(6)
    found: list[bytes] = []

    def use() -> None:
        start.wait()
        found.append(FileSigner(tmp_path / "keys").public_key)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_key_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that others can read or write is not used."""
    FileSigner(tmp_path / "keys")
    (tmp_path / "keys" / KEY_FILE).chmod(mode)
    with pytest.raises(EvidenceError) as caught:
        FileSigner(tmp_path / "keys")
    assert "chmod 600" in caught.value.next_step


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    """A folder in which others could put a key is not used."""
    FileSigner(tmp_path / "keys")
    (tmp_path / "keys").chmod(0o770)
    with pytest.raises(EvidenceError):
        FileSigner(tmp_path / "keys")


def test_links_are_refused(tmp_path: Path) -> None:
    """A key or a folder that is a link to somewhere else is not used."""
    FileSigner(tmp_path / "keys")
    (tmp_path / "link").symlink_to(tmp_path / "keys")
    with pytest.raises(EvidenceError):
        FileSigner(tmp_path / "link")
    os.replace(tmp_path / "keys" / KEY_FILE, tmp_path / "key")  # noqa: PTH105 - a plain move
    (tmp_path / "keys" / KEY_FILE).symlink_to(tmp_path / "key")
    with pytest.raises(EvidenceError):
        FileSigner(tmp_path / "keys")


def test_other_keys_are_refused(tmp_path: Path) -> None:
    """A file that holds no Ed25519 key, or none at all, is not used and not replaced."""
    FileSigner(tmp_path / "keys")
    path = tmp_path / "keys" / KEY_FILE
    other = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for data in (other, b"", b"not a key"):
        path.write_bytes(data)
        with pytest.raises(EvidenceError):
            FileSigner(tmp_path / "keys")
        assert path.read_bytes() == data
