"""A signer outside this process: a program that holds the key, or asks a KMS that does.

The program is called without a shell, as its argument list and one word more: `public-key` prints
the Ed25519 public key in PEM, `sign` reads the message on stdin and writes the 64 bytes of its
signature (RFC 8032) on stdout. It gets ten seconds; every signature is checked against the
public key before it is used, so a program that answers wrongly is an error and never a head.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from pipelines.errors import EvidenceError, ResourceError
from pipelines.evidence.signature import is_signature, key_id, parse_public_pem
from services.provenance.head_keys import HeadKeys

TIMEOUT_SECONDS = 10.0


class CommandSigner:
    """A `Signer` behind the program `command`, whose public key is asked for once.

    With `public_key` given, a program of another key is an `EvidenceError`. A program that
    cannot be run, fails or does not answer in time is a `ResourceError`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        public_key: bytes | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.command = tuple(command)
        self._timeout_seconds = timeout_seconds
        self._public = parse_public_pem(self._run("public-key", b""))
        if public_key is not None and self._public != public_key:
            raise EvidenceError(
                f"The signing program holds key {key_id(self._public)}, not the log's key.",
                next_step="Set the program so that it signs with the log's key.",
            )

    @property
    def key_id(self) -> str:
        """SHA-256 of the raw public key, lower-case hexadecimal."""
        return key_id(self._public)

    @property
    def public_key(self) -> bytes:
        """The raw 32-byte public key."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the program's signature of `message`, checked."""
        signature = self._run("sign", message)
        if not is_signature(self._public, signature, message):
            raise EvidenceError(
                "The signing program answered with something that is not its key's signature.",
                next_step="Check the program by hand: it writes 64 bytes, and nothing else.",
            )
        return signature

    def head_keys(self) -> HeadKeys:
        """Return itself: this key alone, with no other before it."""
        return HeadKeys((self,))

    def _run(self, word: str, message: bytes) -> bytes:
        try:
            done = subprocess.run(
                [*self.command, word],
                input=message,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout_seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ResourceError(
                f"The signing program cannot be used: {error}.",
                next_step="Check that it runs, and that its KMS can be reached.",
            ) from error
        if done.returncode != 0:
            raise ResourceError(
                f"The signing program failed with code {done.returncode}.",
                next_step=f"Run it by hand with the word {word} to see why.",
            )
        return done.stdout
