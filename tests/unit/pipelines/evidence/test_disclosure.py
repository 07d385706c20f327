"""A disclosure proves what is in it and what was left out, and passes for nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.bundle_layout import BAG_FILES, ENTRIES, LEDGER, PLAN, VERIFY
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.disclosure import (
    DISCLOSED_ENTRIES,
    DISCLOSURE_KIND,
    FORM,
    KEPT,
    Disclosure,
    build_disclosure,
    choose,
    disclosure_predicate,
    parse_disclosure,
)
from pipelines.evidence.signed_bag import measured, write_bag
from pipelines.evidence.verdict import Standing, Verdict
from pipelines.evidence.verify import examine_bundle, verify_bundle
from pipelines.evidence.verify_any import verify_any
from pipelines.evidence.verify_disclosure import verify_disclosure
from pipelines.evidence.verify_supplement import bundle_name

AT = "2026-11-21T08:00:00.000000Z"
RECEIVED = "data/received/IMG 1.jpg"
RESULT = "data/result/enhanced.png"


def disclose(workshop: Any, bundle: bytes, *without: str, signer: Any = None) -> bytes:
    """Leave something out of a bundle."""
    opened, verdict = examine_bundle(BytesIO(bundle))
    assert verdict.ok
    out = BytesIO()
    build_disclosure(
        out,
        bundle=opened,
        name=bundle_name(opened),
        choice=choose(opened, without),
        by="the laboratory",
        at=AT,
        reason="it may not travel",
        signer=signer or workshop.signer,
    )
    return out.getvalue()


def check(archive: bytes, *keys: bytes) -> Verdict:
    """Verify a disclosure."""
    return verify_disclosure(BytesIO(archive), trusted_keys=keys)


def unpack(archive: bytes) -> dict[str, bytes]:
    """Return the files of a disclosure by their paths in it."""
    file = BytesIO(archive)
    return {
        member.name.removeprefix(DISCLOSURE_KIND.base): b"".join(read_chunks(file, member))
        for member in read_members(file)
    }


def resign(files: dict[str, bytes], workshop: Any, form: Disclosure | None = None) -> bytes:
    """Return a disclosure of `files` with manifests and statement made anew by the workshop."""
    kept = {path: one for path, one in files.items() if path not in BAG_FILES or path == VERIFY}
    said = form or parse_disclosure(files[FORM])
    kept[FORM] = said.canonical()
    out = BytesIO()
    write_bag(
        out,
        DISCLOSURE_KIND,
        measured(kept),
        lambda _: disclosure_predicate(said),
        signer=workshop.signer,
    )
    return out.getvalue()


@pytest.mark.parametrize(
    "without",
    [
        ("received",),
        ("received", "result", "report-pdf", "ledger", "network", "attachment"),
        ("weights",),
        (RESULT,),
        ("graph", "plan", "report"),
        ("entries",),
        ("entries:submit", "received"),
    ],
)
def test_what_is_left_out_is_named_and_the_rest_holds(
    workshop: Any, sample: bytes, without: tuple[str, ...]
) -> None:
    """Whatever is left out, the rest holds, and the verdict names what is not there."""
    one = disclose(workshop, sample, *without)
    verdict = check(one, workshop.signer.public_key)
    assert verdict.ok, verdict.lines()
    assert verdict.standings == (Standing.PINNED,)
    assert verdict.left_out
    assert all("it may not travel" in line for line in verdict.left_out)
    lines = "\n".join(verdict.lines())
    assert "It is not the whole bundle." in lines
    assert "Left out: " in lines
    assert check(one).standings == (Standing.SELF_ASSERTED,)


def test_nothing_of_what_is_left_out_travels(workshop: Any, sample: bytes) -> None:
    """Neither the bytes of a file nor the body and salt of an entry are in the disclosure."""
    files = workshop.unpack(sample)
    one = disclose(workshop, sample, "received", "entries:submit")
    assert b"received" in files[RECEIVED]
    found = unpack(one)
    assert KEPT + RECEIVED not in found
    assert KEPT + ENTRIES not in found
    submit, export = found[DISCLOSED_ENTRIES].splitlines()
    assert set(parse_object(submit)) == {"leaf", "path", "commitment"}
    assert set(parse_object(export)) == {"leaf", "path", "entry", "salt"}
    salt = parse_object(files["data/log/proofs.json"][:-1])["entries"][0]["salt"]  # type: ignore[index,call-overload]
    assert str(salt).encode() not in one
    assert b'"preset":"forensic-safe"' not in one


def test_it_is_no_bundle(workshop: Any, sample: bytes) -> None:
    """A disclosure never passes for a bundle, and a bundle not for a disclosure."""
    one = disclose(workshop, sample, "received")
    assert not verify_bundle(BytesIO(one)).ok
    assert not check(sample).ok
    (verdict,) = verify_any(BytesIO(one))
    assert verdict.subject == "disclosure"
    assert verdict.as_json()["left_out"]
    (verdict,) = verify_any(BytesIO(sample))
    assert verdict.subject == "bundle"
    with pytest.raises(RequestError):
        verify_any(BytesIO(one), [BytesIO(one)])
    # Its files under a bundle's name are refused for what they lack.
    kept = {
        path.removeprefix(KEPT): data for path, data in unpack(one).items() if path.startswith(KEPT)
    }
    verdict = workshop.verify(workshop.pack(kept))
    assert verdict.first_failure.file == RECEIVED


def test_flipped_bytes_are_found(workshop: Any, sample: bytes) -> None:
    """With any one byte changed a disclosure fails."""
    one = disclose(workshop, sample, "received", "entries:submit")
    chance = random.Random(20261122)  # noqa: S311 - repeatable, no secret
    for at in chance.sample(range(len(one)), 500):
        changed = bytearray(one)
        changed[at] ^= 1 << chance.randrange(8)
        assert not check(bytes(changed)).ok, at


def test_all_three_keys_must_be_pinned(workshop: Any, stranger: Any, sample: bytes) -> None:
    """A stranger may leave things out, and says so; a pinned key refuses the stranger."""
    one = disclose(workshop, sample, "received", signer=stranger.signer)
    verdict = check(one)
    assert verdict.ok
    assert any("another key than the bundle's" in line for line in verdict.not_checked)
    assert not check(one, workshop.signer.public_key).ok
    assert not check(one, stranger.signer.public_key).ok
    assert check(one, workshop.signer.public_key, stranger.signer.public_key).ok


@pytest.mark.parametrize(
    "forge",
    [
        lambda form: form["left_out"].pop(),
        lambda form: form["left_out"][0].update(sha256="0" * 64),
        lambda form: form["left_out"][0].update(bytes=1),
        lambda form: form["left_out"][0].update(role="result"),
        lambda form: form["left_out"].append(
            {"path": "data/received/2.jpg", "role": "received", "sha256": "0" * 64, "bytes": 1}
        ),
        lambda form: form["left_out"].append(form["left_out"][0]),
        lambda form: form.update(job="job-99"),
        lambda form: form.update(reason="two\nlines"),
        lambda form: form.update(by=""),
        lambda form: form.update(left_out=[]),
        lambda form: form.update(more=1),
    ],
)
def test_even_the_signer_cannot_misname_what_is_left_out(
    workshop: Any, sample: bytes, forge: Callable[[Any], object]
) -> None:
    """What was left out must be what the bundle's statement signed, with its role and size."""
    files = unpack(disclose(workshop, sample, "received", "attachment"))
    form: Any = parse_object(files[FORM][:-1])
    forge(form)
    changed = canonical_bytes(form) + b"\n"
    kept = {path: one for path, one in files.items() if path not in BAG_FILES or path == VERIFY}
    kept[FORM] = changed
    out = BytesIO()
    try:
        said = disclosure_predicate(parse_disclosure(changed))
    except EvidenceError:
        said = disclosure_predicate(parse_disclosure(files[FORM]))
    write_bag(out, DISCLOSURE_KIND, measured(kept), lambda _: said, signer=workshop.signer)
    assert not check(out.getvalue()).ok


