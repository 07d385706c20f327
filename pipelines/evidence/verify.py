"""Checks a bundle from its bytes alone: no server, no network, no clock, no other file.

Every byte of the archive is covered by one of these checks, in this order, and the first
that fails is the verdict:
1. archive form: the zip is its own canonical re-encoding;
2. contents: every file has the CRC-32 that the archive states;
3. layout: every file has a place, and none is missing;
4. statement: the signature holds, under the pinned keys if there are any;
5. signed digests: every signed file is the one that was signed, none more, none less;
6. statement copies: the parts laid out for openssl are those of the statement;
7. bag: declaration and manifests say what they must;
8. log head: the checkpoint's signatures hold, under the pinned keys if there are any;
9. witnesses: the cosignatures of those that were named hold;
10. entries: each in canonical form, of one job, without a gap;
11. inclusion: each entry is a leaf of that head, in the job's order;
12. export: the job's last export names exactly the job's files;
13. statement's claim: it is about this job, this head, these files;
14. plan: about this graph, this file as received, these networks;
15. report: about this job, plan, file and result;
16. record: graph, plan, source, segments and result are those in the entries, every law held;
17. ledger: well-formed, frames in sequence, their digests those of plan and entries;
18. time stamp and 19. credentials: by the callables that were handed in.
Trust comes from a pinned key, never from the bundle.
"""

from __future__ import annotations

from typing import BinaryIO

from pipelines.evidence.bundle_layout import (
    Role,
    role_of,
)
from pipelines.evidence.bundle_steps import STEPS, OpenedBundle, opened_bundle
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.opened_bag import (
    run_steps,
    standings_of,
)
from pipelines.evidence.outside import (
    CredentialCheck,
    TimeStampCheck,
)
from pipelines.evidence.signature import key_id
from pipelines.evidence.verdict import Standing, Verdict


def verify_bundle(
    reader: BinaryIO,
    *,
    trusted_keys: tuple[bytes, ...] = (),
    witnesses: tuple[VerifierKey, ...] = (),
    time_stamp_check: TimeStampCheck | None = None,
    credential_check: CredentialCheck | None = None,
) -> Verdict:
    """Check the bundle in `reader` (seekable) and say what holds.

    `trusted_keys` are raw 32-byte Ed25519 public keys that the caller knows by another way;
    with any, a bundle or a log signed by another key fails. `witnesses` are those whose word
    counts that they saw the log's head. The callables check what other
    libraries are needed for (`pipelines.evidence.outside`). A bundle that does not hold is a
    verdict, not an exception; what the reader itself raises comes through. Memory is flat in
    the size of the job's files.
    """
    return examine_bundle(
        reader,
        trusted_keys=trusted_keys,
        witnesses=witnesses,
        time_stamp_check=time_stamp_check,
        credential_check=credential_check,
    )[1]


def examine_bundle(
    reader: BinaryIO,
    *,
    trusted_keys: tuple[bytes, ...] = (),
    witnesses: tuple[VerifierKey, ...] = (),
    time_stamp_check: TimeStampCheck | None = None,
    credential_check: CredentialCheck | None = None,
) -> tuple[OpenedBundle, Verdict]:
    """Check the bundle as `verify_bundle` does; hand out what was read besides."""
    bundle = opened_bundle(reader, trusted_keys)
    bundle.witnesses = witnesses
    bundle.time_stamp_check = time_stamp_check
    bundle.credential_check = credential_check
    checks, unreached = run_steps(bundle, STEPS)
    ok = all(check.passed for check in checks)
    verdict = Verdict(
        checks=checks,
        files=tuple(bundle.facts),
        standings=standings_of(bundle) if ok else (Standing.REFUSED,),
        not_checked=(*unreached, *_limits(bundle)),
        job=bundle.job,
        keys=tuple(key_id(key) for key in bundle.public_keys),
    )
    return bundle, verdict


def _limits(bundle: OpenedBundle) -> list[str]:
    """List what no check here can show."""
    limits = []
    if not bundle.trusted:
        limits.append("whose key it is: no key was pinned, the bundle vouches for itself")
    if bundle.facts and not any(role_of(path) is Role.RECEIVED for path in bundle.facts):
        limits.append("the file as received: it is not in the bundle")
    limits.append("whether the plan gives the result again: that is a replay")
    if not bundle.witnessed:
        limits.append("whether the log was shown to others with another head")
    return limits
