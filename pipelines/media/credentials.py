"""The parent's side of content credentials (C2PA 2.x): what is asked of the child, what it may get.

The child parses strangers' files and may fall to one. It is asked for one signature only, over
something that has the form of a COSE signature (RFC 9052, 4.4), and with a key that signs
nothing else. The finished file is ours when it reads back as valid and, for a picture, is the
unsigned file with one run of bytes put in; a clip's packets are judged by the conservation laws.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines.errors import CredentialsError, DecodeChildError, DiskFullError, ResourceError
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import ChildSession, DecodePool
from pipelines.ports import CredentialSigner

EMBEDDED_TYPES = frozenset({"image/jpeg", "image/png", "video/mp4"})
"""Media types whose files carry their credentials; every other kind gets a file beside it."""

MOST_STORE_BYTES = 32 << 20
"""The most that credentials may take of a file, those of its parents included."""

SIDECAR_SUFFIX = ".c2pa"
SIDECAR_TYPE = "application/c2pa"

_SIGNED_FORM = b"\x84\x6aSignature1"
_MOST_SIGNED_BYTES = 1 << 20
_OWN_STORE_BYTES = 1 << 20
_PIECE_BYTES = 256 << 20
_CHILD_BYTES = 64 << 20
_SLACK_BYTES = 2 << 30
_INSERTED_TYPES = frozenset({"image/jpeg", "image/png"})
_CHUNK_BYTES = 1 << 20
_IN_MEMORY_BYTES = 64 << 20
_TRUSTED = "Trusted"
_SOUND = ("Valid", _TRUSTED)
_OF_THE_SIGNER = {"signingCredential.untrusted", "signingCredential.expired"}


@dataclass(frozen=True, slots=True)
class Parent:
    """The file as received. `ingredient` is its C2PA definition."""

    path: Path
    media_type: str
    ingredient: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundCredentials:
    """What the C2PA library says about credentials.

    `state` is its own word: `Valid` (unbroken; nobody vouches for the signer), `Trusted` or
    `Invalid`. `failures` are its codes with its explanations; `manifest` is the newest manifest.
    """

    state: str
    failures: tuple[tuple[str, str], ...]
    label: str
    manifest: Mapping[str, Any]
    library: str

    @property
    def is_sound(self) -> bool:
        """Whether nothing but the trust in the signer is missing."""
        return self.state in _SOUND

    @property
    def is_unbroken(self) -> bool:
        """Whether all that fails, if anything, is about the signer's certificate today."""
        failed = {code for code, _ in self.failures}
        return self.is_sound or (bool(failed) and failed <= _OF_THE_SIGNER)

    @property
    def is_trusted(self) -> bool:
        """Whether an issuer that the reader named vouches for the signer."""
        return self.state == _TRUSTED


@dataclass(frozen=True, slots=True)
class MadeCredentials:
    """Credentials that were just made. `store` is the C2PA manifest store, as a sidecar has it."""

    found: FoundCredentials
    store: bytes
    parsed_parent: bool

    @property
    def parent_failures(self) -> tuple[str, ...]:
        """What does not hold of the credentials that the file as received brought, as codes.

        Empty where all holds, and where it brought none.
        """
        failed = [
            one.get("code", "")
            for parent in self.found.manifest.get("ingredients", ())
            for one in parent.get("validation_results", {})
            .get("activeManifest", {})
            .get("failure", ())
        ]
        return tuple(sorted(set(failed) - _OF_THE_SIGNER))

    @property
    def store_sha256(self) -> str:
        """SHA-256 of the manifest store, lower-case hexadecimal."""
        return hashlib.sha256(self.store).hexdigest()


def is_installed() -> bool:
    """Whether the C2PA library is there; it is never imported in this process."""
    return find_spec("c2pa") is not None


def memory_bytes(size: int) -> int:
    """Most memory that the child needs for a file of `size` bytes.

    The library hashes in pieces of 256 MiB and reads one ahead; measured for 798 MB: 634 MB.
    """
    return _CHILD_BYTES + _IN_MEMORY_BYTES + 2 * min(size, _PIECE_BYTES)


def scratch_bytes(size: int) -> int:
    """Most disk that is needed to sign a file of `size` bytes, the unsigned file included.

    The library makes a draft of the signed file; beyond 64 MiB it lies in an unnamed file.
    """
    return size * (2 if size <= _IN_MEMORY_BYTES else 3)


def make_credentials(
    pool: DecodePool,
    result: Path,
    *,
    media_type: str,
    parent: Parent,
    manifest: Mapping[str, Any],
    signer: CredentialSigner,
    out: Path | None,
) -> MadeCredentials:
    """Sign `manifest` over `result`; with `out`, write there a copy that carries it.

    Where the file as received makes the library fail, it is named as an ingredient without being
    parsed, and `parsed_parent` is False. Raises CredentialsError, DecodeChildError,
    DiskFullError, ResourceError; `out` is then absent.
    """
    arguments = {
        "want": "sign",
        "result": str(result.absolute()),
        "result_type": media_type,
        "embed": out is not None,
        "manifest": dict(manifest),
        "algorithm": signer.algorithm,
        "certificates": signer.certificates,
        "scratch": str(result.absolute().parent),
        "source": str(parent.path.absolute()),
        "source_type": parent.media_type,
        "ingredient": dict(parent.ingredient),
    }
    room = result.stat().st_size + _OWN_STORE_BYTES
    room += min(parent.path.stat().st_size, MOST_STORE_BYTES)
    try:
        return _signed(pool, arguments, signer, room=room, out=out)
    except (CredentialsError, DecodeChildError):
        unparsed = {**arguments, "source": None}
        made = _signed(pool, unparsed, signer, room=room, out=out)
        return replace(made, parsed_parent=False)


