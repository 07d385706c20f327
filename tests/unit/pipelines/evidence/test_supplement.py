"""A supplement counts beside the bundle that it names, and beside no other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence import opened_bag
from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.bundle_layout import (
    BAG_FILES,
    CHECKPOINT,
    ENTRIES,
    LOG_FILES,
    LOG_KEYS,
    PROOFS,
    SIGNATURE,
    STATEMENT_PEM,
    VERIFY,
)
from pipelines.evidence.checkpoint import Checkpoint, parse_checkpoint
from pipelines.evidence.outside import Found
from pipelines.evidence.signed_bag import measured, write_bag
from pipelines.evidence.supplement import (
    SUPPLEMENT_KIND,
    TIE,
    BundleName,
    Extra,
    LaterProof,
    build_supplement,
    parse_tie,
    supplement_predicate,
)
from pipelines.evidence.verdict import Standing, Verdict
from pipelines.evidence.verify import examine_bundle
from pipelines.evidence.verify_supplement import bundle_name, verify_with_supplements


def named(bundle: bytes) -> BundleName:
    """Name a bundle as its supplement does."""
    opened, verdict = examine_bundle(BytesIO(bundle))
    assert verdict.ok, verdict.lines()
    return bundle_name(opened)


def later(workshop: Any, name: BundleName) -> LaterProof:
    """Prove what the workshop's log holds of a bundle's job since."""
    found: LaterProof = workshop.log.seal_later(name.job, first=name.entries, since=name.head.size)
    return found


def supplement(
    workshop: Any,
    name: BundleName,
    proof: LaterProof,
    extras: Sequence[Extra] = (),
    signer: Any = None,
) -> bytes:
    """Build a supplement."""
    out = BytesIO()
    build_supplement(out, bundle=name, later=proof, extras=extras, signer=signer or workshop.signer)
    return out.getvalue()


def check(bundle: bytes, one: bytes, keys: tuple[bytes, ...] = (), **checks: Any) -> Verdict:
    """Verify a bundle with one supplement; return the supplement's verdict."""
    about, found = verify_with_supplements(
        BytesIO(bundle), [BytesIO(one)], trusted_keys=keys, **checks
    )
    assert about.ok, about.lines()
    return found


def unpack(archive: bytes) -> dict[str, bytes]:
    """Return the files of a supplement by their paths in it."""
    file = BytesIO(archive)
    return {
        member.name.removeprefix(SUPPLEMENT_KIND.base): b"".join(read_chunks(file, member))
        for member in read_members(file)
    }


def resign(
    files: dict[str, bytes], name: BundleName, workshop: Any, head: Checkpoint | None = None
) -> bytes:
    """Return a supplement of `files` with manifests and statement made anew by the workshop."""
    kept = {path: one for path, one in files.items() if path not in BAG_FILES or path == VERIFY}
    head = head or named_head(files)
    out = BytesIO()
    write_bag(
        out,
        SUPPLEMENT_KIND,
        measured(kept),
        lambda _: supplement_predicate(name, head),
        signer=workshop.signer,
    )
    return out.getvalue()


def named_head(files: dict[str, bytes]) -> Checkpoint:
    """Read the newer head of a supplement."""
    return parse_checkpoint(files[CHECKPOINT].partition(b"\n\n")[0] + b"\n")


@pytest.fixture(scope="module")
def grown(workshop: Any) -> tuple[bytes, BundleName, LaterProof, bytes]:
    """Build a bundle and a supplement with two later entries and an attachment."""
    bundle = workshop.bundle()
    name = named(bundle)
    for kind in ("access", "replay"):
        workshop.log.record(name.job, kind, {"by": "examiner"})
        workshop.log.record("another", "access", {})
    proof = later(workshop, name)
    extras = [Extra("verdict.json", bytes_source(b"{}"))]
    return bundle, name, proof, supplement(workshop, name, proof, extras)


