"""What is not the bundle that was made is refused, whoever put it together."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import (
    ENTRIES,
    ENVELOPE,
    LOG_FILES,
    LOG_KEYS,
    OWN_FILES,
    PROOFS,
    STATEMENT_FILES,
    STATEMENT_PEM,
    BundleFile,
    Role,
    place,
)
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.checkpoint import Checkpoint, parse_checkpoint
from pipelines.evidence.export_entry import export_body


def failed_file(verdict: Any) -> str:
    """Return the file that a refused bundle's verdict names."""
    assert not verdict.ok, verdict.lines()
    return verdict.first_failure.file


def test_dropped_files_are_named(workshop: Any, sample: bytes) -> None:
    """A bundle without one of its files is refused, with manifests made anew or not."""
    files = workshop.unpack(sample)
    for path in files:
        rest = {name: data for name, data in files.items() if name != path}
        verdict = workshop.verify(workshop.pack(rest))
        assert failed_file(verdict) in {path, "archive structure"}
        if path not in OWN_FILES:
            verdict = workshop.verify(workshop.pack(workshop.relist(rest)))
            assert failed_file(verdict) in {path, "archive structure"}


@pytest.mark.parametrize(
    "path", ["data/extra.txt", "data/result/second.png", "data/result/a/b.png", "notes.txt"]
)
def test_added_files_are_named(workshop: Any, sample: bytes, path: str) -> None:
    """A file that was not there when the statement was signed is named."""
    files = workshop.unpack(sample) | {path: b"new"}
    assert failed_file(workshop.verify(workshop.pack(files))) == path
    assert failed_file(workshop.verify(workshop.pack(workshop.relist(files)))) == path


def test_renamed_files_are_refused(workshop: Any, sample: bytes) -> None:
    """A file under another name is not the file that was signed."""
    files = workshop.unpack(sample)
    files["data/result/other.png"] = files.pop("data/result/enhanced.png")
    for forged in (files, workshop.relist(files)):
        verdict = workshop.verify(workshop.pack(forged))
        assert failed_file(verdict) == "data/result/enhanced.png"
        assert verdict.first_failure.name == "signed digests"


def test_files_of_another_bundle_are_refused(workshop: Any, sample: bytes) -> None:
    """No file, and no group of files, of another bundle of the same key passes in this one."""
    files = workshop.unpack(sample)
    other = workshop.unpack(workshop.bundle(workshop.files(b"another result")))
    for group in (*((path,) for path in files), LOG_FILES, STATEMENT_FILES):
        swapped = files | {path: other[path] for path in group}
        for forged in (swapped, workshop.relist(swapped)):
            assert forged == files or not workshop.verify(workshop.pack(forged)).ok, group


def test_another_bundles_log_under_a_new_signature_is_refused(workshop: Any, sample: bytes) -> None:
    """Even the signer cannot pair one job's files with another job's log."""
    files = workshop.unpack(sample)
    other = workshop.unpack(workshop.bundle(workshop.files(b"another result")))
    mixed = files | {path: other[path] for path in LOG_FILES}
    verdict = workshop.verify(workshop.resign(mixed), pinned=True)
    assert failed_file(verdict) == "data/result/enhanced.png"


def test_a_result_that_the_log_does_not_name_is_refused(workshop: Any, sample: bytes) -> None:
    """Even the signer cannot replace a result after the export entry was sealed."""
    files = workshop.unpack(sample) | {"data/result/enhanced.png": b"forged"}
    verdict = workshop.verify(workshop.resign(files), pinned=True)
    assert verdict.first_failure.name == "export"
    assert failed_file(verdict) == "data/result/enhanced.png"


def test_rewritten_entries_are_refused(workshop: Any, sample: bytes) -> None:
    """Even the signer cannot reword, drop or reorder entries under a published head."""
    files = workshop.unpack(sample)
    lines = files[ENTRIES].splitlines(keepends=True)
    proofs = parse_object(files[PROOFS][:-1])
    reworded = [lines[0].replace(b"forensic-safe", b"presentation "), *lines[1:]]
    for changed in (reworded, lines[1:], lines[:1], lines[::-1], [lines[0], *lines], []):
        forged = files | {ENTRIES: b"".join(changed)}
        assert failed_file(workshop.verify(workshop.resign(forged, job="job-1"))) in {
            ENTRIES,
            PROOFS,
        }
    rows = proofs["entries"]
    assert isinstance(rows, list)
    for entries in (rows[::-1], rows[:1], rows + rows):
        forged = files | {PROOFS: canonical_bytes(proofs | {"entries": entries}) + b"\n"}
        assert failed_file(workshop.verify(workshop.resign(forged))) in {ENTRIES, PROOFS}


