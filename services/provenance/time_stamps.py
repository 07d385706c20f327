"""RFC 3161 time stamps over a statement's signature: fetched from an authority, and checked.

The only file that knows `rfc3161-client`, which is an extra: whoever imports this names the extra
where it is missing. A stamp that is fetched is taken only when it is granted, over our digest,
with our nonce, and, where authorities were named, signed by one that leads to them. A fetch has
one deadline, follows no redirect, uses no proxy of the environment and reads a bounded reply.
"""

from __future__ import annotations

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from pipelines.errors import EvidenceError, RequestError, TimeStampError
from pipelines.evidence.outside import Found, NotChecked, TimeStampCheck

MOST_REPLY_BYTES = 1 << 20

_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED = (0, 1)
_CHUNK_BYTES = 1 << 16
_LATER = "The bundle is whole without it; `evident bundle supplement --stamp` can add one later."


class HttpTimeStamps:
    """Asks one authority over HTTP (RFC 3161, 3.4).

    `anchors` are certificates that a stamp must lead to; without any the authority's signature
    is not checked here. Raises RequestError where `url` is not http or https.
    """

    def __init__(
        self, url: str, *, anchors: Sequence[x509.Certificate] = (), timeout_seconds: float
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise RequestError(
                f"EVIDENT_TSA_URL: {url!r} is no http or https address.",
                next_step="Name a time-stamping authority (RFC 3161), or unset the variable.",
            )
        self._url = url
        self._anchors = tuple(anchors)
        self._timeout_seconds = timeout_seconds

    @property
    def authority(self) -> str:
        """The authority's host name."""
        return urlsplit(self._url).hostname or ""

    def stamp(self, message: bytes) -> bytes:
        """Return the response (DER) over `message`. Raises TimeStampError."""
        request = (
            TimestampRequestBuilder()
            .data(message)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        token = self._reply(request)
        try:
            _require(_decoded(token), message, self._anchors, nonce=request.nonce)
        except EvidenceError as error:
            raise TimeStampError(
                f"{self.authority} gave no time stamp that counts: {error}", next_step=_LATER
            ) from error
        return token

    def _reply(self, request: TimeStampRequest) -> bytes:
        asked = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url,
            data=request.as_bytes(),
            headers={
                "Content-Type": "application/timestamp-query",
                "Accept": "application/timestamp-reply",
            },
            method="POST",
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        deadline = time.monotonic() + self._timeout_seconds
        reply = bytearray()
        try:
            with opener.open(asked, timeout=self._timeout_seconds) as answer:
                while piece := answer.read1(_CHUNK_BYTES):
                    reply += piece
                    if len(reply) > MOST_REPLY_BYTES:
                        raise TimeStampError(f"{self.authority} sent too much.", next_step=_LATER)
                    if time.monotonic() > deadline:
                        raise TimeoutError("it took too long")
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise TimeStampError(
                f"{self.authority} could not be asked for a time stamp: {error}.", next_step=_LATER
            ) from error
        return bytes(reply)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An authority answers where it was asked."""

    def redirect_request(self, *_told: Any) -> None:
        """Go nowhere; the opener then reports the status."""


def time_stamp_check(anchors: Sequence[x509.Certificate]) -> TimeStampCheck:
    """Return a check for `verify_bundle`; `anchors` are authorities that the verifier names.

    Without any, who stamped is not checked, and a stamp counts for nothing.
    """

    def check(message: bytes, token: bytes) -> Found | NotChecked:
        response = _decoded(token)
        _require(response, message, anchors)
        moment = response.tst_info.gen_time.strftime("%Y-%m-%dT%H:%M:%SZ")
        if not anchors:
            return NotChecked(
                f"it is over this signature and says {moment}, but no authority was named"
            )
        return Found(f"{moment}, stamped by {_signer(response)}", anchored=True)

    return check


def _decoded(token: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(token)
        if response.status not in _GRANTED:
            said = "; ".join(response.status_string) or f"status {response.status}"
            raise EvidenceError(f"The time stamp was not granted ({said}).")
        _ = response.tst_info
    except ValueError as error:
        raise EvidenceError("It is no time stamp response in DER.") from error
    return response


def _require(
    response: TimeStampResponse,
    message: bytes,
    anchors: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
) -> None:
    """Raise EvidenceError unless the stamp is over `message`, and leads to an anchor if any."""
    imprint = response.tst_info.message_imprint
    if imprint.hash_algorithm != _SHA256 or imprint.message != hashlib.sha256(message).digest():
        raise EvidenceError("The time stamp is over something else.")
    if nonce is not None and response.tst_info.nonce != nonce:
        raise EvidenceError("The time stamp answers another request.")
    if not anchors:
        return
    try:
        VerifierBuilder(roots=list(anchors)).build().verify(response, imprint.message)
    except (VerificationError, ValueError) as error:
        reason = str(error).partition(": ErrorStack")[0]
        raise EvidenceError(f"The time stamp does not lead to a named authority: {reason}.") from (
            error
        )


def _signer(response: TimeStampResponse) -> str:
    (info,) = response.signed_data.signer_infos
    for der in response.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(der)
        if (certificate.issuer, certificate.serial_number) == (info.issuer, info.serial_number):
            return certificate.subject.rfc4514_string()
    return f"serial {info.serial_number} of {info.issuer.rfc4514_string()}"
