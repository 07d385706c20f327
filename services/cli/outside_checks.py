"""The checks of `evident verify` that need other libraries: RFC 3161 and C2PA.

A library that is not installed leaves its check undone, which the verdict says; a file of
certificates that a person named and that cannot be read is wrong use.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from pipelines.errors import EvidenceError, RequestError, TimeStampError
from pipelines.evidence.outside import Found, NotChecked, TimeStampCheck
from pipelines.ports import TimeStampAuthority
from services.provenance.certificates import read_certificates
from services.provenance.guarded_stamps import GuardedTimeStamps
from services.settings.settings import Settings
from services.telemetry.breakers import Breakers

_MOST_BYTES = 1 << 20
_NEXT_STEP = "Name a file of certificates (PEM)."


def time_stamp_check(authorities: Path | None) -> TimeStampCheck:
    """Check RFC 3161 stamps against the authorities in a file. Raises RequestError.

    The library is loaded when there is a stamp, or a file to read.
    """
    anchors = () if authorities is None else certificates(authorities)

    def check(message: bytes, token: bytes) -> Found | NotChecked:
        try:
            from services.provenance import time_stamps  # noqa: PLC0415 - see above
        except ImportError:
            return NotChecked("there is one, and rfc3161-client is not installed")
        return time_stamps.time_stamp_check(anchors)(message, token)

    return check


def certificates(path: Path) -> tuple[Certificate, ...]:
    """The certificates in the file at `path`. Raises RequestError."""
    try:
        return read_certificates(named_bytes(path))
    except EvidenceError as error:
        raise RequestError(f"{path}: {error}", next_step=_NEXT_STEP) from error


def named_bytes(path: Path) -> bytes:
    """The bytes of a small file that a person named. Raises RequestError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RequestError(
            f"{path} cannot be read: {error.strerror or error}.", next_step=_NEXT_STEP
        ) from error
    if len(data) > _MOST_BYTES:
        raise RequestError(f"{path} has more than {_MOST_BYTES} bytes.", next_step=_NEXT_STEP)
    return data


def time_stamps(settings: Settings, breakers: Breakers) -> TimeStampAuthority | None:
    """The authority that statements are stamped by, if one is set. Raises RequestError."""
    if settings.tsa_url is None:
        return None
    try:
        from services.provenance.time_stamps import HttpTimeStamps  # noqa: PLC0415 - see above
    except ImportError as error:
        raise RequestError(
            "EVIDENT_TSA_URL is set, and rfc3161-client is not installed.",
            next_step="Install the `time-stamps` extra, or unset the variable.",
        ) from error
    authority = HttpTimeStamps(
        settings.tsa_url,
        anchors=() if settings.tsa_ca is None else certificates(settings.tsa_ca),
        timeout_seconds=settings.tsa_timeout_seconds,
    )
    breaker = breakers.of("time-stamping authority", counts=(TimeStampError,))
    return GuardedTimeStamps(authority, breaker)


def pem(chain: tuple[Certificate, ...]) -> str:
    """Certificates as PEM, one after the other."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in chain)