def test_numbers_have_one_spelling(workshop: Any, sample: bytes) -> None:
    """A truth value does not pass for the number that Python takes it for."""
    files = workshop.unpack(sample)
    proofs = parse_object(files[PROOFS][:-1])
    rows = proofs["entries"]
    assert isinstance(rows, list)
    assert isinstance(rows[0], dict)
    odd = proofs | {"entries": [rows[0] | {"leaf": False}, *rows[1:]]}
    assert rows[0]["leaf"] == 0
    forged = files | {PROOFS: canonical_bytes(odd) + b"\n"}
    assert failed_file(workshop.verify(workshop.resign(forged))) == PROOFS


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_signed_nonsense_is_a_verdict(workshop: Any, sample: bytes, data: st.DataObject) -> None:
    """Whatever a signer puts into the log's files, checking ends in a verdict, never a crash."""
    files = workshop.unpack(sample)
    path = data.draw(st.sampled_from(LOG_FILES))
    good = files[path]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(start + 40, len(good))))
    filling = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"[]", b"{}", b"null", b"-1", b"\n"])
    )
    changed = good[:start] + filling + good[end:]
    head = Checkpoint("x", 1, bytes(32))
    verdict = workshop.verify(workshop.resign(files | {path: changed}, head=head, job="j"))
    assert not verdict.ok
    assert verdict.lines()


@pytest.mark.parametrize(
    "text",
    [
        b'{"version":true}\n',
        b'{"entries":[],"tree_size":3}\n',
        b'{"entries":[],"tree_size":3,"version":1}\n',
        b'{"entries":[],"tree_size":3,"version":2}\n',
        b'{"entries":[{"leaf":0,"path":["00"],"salt":"00"}],"tree_size":3,"version":1}\n',
        b'{"entries":[{"leaf":0}],"tree_size":3,"version":1}\n',
        b"[]\n",
        b"{}",
        b"\n",
    ],
)
def test_odd_proofs_are_named(workshop: Any, sample: bytes, text: bytes) -> None:
    """Proofs that are not in their form are named, whoever signed them."""
    files = workshop.unpack(sample) | {PROOFS: text}
    assert failed_file(workshop.verify(workshop.resign(files))) == PROOFS


def test_a_statement_about_another_log_is_refused(workshop: Any, sample: bytes) -> None:
    """The statement and the checkpoint beside it speak of the same head and job."""
    files = workshop.unpack(sample)
    head = parse_checkpoint(files["data/log/checkpoint"].partition(b"\n\n")[0] + b"\n")
    other = Checkpoint(head.origin, head.size + 1, head.root)
    assert failed_file(workshop.verify(workshop.resign(files, head=other))) == ENVELOPE
    assert failed_file(workshop.verify(workshop.resign(files, job="job-9"))) == ENVELOPE


def test_another_signer_is_refused_where_a_key_is_pinned(
    workshop: Any, stranger: Any, sample: bytes
) -> None:
    """A statement signed anew by a stranger holds for nobody who knows the right key."""
    forged = workshop.resign(workshop.unpack(sample), signer=stranger.signer)
    assert workshop.verify(forged).ok
    assert failed_file(workshop.verify(forged, pinned=True)) == STATEMENT_PEM


def test_a_remade_log_is_refused_where_a_key_is_pinned(
    workshop: Any, stranger: Any, sample: bytes
) -> None:
    """A log made anew by a stranger holds for nobody who knows the right key."""
    del sample
    forged = stranger.bundle(workshop.files())
    assert stranger.verify(forged).ok
    assert failed_file(workshop.verify(forged, pinned=True)) == STATEMENT_PEM
    # The right key signed this statement once, about another log: the log is still refused.
    signed = workshop.resign(stranger.unpack(forged), signer=workshop.signer)
    assert failed_file(workshop.verify(signed, pinned=True)) == LOG_KEYS


@pytest.mark.parametrize(
    "ledger",
    [
        b'{"version":1}\n{"index":0}\n{"index":2}\n',
        b'{"version":1}\n{"index":1}\n',
        b'{"version":1,"frames":3}\n{"index":0}\n',
        b'{"frames":3,"version":1}\n{"index":0}\n',
        b'{"index":0}\n{"index":1}\n',
        b'{"version":1}\n{"index":0} \n',
        b'{"version":1}\n{"index":0}',
        b'{"version":1}\n\n',
        b'{"version":1}\n{"index":true}\n',
        b"",
    ],
)
def test_a_ledger_out_of_form_is_named(workshop: Any, ledger: bytes) -> None:
    """A ledger with a gap, a wrong count or another spelling is refused though it is signed."""
    files = [
        BundleFile(Role.LEDGER, bytes_source(ledger)) if file.role is Role.LEDGER else file
        for file in workshop.files()
    ]
    assert failed_file(workshop.verify(workshop.bundle(files))) == "data/ledger.jsonl"


def test_builder_refuses_what_does_not_belong_together(workshop: Any) -> None:
    """A bundle is not built from files that the export entry does not name, or from too few."""
    placed = place(workshop.files())
    proof = workshop.prove(placed, export_body(placed))
    for files in (placed[1:], placed[:-1], place(workshop.files(b"another"))):
        with pytest.raises(EvidenceError):
            build_bundle(BytesIO(), files=files, proof=proof, signer=workshop.signer)
    unnamed = workshop.prove(placed, {})
    with pytest.raises(EvidenceError):
        build_bundle(BytesIO(), files=placed, proof=unnamed, signer=workshop.signer)


def test_same_input_gives_the_same_bytes(workshop: Any) -> None:
    """A bundle built twice from the same files and proof is the same file."""
    placed = place(workshop.files())
    proof = workshop.prove(placed, export_body(placed))
    built = []
    for _ in range(2):
        out = BytesIO()
        build_bundle(out, files=placed, proof=proof, signer=workshop.signer)
        built.append(out.getvalue())
    assert built[0] == built[1]
