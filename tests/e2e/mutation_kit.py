"""Changes signed bags at random and by plan, and reports what was accepted all the same.

A change is made on one of five layers: in the archive's raw bytes; in a file, the archive packed
anew around it; in a file, the manifests made anew too; in a file, the statement signed anew by
the right key; the same by a stranger's key, where the right one is pinned. Workers are plain
functions of bytes and a seed, so that any number of processes can run them.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from pipelines.evidence.bundle_content import predicate
from pipelines.evidence.bundle_layout import (
    CHECKPOINT,
    DATA,
    ENTRIES,
    MANIFEST,
    STATEMENT_FILES,
    TAG_MANIFEST,
)
from pipelines.evidence.checkpoint import parse_checkpoint
from pipelines.evidence.disclosure import DISCLOSURE_KIND
from pipelines.evidence.entry import parse_entry
from pipelines.evidence.signed_bag import BUNDLE_KIND, BagKind
from pipelines.evidence.supplement import SUPPLEMENT_KIND
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify import verify_bundle
from pipelines.evidence.verify_disclosure import verify_disclosure
from pipelines.evidence.verify_supplement import verify_with_supplements
from services.provenance.keys import FileSigner
from tests.unit.pipelines.evidence.forge_kit import facts, pack, relist, resign, unpack

CHUNK = 200


class Layer(StrEnum):
    """Where a change is hidden from everything above."""

    RAW = "raw bytes of the archive"
    PACKED = "archive packed anew"
    LISTED = "manifests made anew"
    SIGNED = "signed anew by the right key"
    STRANGER = "signed anew by a stranger, right key pinned"


@dataclass(frozen=True)
class Samples:
    """What is changed: bags as made by the command line, and the folders of two keys."""

    photo: bytes
    clip: bytes
    supplement: bytes
    disclosure: bytes
    own_keys: Path
    strange_keys: Path


@dataclass(frozen=True)
class Sample:
    """One bag, and how it is verified."""

    name: str
    data: bytes
    kind: BagKind
    verify: Callable[[bytes, tuple[bytes, ...]], Verdict]


def bags(samples: Samples) -> list[Sample]:
    """Return the bags of `samples`; the supplement is the photograph's."""

    def beside(data: bytes, keys: tuple[bytes, ...]) -> Verdict:
        return verify_with_supplements(BytesIO(samples.photo), [BytesIO(data)], trusted_keys=keys)[
            1
        ]

    return [
        Sample("photo", samples.photo, BUNDLE_KIND, _whole),
        Sample("clip", samples.clip, BUNDLE_KIND, _whole),
        Sample("supplement", samples.supplement, SUPPLEMENT_KIND, beside),
        Sample("disclosure", samples.disclosure, DISCLOSURE_KIND, _part),
    ]


