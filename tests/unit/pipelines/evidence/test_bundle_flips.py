"""A single changed byte anywhere in a bundle is found, and its file named."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

from pipelines.evidence.archive_reader import read_members
from pipelines.evidence.bundle_layout import BASE, DATA, MANIFEST, SIGNED_TAG_FILES, TAG_MANIFEST
from pipelines.evidence.finding import ARCHIVE
from pipelines.evidence.verdict import SENTENCE, Standing


def test_sample_holds(workshop: Any, sample: bytes) -> None:
    """A bundle as built holds, self-asserted without a pinned key and pinned with it."""
    verdict = workshop.verify(sample)
    assert verdict.ok, verdict.lines()
    assert verdict.standing is Standing.SELF_ASSERTED
    assert SENTENCE in verdict.lines()[-1 - len(verdict.not_checked)]
    assert verdict.first_failure is None
    assert verdict.as_json()["ok"] is True
    assert workshop.verify(sample, pinned=True).standing is Standing.PINNED


def test_every_flipped_byte_is_found_and_named(workshop: Any, sample: bytes) -> None:
    """With any one byte changed the bundle fails, and the file that holds the byte is named."""
    owners = [ARCHIVE] * len(sample)
    for member in read_members(BytesIO(sample)):
        name = member.name.removeprefix(BASE)
        owners[member.data_offset : member.end] = [name] * member.size
    chance = random.Random(20260301)  # noqa: S311 - repeatable, no secret
    changed = bytearray(sample)
    for at, owner in enumerate(owners):
        changed[at] ^= 1 << chance.randrange(8)
        verdict = workshop.verify(bytes(changed))
        changed[at] = sample[at]
        assert not verdict.ok, f"byte {at} of {owner}"
        assert verdict.standing is Standing.REFUSED
        assert verdict.first_failure is not None
        assert verdict.first_failure.file == owner


def test_changes_hidden_from_the_archive_are_named(workshop: Any, sample: bytes) -> None:
    """A changed byte is found in the right file also where the archive was packed anew."""
    files = workshop.unpack(sample)
    chance = random.Random(20260302)  # noqa: S311 - repeatable, no secret
    for path, data in files.items():
        for at in chance.sample(range(len(data)), min(len(data), 25)):
            changed = bytearray(data)
            changed[at] ^= 1 << chance.randrange(8)
            verdict = workshop.verify(workshop.pack(files | {path: bytes(changed)}))
            assert not verdict.ok, f"byte {at} of {path}"
            assert verdict.first_failure.file == path


def test_changes_hidden_from_the_manifests_are_named(workshop: Any, sample: bytes) -> None:
    """A changed payload file is named by the statement where the manifests were made anew."""
    files = workshop.unpack(sample)
    for path, data in files.items():
        if not path.startswith(DATA):
            continue
        changed = data[:-1] + bytes([data[-1] ^ 1])
        verdict = workshop.verify(workshop.pack(workshop.relist(files | {path: changed})))
        assert not verdict.ok
        assert verdict.first_failure.file == path


def test_cut_and_grown_files_are_named(workshop: Any, sample: bytes) -> None:
    """A file that lost its end or gained one is named."""
    files = workshop.unpack(sample)
    for path, data in files.items():
        for changed in (data[:-1], data + b"\n", b"", data + data):
            verdict = workshop.verify(workshop.pack(files | {path: changed}))
            assert not verdict.ok, path
            assert verdict.first_failure.file == path


def test_wrong_manifests_are_named_as_such(workshop: Any, sample: bytes) -> None:
    """Where a manifest, not the file, was changed, the manifest is named."""
    files = workshop.unpack(sample)
    for path in (*SIGNED_TAG_FILES, TAG_MANIFEST):
        lines = files[path].splitlines(keepends=True)
        verdict = workshop.verify(workshop.pack(files | {path: b"".join(lines[1:] + lines[:1])}))
        assert verdict.first_failure.file == path
    assert MANIFEST in SIGNED_TAG_FILES