def read_credentials(
    pool: DecodePool,
    path: Path,
    *,
    media_type: str,
    store: bytes | None = None,
    anchors: str = "",
    first: int = 0,
    size: int | None = None,
) -> FoundCredentials | None:
    """Read the credentials of `size` bytes of `path` from `first` on, or those in `store`.

    `anchors` are certificates (PEM) of issuers to trust. None where there are no credentials.
    Raises CredentialsError, DecodeChildError.
    """
    arguments = {
        "want": "read",
        "path": str(path.absolute()),
        "first": first,
        "size": size,
        "media_type": media_type,
        "store": None if store is None else base64.b64encode(store).decode(),
        "anchors": anchors,
    }
    with pool.session("credentials", arguments) as session:
        found = _awaited(session, "found")["found"]
    return None if found is None else _found(found)


def _signed(
    pool: DecodePool,
    arguments: Mapping[str, Any],
    signer: CredentialSigner,
    *,
    room: int,
    out: Path | None,
) -> MadeCredentials:
    if out is None:
        return _asked(pool, arguments, signer, room=0, descriptor=None)[0]
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, room)
            made, size = _asked(pool, arguments, signer, room=room, descriptor=file.fileno())
            if not 0 < size <= room:
                raise CredentialsError(f"The credentialed file cannot have {size} bytes.")
            file.truncate(size)
            if arguments["result_type"] in _INSERTED_TYPES and not _only_inserted(
                Path(arguments["result"]), part
            ):
                raise CredentialsError("More than credentials was put into the file.")
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise _no_room(out, error) from error
    finally:
        part.unlink(missing_ok=True)
    return made


def _only_inserted(before: Path, after: Path) -> bool:
    """Whether `after` is `before` with one run of bytes put in somewhere."""
    more = after.stat().st_size - before.stat().st_size
    if more <= 0:
        return False
    with before.open("rb") as old, after.open("rb") as new:
        same = 0
        while (piece := old.read(_CHUNK_BYTES)) and piece == new.read(len(piece)):
            same += len(piece)
        # The run begins where they first differ: within this piece, or at the end.
        old.seek(same)
        new.seek(same)
        pairs = zip(old.read(_CHUNK_BYTES), new.read(_CHUNK_BYTES), strict=False)
        same += next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
        old.seek(same)
        new.seek(same + more)
        while piece := old.read(_CHUNK_BYTES):
            if piece != new.read(len(piece)):
                return False
        return not new.read(1)


def _asked(
    pool: DecodePool,
    arguments: Mapping[str, Any],
    signer: CredentialSigner,
    *,
    room: int,
    descriptor: int | None,
) -> tuple[MadeCredentials, int]:
    """One session: memory out, one signature, and what the child says it made."""
    limits = None
    if room > _IN_MEMORY_BYTES:
        # The file is mapped whole, and its draft is a file: more than a spare child may have.
        limits = DecodeLimits(memory_bytes=room + _SLACK_BYTES, file_bytes=room)
    arguments = {**arguments, "in_memory_bytes": _IN_MEMORY_BYTES}
    with pool.session("credentials", arguments, limits=limits) as session:
        if descriptor is not None:
            session.share(descriptor, room)
        message = base64.b64decode(_awaited(session, "sign")["sign"])
        if not message.startswith(_SIGNED_FORM) or len(message) > _MOST_SIGNED_BYTES:
            raise CredentialsError("What was to be signed is no C2PA claim.")
        session.send({"signature": base64.b64encode(signer.sign(message)).decode()})
        signed = _awaited(session, "signed")["signed"]
    found = _found(signed)
    if not found.is_sound:
        raise CredentialsError(f"The credentials do not read back: {_reasons(found)}.")
    return MadeCredentials(found, base64.b64decode(signed["store"]), True), int(signed["bytes"])


def _awaited(session: ChildSession, name: str) -> dict[str, Any]:
    """The next message called `name`; those that only say that work goes on are passed over."""
    while True:
        message = session.receive()
        if name in message:
            return message
        if "bytes" not in message:
            raise CredentialsError(f"The child said {sorted(message)} instead of {name!r}.")


def _found(message: Mapping[str, Any]) -> FoundCredentials:
    return FoundCredentials(
        state=str(message["state"]),
        failures=tuple((str(one["code"]), str(one["about"])) for one in message["failures"]),
        label=str(message["label"]),
        manifest=message["manifest"],
        library=f"c2pa {message['library']}",
    )


def _reasons(found: FoundCredentials) -> str:
    return "; ".join(code for code, _ in found.failures) or found.state


def _no_room(out: Path, error: OSError) -> ResourceError:
    return DiskFullError(
        f"{out.name} cannot be finished: {error.strerror or error}.",
        next_step="Free some space there and run again with --resume.",
    )
