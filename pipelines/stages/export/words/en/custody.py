"""English words of custody, verification, signatures and the command line's summary."""

from __future__ import annotations

from pipelines.stages.export.facts_custody import (
    AttestationKind,
    AttestationState,
    CustodyKind,
    CustodySource,
    DigestStage,
    PersonRole,
)
from pipelines.stages.export.words.language import Plural
from pipelines.stages.export.words.parts_custody import ClosingWords, CustodyWords, SummaryWords

CUSTODY = CustodyWords(
    heading="Chain of custody",
    introduction="What this system saw, and what the operator stated. Accesses outside this "
    "system are not seen.",
    people="People and roles",
    people_columns=("Role", "Name", "Function", "Organisation"),
    roles={
        PersonRole.OPERATOR: "operator",
        PersonRole.REQUESTER: "requested by",
        PersonRole.REVIEWER: "reviewer",
    },
    identity="Names are as the operator stated them; nobody's identity was checked.",
    lines="Receipts, transfers and accesses",
    lines_introduction="About the file as received, unless another SHA-256 is given.",
    no_lines="The log of this system holds no transfer and no access, and the operator stated "
    "none.",
    line_columns=("When", "What", "Who", "Source"),
    kinds={
        CustodyKind.RECEIVED: "received",
        CustodyKind.TRANSFER: "transfer",
        CustodyKind.ACCESS: "access",
        CustodyKind.STAGE: "stage of the work",
        CustodyKind.EXPORT: "export",
    },
    sources={
        CustodySource.SEALED: "sealed log, leaf {leaf}",
        CustodySource.UNSEALED: "log, sealed with this job",
        CustodySource.STATED: "stated by the operator",
    },
    recorded="recorded by {who}, {time}, leaf {leaf}",
    time_stated="stated: {time}",
    time_unknown="time not stated",
    digest_line="SHA-256 {sha256}",
    digests="Digests at every stage",
    digests_introduction="All digests are SHA-256 (FIPS 180-4), in hexadecimal.",
    digest_columns=("Taken over", "SHA-256"),
    stages={
        DigestStage.RECEIVED: "the file as received",
        DigestStage.GRAPH: "the graph: what was asked",
        DigestStage.PLAN: "the plan: everything resolved",
        DigestStage.WEIGHTS: "weights of a network",
        DigestStage.INDEX: "the index: times and samples of every frame",
        DigestStage.DECODED: "the samples as decoded",
        DigestStage.ENCODER: "the samples handed to the encoder",
        DigestStage.ENCODER_FRAMES: "the digests of all frames as handed to the encoder, in order",
        DigestStage.DELIVERED_SAMPLES: "the samples of the result, decoded again",
        DigestStage.DELIVERED_FRAMES: "the digests of all frames of the result, decoded again",
        DigestStage.LEDGER: "the ledger: digests of every frame",
        DigestStage.TRACKS: "every place of every track",
        DigestStage.FUSION: "a file of a fusion of frames",
        DigestStage.MAP: "a map",
        DigestStage.CREDENTIALS: "content credentials",
        DigestStage.RESULT: "the file as delivered",
    },
    entries="Entries of the log",
    entries_introduction="What the log holds of this job up to this report. The entry that names "
    "the delivered files follows; the bundle holds all entries and their proofs.",
    no_entries="The log's entries are in the bundle, with their proofs.",
    entry_columns=("No.", "Kind", "Time", "SHA-256 of the entry"),
    proofs="Further proofs",
    proof_kinds={
        AttestationKind.TIME_STAMP: "Time stamp (RFC 3161)",
        AttestationKind.WITNESS: "Witness of the log",
    },
    proof_states={
        AttestationState.REQUESTED: "asked for when the bundle is signed, after this report",
        AttestationState.NONE: "none",
        AttestationState.FAILED: "could not be obtained",
    },
)

CLOSING = ClosingWords(
    limits="What may not be concluded",
    verify="How to verify",
    verify_introduction="Anyone can check this without a connection to us or to any server.",
    bundle="Check the whole bundle: every file, the log and the signatures.",
    received="Without this program: compare the SHA-256 of the file that you hold with the one "
    "received, {sha256}.",
    delivered="The same for the file that was delivered, {sha256}.",
    by_hand="Check the bundle by hand with unzip, sha256sum and openssl: it says how.",
    replay="Do the work again from the logged plan and compare every sample.",
    shows="This document shows the facts of report.json and nothing else.",
    report_digest="report.json, SHA-256",
    signatures="Review and signatures",
    signatures_introduction="By signing, a person states what they did and saw. This program "
    "signs the bundle, not these lines.",
    signature_name="Name",
    signature_function="Function",
    signature_organisation="Organisation",
    signature_date="Date",
    signature_sign="Signature",
)

SUMMARY = SummaryWords(
    head="{name}: {label} (preset {preset}, job {job})",
    no_operation="No operation: the samples are those that were decoded.",
    result="Result",
    frames=Plural(", {count} frame", ", {count} frames", ", {count} frames"),
    network="network {name} {version} (gate: {gate})",
    note="Note",
    assumed="Assumed",
    override="Override",
    warning="Warning",
    fusion="Fusion around frame {frame}",
    tracks="Tracks",
    tracks_found=Plural(
        "{count} found by {detector}. Look at it before anything is hidden or judged along it. "
        "{warning}",
        "{count} found by {detector}. Look at them before anything is hidden or judged along "
        "them. {warning}",
        "{count} found by {detector}. Look at them before anything is hidden or judged along "
        "them. {warning}",
    ),
    defect="Already in the source",
    broken="Not conserved",
    became="{name}: {source} became {result}",
    more="{count} more, all in the report",
    already="Already done.",
    bundle="Bundle",
    bundle_holds="The bundle holds ({standing}). {sentence}",
    more_settings=Plural("{count} more setting", "{count} more settings", "{count} more settings"),
)