def test_later_entries_are_proven(workshop: Any, grown: Any) -> None:
    """A supplement proves later entries of the job, under the pinned keys where there are any."""
    bundle, _, _, one = grown
    verdict = check(bundle, one)
    assert verdict.ok, verdict.lines()
    assert verdict.standings == (Standing.SELF_ASSERTED,)
    assert "The supplement holds (self-asserted)" in "\n".join(verdict.lines())
    found = {one.name: one.detail for one in verdict.checks}
    assert found["entries"].startswith("2 later entries")
    pinned = check(bundle, one, (workshop.signer.public_key,))
    assert pinned.standings == (Standing.PINNED,)


def test_a_supplement_may_hold_no_entries(workshop: Any) -> None:
    """Where nothing happened to the job, the log's growth is proven all the same."""
    bundle = workshop.bundle()
    name = named(bundle)
    unchanged = supplement(workshop, name, later(workshop, name))
    workshop.log.record("another", "access", {})
    grew = supplement(workshop, name, later(workshop, name))
    for one in (unchanged, grew):
        verdict = check(bundle, one)
        assert verdict.ok, verdict.lines()


def test_several_supplements_stand_side_by_side(workshop: Any, grown: Any) -> None:
    """Each supplement of a bundle is checked against that bundle."""
    bundle, name, _, one = grown
    workshop.log.record(name.job, "access", {})
    two = supplement(workshop, name, later(workshop, name))
    verdicts = verify_with_supplements(BytesIO(bundle), [BytesIO(one), BytesIO(two)])
    assert [verdict.ok for verdict in verdicts] == [True, True, True]
    assert [verdict.subject for verdict in verdicts] == ["bundle", "supplement", "supplement"]


def test_a_bundle_that_does_not_hold_has_no_supplement(grown: Any) -> None:
    """Beside a changed bundle no supplement is looked at."""
    bundle, _, _, one = grown
    verdicts = verify_with_supplements(BytesIO(bundle[:-1]), [BytesIO(one)])
    assert len(verdicts) == 1
    assert not verdicts[0].ok


def test_another_bundles_supplement_is_refused(workshop: Any, grown: Any) -> None:
    """A supplement names one archive; beside another of the same log it fails."""
    _, _, _, one = grown
    verdict = check(workshop.bundle(), one)
    assert verdict.first_failure is not None
    assert (verdict.first_failure.name, verdict.first_failure.file) == ("tie", TIE)


def test_a_bundle_is_no_supplement_and_the_reverse(grown: Any) -> None:
    """One kind of bag does not pass for the other."""
    bundle, _, _, one = grown
    assert not check(bundle, bundle).ok
    assert not verify_with_supplements(BytesIO(one), [])[0].ok


def test_flipped_bytes_are_found(grown: Any) -> None:
    """With any one byte changed a supplement fails."""
    bundle, _, _, one = grown
    chance = random.Random(20261121)  # noqa: S311 - repeatable, no secret
    for at in chance.sample(range(len(one)), 300):
        changed = bytearray(one)
        changed[at] ^= 1 << chance.randrange(8)
        assert not check(bundle, bytes(changed)).ok, at


def test_another_signer_is_refused_where_a_key_is_pinned(
    workshop: Any, stranger: Any, grown: Any
) -> None:
    """A stranger may sign a supplement; the verdict says so, and a pinned key refuses it."""
    bundle, name, proof, _ = grown
    one = supplement(workshop, name, proof, signer=stranger.signer)
    assert any("another key than the bundle's" in line for line in check(bundle, one).not_checked)
    verdict = check(bundle, one, (workshop.signer.public_key,))
    assert verdict.first_failure is not None
    assert verdict.first_failure.file == STATEMENT_PEM


def test_a_log_made_anew_is_refused(workshop: Any, stranger: Any, grown: Any) -> None:
    """The newer head must be the same log's, grown from the bundle's head."""
    bundle, name, proof, one = grown
    other = named(stranger.bundle())
    stranger.log.record(other.job, "access", {})
    foreign = later(stranger, other)
    with pytest.raises(EvidenceError):
        supplement(workshop, name, foreign)
    files = unpack(one) | {
        path: data
        for path, data in unpack(supplement(stranger, other, foreign)).items()
        if path in LOG_FILES
    }
    verdict = check(bundle, resign(files, name, workshop))
    assert verdict.first_failure is not None
    assert verdict.first_failure.file == LOG_KEYS
    both = (workshop.signer.public_key, stranger.signer.public_key)
    verdict = check(bundle, resign(files, name, workshop), both)
    assert not verdict.ok
    with pytest.raises(EvidenceError):
        supplement(workshop, name, replace(proof, consistency=proof.consistency[1:]))


