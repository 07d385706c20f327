"""Checks whatever bag a file is: a bundle with its supplements, or a disclosure.

What it is follows from the folder in the archive and is said in the verdict. A file that is
neither is checked as a bundle, and fails as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from pipelines.errors import RequestError
from pipelines.evidence.archive_form import LOCAL
from pipelines.evidence.disclosure import DISCLOSURE_KIND
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.outside import CredentialCheck, TimeStampCheck
from pipelines.evidence.signed_bag import BagKind
from pipelines.evidence.supplement import SUPPLEMENT_KIND
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify_disclosure import verify_disclosure
from pipelines.evidence.verify_supplement import verify_with_supplements


def verify_any(
    reader: BinaryIO,
    supplements: Sequence[BinaryIO] = (),
    *,
    trusted_keys: tuple[bytes, ...] = (),
    witnesses: tuple[VerifierKey, ...] = (),
    time_stamp_check: TimeStampCheck | None = None,
    credential_check: CredentialCheck | None = None,
) -> tuple[Verdict, ...]:
    """Check the file in `reader`, and the supplements of a bundle beside it, in that order.

    Raises `RequestError` for a supplement without its whole bundle.
    """
    if _begins_with(reader, SUPPLEMENT_KIND):
        raise RequestError(
            "This is a supplement, and counts beside its bundle only.",
            next_step="Verify the bundle, and name this file with --supplement.",
        )
    if not _begins_with(reader, DISCLOSURE_KIND):
        return verify_with_supplements(
            reader,
            supplements,
            trusted_keys=trusted_keys,
            witnesses=witnesses,
            time_stamp_check=time_stamp_check,
            credential_check=credential_check,
        )
    if supplements:
        raise RequestError(
            "A supplement counts beside the whole bundle, and this is a disclosure.",
            next_step="Check it beside the bundle, or leave it out.",
        )
    verdict = verify_disclosure(
        reader,
        trusted_keys=trusted_keys,
        witnesses=witnesses,
        time_stamp_check=time_stamp_check,
        credential_check=credential_check,
    )
    return (verdict,)


def _begins_with(reader: BinaryIO, kind: BagKind) -> bool:
    """Whether the first name in the archive is in the folder of such bags."""
    base = kind.base.encode("ascii")
    reader.seek(0)
    return reader.read(LOCAL.size + len(base))[LOCAL.size :] == base