def flips(samples: Samples, layer: Layer, *, seed: int, count: int) -> list[str]:
    """Change one byte `count` times; return what was accepted as what it was."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    own, stranger = FileSigner(samples.own_keys), FileSigner(samples.strange_keys)
    choice = (
        bags(samples) if layer in {Layer.RAW, Layer.PACKED, Layer.LISTED} else (bags(samples)[:2])
    )
    unpacked = {one.name: unpack(one.data, one.kind) for one in choice}
    accepted = []
    for _ in range(count):
        # Supplements and disclosures come up less often: their bundle is checked each time.
        one = chance.choices(choice, weights=(5, 5, 1, 1)[: len(choice)])[0]
        files = unpacked[one.name]
        mask = chance.randrange(1, 256)
        if layer is Layer.RAW:
            at = chance.randrange(len(one.data))
            forged = one.data[:at] + bytes([one.data[at] ^ mask]) + one.data[at + 1 :]
            where = f"byte {at}"
        else:
            path, at = _place(files, layer, chance)
            good = files[path]
            changed = good[:at] + bytes([good[at] ^ mask]) + good[at + 1 :]
            forged = _hidden(files, files | {path: changed}, layer, one.kind, (own, stranger))
            where = f"byte {at} of {path}"
        pinned = layer in {Layer.SIGNED, Layer.STRANGER}
        if one.verify(forged, (own.public_key,) if pinned else ()).ok:
            accepted.append(f"{one.name}, {layer}: {where} ^ {mask}")
    return accepted


def run_flips(samples: Samples, total: int, *, seed: int) -> tuple[dict[Layer, int], list[str]]:
    """Spread `total` changes over layers and processes; return counts and what was accepted."""
    layers = list(Layer)
    each = max(CHUNK, total // len(layers))
    counts, accepted = dict.fromkeys(layers, 0), []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        running = []
        for layer in layers:
            for number in range(0, each, CHUNK):
                count = min(CHUNK, each - number)
                mixed = seed * 1_000_003 + layers.index(layer) * 100_003 + number
                running.append(pool.submit(flips, samples, layer, seed=mixed, count=count))
                counts[layer] += count
        for one in running:
            accepted += one.result()
    return counts, accepted


def structural(photo: bytes, other: bytes, own: FileSigner) -> Iterator[tuple[str, bytes]]:
    """Yield the bundle `photo` with its files dropped, added, renamed, doubled, swapped and mixed.

    Each change is tried in the archive alone, with manifests made anew, and signed anew by the
    right key; that key may restate VERIFY.txt, and nothing else.
    """
    files, others = unpack(photo), unpack(other)
    changes: list[tuple[str, dict[str, bytes]]] = []
    for path, data in files.items():
        rest = {name: one for name, one in files.items() if name != path}
        changes.append((f"without {path}", rest))
        changes.append((f"{path} renamed", rest | {f"{path}2": data}))
        changes.append((f"{path} twice", files | {f"{path}.2": data}))
        changes.append((f"{path} emptied", files | {path: b""}))
        if others.get(path, data) != data:
            changes.append((f"{path} of another bundle", files | {path: others[path]}))
    payload = sorted(path for path in files if path.startswith(DATA))
    for first, second in itertools.pairwise(payload):
        swapped = files | {first: files[second], second: files[first]}
        changes.append((f"{first} and {second} exchanged", swapped))
    for folder in ("data/log/", "statement/", "data/result/", "data/received/"):
        mixed = {path: one for path, one in files.items() if not path.startswith(folder)}
        mixed |= {path: one for path, one in others.items() if path.startswith(folder)}
        changes.append((f"{folder} of another bundle", mixed))
    added = ("data/extra", "data/result/second.png", "data/attachments/new", "extra.txt")
    changes.extend((f"{path} added", files | {path: b"new"}) for path in added)
    for name, changed in changes:
        yield name, pack(changed)
        listed = pack(relist(changed))
        # Manifests alone, changed and made anew, are the ones that were.
        if listed != photo:
            yield f"{name}, listed", listed
        if {path for path in payload if changed.get(path) != files[path]} | (
            changed.keys() - files.keys()
        ):
            yield f"{name}, signed", _signed(files, changed, BUNDLE_KIND, own)


def _place(files: dict[str, bytes], layer: Layer, chance: random.Random) -> tuple[str, int]:
    """Choose a byte: of any file with the same chance, or of any byte with the same chance."""
    paths = [path for path, data in files.items() if data]
    if layer is Layer.LISTED:
        paths = [path for path in paths if path not in {MANIFEST, TAG_MANIFEST}]
    if layer is Layer.SIGNED:
        paths = [path for path in paths if path.startswith(DATA)]
    if layer is Layer.STRANGER:
        paths = [path for path in paths if path not in {*STATEMENT_FILES, MANIFEST, TAG_MANIFEST}]
    weights = [len(files[path]) for path in paths] if chance.random() < 0.5 else None
    path = chance.choices(paths, weights=weights)[0]
    return path, chance.randrange(len(files[path]))


def _hidden(
    files: dict[str, bytes],
    changed: dict[str, bytes],
    layer: Layer,
    kind: BagKind,
    signers: tuple[FileSigner, FileSigner],
) -> bytes:
    if layer is Layer.PACKED:
        return pack(changed, kind)
    if layer is Layer.LISTED:
        return pack(relist(changed), kind)
    return _signed(files, changed, kind, signers[layer is Layer.STRANGER])


def _signed(
    files: dict[str, bytes], changed: dict[str, bytes], kind: BagKind, signer: FileSigner
) -> bytes:
    """Sign `changed` anew: about the job and head of `files`, with the digests as they are."""
    head = parse_checkpoint(files[CHECKPOINT].partition(b"\n\n")[0] + b"\n")
    job = parse_entry(files[ENTRIES].split(b"\n")[0]).job
    return resign(changed, signer, said=predicate(job, head, facts(changed)), kind=kind)


def _whole(data: bytes, keys: tuple[bytes, ...]) -> Verdict:
    return verify_bundle(BytesIO(data), trusted_keys=keys)


def _part(data: bytes, keys: tuple[bytes, ...]) -> Verdict:
    return verify_disclosure(BytesIO(data), trusted_keys=keys)
