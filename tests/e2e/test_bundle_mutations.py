"""Whole bundles, supplements and disclosures, changed in tens of thousands of ways: none passes.

The bags are made by the command line. Some thousand changes of one byte run with every test run;
`EVIDENT_MUTATIONS=50000` runs as many as one likes.
"""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pipelines.evidence.bundle_layout import LOG_FILES, LOG_PEM, PROOFS
from pipelines.evidence.verify import verify_bundle
from services.provenance.keys import FileSigner
from tests.e2e.archive_forgeries import archives
from tests.e2e.command_kit import Evident, make_clip, textured
from tests.e2e.mutation_kit import Layer, Samples, bags, run_flips, structural
from tests.unit.pipelines.evidence.forge_kit import pack, relist, resign, unpack
from tests.unit.pipelines.evidence.log_forgeries import remade_log

FLIPS = int(os.environ.get("EVIDENT_MUTATIONS", "3000"))
GRAPH = """
{"version": 1, "preset": "forensic-safe",
 "stages": [
  {"name": "ingest", "kind": "ingest", "needs": ["source"]},
  {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
   "params": {"operations": [{"op": "resize", "scale": 2}]}},
  {"name": "qa", "kind": "qa", "needs": ["enhance"]},
  {"name": "export", "kind": "export", "needs": ["enhance", "qa"],
   "params": {"formats": ["bundle"], "credentials": "none"}}]}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Samples, bytes]:
    """Make a photograph's and a clip's bundle, a supplement, a disclosure, and another bundle."""
    folder = tmp_path_factory.mktemp("mutations")
    evident = Evident(folder)
    graph = folder / "graph.json"
    graph.write_text(GRAPH, encoding="utf-8")
    for name, size in (("one.png", (12, 16)), ("two.png", (10, 16))):
        Image.fromarray(textured(*size)).save(folder / name)
    clip = make_clip(folder / "tram.mp4", frames=60, size=(32, 32))
    photos = [folder / "one.png", folder / "two.png"]
    done = evident("run", *photos, clip, "--graph", graph, "--out", "out")
    assert done.code == 0, done.err
    bundles = [folder / "out" / name / "bundle.zip" for name in ("one.png", "two.png", "tram.mp4")]
    given = folder / "disclosure.zip"
    words = ("--without", "received", "--without", "entries:submission", "--reason", "private")
    assert evident("bundle", "disclose", bundles[0], *words, "--out", given).code == 0
    later = folder / "supplement.zip"
    assert evident("bundle", "supplement", bundles[0], "--out", later).code == 0
    FileSigner(folder / "stranger")
    samples = Samples(
        photo=bundles[0].read_bytes(),
        clip=bundles[2].read_bytes(),
        supplement=later.read_bytes(),
        disclosure=given.read_bytes(),
        own_keys=folder / "home" / "keys",
        strange_keys=folder / "stranger",
    )
    return samples, bundles[1].read_bytes()


def test_the_samples_hold(made: tuple[Samples, bytes]) -> None:
    """Unchanged, every bag holds, with the right key pinned."""
    samples, other = made
    keys = (FileSigner(samples.own_keys).public_key,)
    for one in bags(samples):
        verdict = one.verify(one.data, keys)
        assert verdict.ok, verdict.lines()
    assert verify_bundle(BytesIO(other), trusted_keys=keys).ok
    for one in bags(samples):
        assert pack(unpack(one.data, one.kind), one.kind) == one.data


@pytest.mark.timeout(600 + FLIPS // 10)
def test_no_changed_byte_is_accepted(made: tuple[Samples, bytes]) -> None:
    """One changed byte, on whatever layer it is hidden, is never accepted as what it was."""
    counts, accepted = run_flips(made[0], FLIPS, seed=20261121)
    assert set(counts) == set(Layer)
    assert sum(counts.values()) >= FLIPS
    assert accepted == []


def test_no_other_set_of_files_is_accepted(made: tuple[Samples, bytes]) -> None:
    """Files dropped, added, renamed, doubled, exchanged or mixed between bundles are refused."""
    samples, other = made
    own = FileSigner(samples.own_keys)
    tried = 0
    for name, forged in structural(samples.photo, other, own):
        tried += 1
        verdict = verify_bundle(BytesIO(forged), trusted_keys=(own.public_key,))
        assert not verdict.ok, name
    assert tried > 200


def test_no_other_archive_is_accepted(made: tuple[Samples, bytes]) -> None:
    """Cut, grown, reordered, lying, linking, exploding and misnamed archives are refused."""
    tried = 0
    for name, forged in archives(made[0].photo):
        tried += 1
        assert not verify_bundle(BytesIO(forged)).ok, name
    assert tried > 1500


def test_no_remade_log_is_accepted(made: tuple[Samples, bytes], tmp_path: Path) -> None:
    """A log remade by a stranger is refused where a key is pinned, whoever signs the statement.

    The holder of the right key can remake a log; what gives it away is the log's own next
    head, which a supplement proves to be grown from the bundle's.
    """
    samples, _ = made
    own, stranger = FileSigner(samples.own_keys), FileSigner(samples.strange_keys)
    keys = (own.public_key,)
    files = unpack(samples.photo)
    foreign = files | remade_log(files, stranger)
    for signer in (own, stranger):
        forged = resign(foreign, signer)
        assert verify_bundle(BytesIO(forged)).ok
        assert not verify_bundle(BytesIO(forged), trusted_keys=keys).ok
    # The remade log beside the old statement, and half of it beside the other half.
    assert not verify_bundle(BytesIO(pack(relist(foreign)))).ok
    for path in set(LOG_FILES) - {LOG_PEM}:
        mixed = files | {path: foreign[path]}
        assert mixed == files or not verify_bundle(BytesIO(resign(mixed, own))).ok, path
    # Entries left out or put in another order do not pass even in a log made for them.
    for change in (lambda lines: lines[1:], lambda lines: lines[::-1]):
        bent = files | remade_log(files, own, change=change)
        assert not verify_bundle(BytesIO(resign(bent, own))).ok
    # Made anew by the right key it is a bundle of its own, and not the one that was.
    again = resign(files | remade_log(files, own), own)
    assert verify_bundle(BytesIO(again), trusted_keys=keys).ok
    supplement = next(one for one in bags(samples) if one.name == "supplement")
    shutil.copy(samples.own_keys / "signing-ed25519.pub.pem", tmp_path)
    beside = Samples(again, samples.clip, samples.supplement, b"", tmp_path, tmp_path)
    late = next(one for one in bags(beside) if one.name == "supplement")
    assert supplement.verify(samples.supplement, keys).ok
    assert not late.verify(samples.supplement, keys).ok
    assert PROOFS in files
