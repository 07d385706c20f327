"""Builds a bundle: the job's files, its proof, and a statement over all of it, in one zip.

The order that keeps it free of circles: `place` the finished files, record an entry of kind
`EXPORT_KIND` with `export_body(placed)`, seal the job, then `build_bundle`. The same input
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_writer import ArchiveFacts, Sink
from pipelines.evidence.bundle_content import Facts, export_lines, predicate
from pipelines.evidence.bundle_layout import REQUIRED, VERIFY, PlacedFile, Role
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.entry import JobProof, parse_entry
from pipelines.evidence.export_entry import exported
from pipelines.evidence.json_value import Json
from pipelines.evidence.log_files import check_inclusion, encode_proof, log_head, log_keys
from pipelines.evidence.papers import dig
from pipelines.evidence.signature import Signer, key_id
from pipelines.evidence.signed_bag import BUNDLE_KIND, TimeStamper, facts_of, measured, write_bag
from pipelines.evidence.verify_text import ClipEnds, verify_page

MAX_PLAN_BYTES = 16 << 20


def build_bundle(
    out: Sink,
    *,
    files: Sequence[PlacedFile],
    proof: JobProof,
    signer: Signer,
    time_stamper: TimeStamper | None = None,
) -> ArchiveFacts:
    """Write the bundle to `out` as a stream; return its SHA-256 and size.

    Memory is flat in the size of the files, each of which is read once more here. Raises
    `EvidenceError` where a required file is missing, the job's export entry does not name
    exactly `files`, the proof does not hold, or a file has changed since it was placed; what
    `time_stamper` raises comes through.
    """
    missing = [role for role in REQUIRED if all(file.role is not role for file in files)]
    if missing:
        raise EvidenceError(f"The bundle lacks its {missing[0]}.")
    content = {file.path: file.content for file in files}
    entries = [parse_entry(entry) for entry in proof.entries]
    if canonical_bytes(exported(entries)) != canonical_bytes(export_lines(facts_of(content))):
        raise EvidenceError("The export entry does not name exactly the files of the bundle.")

    log = encode_proof(proof)
    head = log_head(log, log_keys(log))
    check_inclusion(log, head)
    page = verify_page(
        job=proof.job,
        statement_key=signer.key_id,
        log_key=key_id(log_keys(log)[0].public_key),
        stamped=time_stamper is not None,
        clip=_clip_ends(files),
    )

    def said(facts: Facts) -> dict[str, Json]:
        return predicate(proof.job, head, facts)

    return write_bag(
        out,
        BUNDLE_KIND,
        content | measured(log | {VERIFY: page}),
        said,
        signer=signer,
        time_stamper=time_stamper,
    )


def _clip_ends(files: Sequence[PlacedFile]) -> ClipEnds | None:
    """Say where a reader finds a clip's frames; None where there is no clip to look at.

    The result holds the kept streams in the source's order, so its video stream has the number
    of kept streams before it.
    """
    placed = {file.role: file for file in files}
    if Role.LEDGER not in placed or Role.RECEIVED not in placed:
        return None
    with placed[Role.PLAN].content.source() as source:
        plan = source.read(MAX_PLAN_BYTES)
    try:
        members = parse_object(plan)
    except EvidenceError:
        return None
    stream, copied = dig(members, "source", "stream"), dig(members, "delivery", "copied")
    if not isinstance(stream, int) or not isinstance(copied, Sequence):
        return None
    before = sum(isinstance(one, int) and one < stream for one in copied)
    return ClipEnds(placed[Role.RECEIVED].path, stream, placed[Role.RESULT].path, before)