@pytest.mark.parametrize("path", [RESULT, LEDGER, PLAN, ENTRIES, "manifest-sha256.txt"])
def test_even_the_signer_cannot_change_what_is_kept(
    workshop: Any, sample: bytes, path: str
) -> None:
    """A file that was kept is the one that the bundle's own statement signed."""
    files = unpack(disclose(workshop, sample, "received"))
    good = files[KEPT + path]
    for changed in (good + b"x", good[:-1], b""):
        assert not check(resign(files | {KEPT + path: changed}, workshop)).ok
    dropped = {name: data for name, data in files.items() if name != KEPT + path}
    assert not check(resign(dropped, workshop)).ok


def test_even_the_signer_cannot_bend_entries(workshop: Any, sample: bytes) -> None:
    """Shown entries are leaves in their order; withheld ones are leaves too."""
    files = unpack(disclose(workshop, sample, "entries:submit"))
    submit, export = files[DISCLOSED_ENTRIES].splitlines(keepends=True)
    bent = {
        "dropped": export,
        "turned": export + submit,
        "doubled": submit + submit + export,
        "cut": (submit + export)[:-1],
        "withheld otherwise": submit.replace(b'"commitment":"', b'"commitment":"00')[:-3] + export,
        "reworded": submit + export.replace(b'"kind":"export"', b'"kind":"expart"'),
        "none": b"",
    }
    for name, lines in bent.items():
        assert not check(resign(files | {DISCLOSED_ENTRIES: lines}, workshop)).ok, name
    extra = files | {KEPT + ENTRIES: workshop.unpack(sample)[ENTRIES]}
    assert not check(resign(extra, workshop)).ok


@pytest.mark.parametrize("word", ["nothing", "statement/key.pem", "log", "entries:export", ""])
def test_what_must_stay_is_refused(workshop: Any, sample: bytes, word: str) -> None:
    """Words that name nothing, the bundle's own files or the export entry are refused."""
    with pytest.raises(RequestError):
        disclose(workshop, sample, word)


def test_nothing_left_out_is_no_disclosure(workshop: Any, sample: bytes) -> None:
    """A disclosure that leaves nothing out is not made: the bundle itself can be given."""
    with pytest.raises(EvidenceError):
        disclose(workshop, sample)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_signed_nonsense_is_a_verdict(workshop: Any, sample: bytes, data: st.DataObject) -> None:
    """Whatever a signer puts into a disclosure, checking ends in a verdict."""
    files = unpack(disclose(workshop, sample, "received", "entries:submit"))
    path = data.draw(st.sampled_from([one for one in files if one.startswith("data/")]))
    good = files[path]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(start + 40, len(good))))
    odd = st.binary(max_size=8) | st.sampled_from([b"[]", b"{}", b"null", b"-1", b"true", b"\n"])
    changed = good[:start] + data.draw(odd) + good[end:]
    kept = {name: one for name, one in files.items() if name not in BAG_FILES or name == VERIFY}
    kept[path] = changed
    said = disclosure_predicate(parse_disclosure(files[FORM]))
    out = BytesIO()
    write_bag(out, DISCLOSURE_KIND, measured(kept), lambda _: said, signer=workshop.signer)
    verdict = check(out.getvalue())
    assert verdict.lines()
    if path.startswith(KEPT) or path == DISCLOSED_ENTRIES:
        assert changed == good or not verdict.ok
