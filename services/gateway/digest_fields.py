"""`Content-Digest` and `Repr-Digest` (RFC 9530), entity tags and single ranges (RFC 9110, 13, 14).

Text of headers to values.

Of a digest field only `sha-256` counts; others may stand beside it. Of ranges one is answered;
several at once are answered as none, which the standard allows.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from http import HTTPStatus

from services.gateway.envelope import RefusedError
from services.storage.port import Sha256

_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{1,88}):\s*(?:;[^,]*)?(?:,|$)")
_RANGE = re.compile(r"bytes=([0-9]{0,40})-([0-9]{0,40})", re.IGNORECASE)
_RAW_BYTES = 32


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to, and without, `stop`."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many."""
        return self.stop - self.start


def stated_sha256(text: str | None, *, field: str) -> Sha256 | None:
    """Return the digest that a field states, None where there is no field."""
    if text is None:
        return None
    found = _SHA256.search(text)
    try:
        raw = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        raw = b""
    if len(raw) != _RAW_BYTES:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST,
            "invalid-digest",
            f"{field} states no SHA-256; write it like sha-256=:<base64>:.",
            fields=(field,),
        )
    return Sha256(raw.hex())


def sent_sha256(content_digest: str | None, repr_digest: str | None) -> Sha256 | None:
    """Return the digest that a whole file was stated to have, by one of the fields or by both.

    Raises RefusedError where they are not of the same bytes: nothing here is sent encoded.
    """
    content = stated_sha256(content_digest, field="Content-Digest")
    whole = stated_sha256(repr_digest, field="Repr-Digest")
    if content is not None and whole is not None and content != whole:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST,
            "invalid-digest",
            "Content-Digest and Repr-Digest state different digests of one file.",
            fields=("Content-Digest", "Repr-Digest"),
        )
    return content or whole


def names_tag(given: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names an entity tag (RFC 9110, 13.1.2, weak comparison)."""
    tags = [one.strip().removeprefix("W/") for one in (given or "").split(",")]
    return tag in tags or tags == ["*"]


def digest_field(sha256: str) -> str:
    """Spell a digest as these fields have it."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode('ascii')}:"


def asked_span(text: str | None, size: int) -> Span | None:
    """Return the span that `Range` asks for; None where all is to be sent.

    Raises RefusedError (416) where it lies beyond the end.
    """
    found = _RANGE.fullmatch(text.strip()) if text else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, stop = max(0, size - int(found[2])), size
    else:
        start = int(found[1])
        stop = min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= stop:
        raise RefusedError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "range-not-satisfiable",
            "The artifact has no such bytes.",
            fields=("Range",),
            headers={"Content-Range": f"bytes */{size}"},
        )
    return Span(start, stop)