@pytest.mark.parametrize("path", [ENTRIES, PROOFS, TIE])
def test_even_the_signer_cannot_bend_it(workshop: Any, grown: Any, path: str) -> None:
    """Entries left out, proofs or ties of others fail under a signature made anew."""
    bundle, name, _, one = grown
    files = unpack(one)
    lines = files[path].splitlines(keepends=True)
    for forged in (b"".join(lines[:-1]), b"".join(lines + lines), files[path][:-1]):
        verdict = check(bundle, resign(files | {path: forged}, name, workshop))
        assert not verdict.ok, forged
    tie = parse_tie(files[TIE])
    cut = replace(tie, consistency=tie.consistency[:-1]).canonical()
    assert not check(bundle, resign(files | {TIE: cut}, name, workshop)).ok


@pytest.mark.parametrize(
    "path", ["data/result/x.png", "data/stamps/x.txt", "data/attachments/a/b", "notes.txt"]
)
def test_what_has_no_place_is_refused(workshop: Any, grown: Any, path: str) -> None:
    """A supplement holds no file of the job and nothing outside its folders."""
    bundle, name, _, one = grown
    verdict = check(bundle, resign(unpack(one) | {path: b"x"}, name, workshop))
    assert verdict.first_failure is not None
    assert verdict.first_failure.file == path


def test_later_time_stamps_are_over_the_bundles_signature(workshop: Any, grown: Any) -> None:
    """A stamp that came after the bundle counts where it is over the bundle's own signature."""
    bundle, name, proof, _ = grown
    signature = workshop.unpack(bundle)[SIGNATURE]

    def reads(stamped: bytes, token: bytes) -> Found:
        if token != b"stamp " + stamped:
            raise EvidenceError("The time stamp is over something else.")
        return Found("stamped", anchored=True)

    def with_stamp(token: bytes) -> bytes:
        extras = [Extra("a.tsr", bytes_source(token), stamp=True)]
        return supplement(workshop, name, proof, extras)

    good = with_stamp(b"stamp " + signature)
    assert check(bundle, good).standings == (Standing.SELF_ASSERTED,)
    found = check(bundle, good, time_stamp_check=reads)
    assert Standing.TIME_STAMPED in found.standings
    verdict = check(bundle, with_stamp(b"stamp of another"), time_stamp_check=reads)
    assert verdict.first_failure is not None
    assert verdict.first_failure.file == "data/stamps/a.tsr"


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_signed_nonsense_is_a_verdict(workshop: Any, grown: Any, data: st.DataObject) -> None:
    """Whatever a signer puts into a supplement's own files, checking ends in a verdict."""
    bundle, name, _, one = grown
    files = unpack(one)
    path = data.draw(st.sampled_from([TIE, *LOG_FILES]))
    good = files[path]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(start + 40, len(good))))
    odd = st.binary(max_size=8) | st.sampled_from([b"[]", b"{}", b"null", b"-1", b"true", b"\n"])
    changed = good[:start] + data.draw(odd) + good[end:]
    verdict = check(bundle, resign(files | {path: changed}, name, workshop, head=named_head(files)))
    assert verdict.lines()
    assert changed == good or not verdict.ok


def test_too_much_to_hold_is_refused(
    workshop: Any, grown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must be held in memory is bounded, in one file and in all of them."""
    bundle, name, proof, _ = grown
    extras = [Extra(f"{n}.tsr", bytes_source(bytes(6_000)), stamp=True) for n in range(20)]
    many = supplement(workshop, name, proof, extras)
    assert check(bundle, many).ok
    monkeypatch.setattr(opened_bag, "MAX_HELD_BYTES", 100_000)
    verdict = check(bundle, many)
    assert verdict.first_failure is not None
    assert verdict.first_failure.name == "contents"
    monkeypatch.setattr(opened_bag, "MAX_OWN_FILE_BYTES", 5_000)
    assert not verify_with_supplements(BytesIO(many), [])[0].ok
