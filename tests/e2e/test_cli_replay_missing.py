"""`evident replay` says what is missing, and refuses what makes no sense."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from tests.e2e.bundle_kit import SOMEBODY, Parts, parts_of, remade
from tests.e2e.command_kit import Evident, textured

MODEL = "evident-sr-x2"


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("replay"))


@pytest.fixture(scope="module")
def bundle(evident: Evident) -> Path:
    """The bundle of a job that ran a network on a photograph."""
    photo = evident.folder / "gate.png"
    Image.fromarray(textured(48, 64)).save(photo)
    said = evident("run", photo, "--preset", "balanced", "--out", "out", "--json")
    assert said.code == 0, said.err
    return Path(said.json["jobs"][0]["bundle"])


def without_received(parts: Parts) -> None:
    """Leave the file as received out."""
    parts.drop("data/received/")


def of_later_version(parts: Parts) -> None:
    """A plan that no version knows yet."""
    parts.change_plan(version=7)


def with_unknown_operation(parts: Parts) -> None:
    """A plan with an operation that no version knows yet."""
    (step,) = parts.document("data/plan.json")["steps"]
    parts.change_plan(steps=[{**step, "op": "dream"}])
    for kind, body in parts.entries:
        if kind == "operation":
            body["operations"][0]["operation"] = "dream"


def with_unknown_engine(parts: Parts) -> None:
    """A plan that ran on an engine that is not installed."""
    (facts,) = parts.document("data/plan.json")["networks"]
    parts.change_plan(networks=[{**facts, "engine": "abacus"}])


def with_unknown_parameter(parts: Parts) -> None:
    """A plan whose operation has a parameter that no version knows yet."""
    (step,) = parts.document("data/plan.json")["steps"]
    parameters = {**step["parameters"], "mood": "good"}
    parts.change_plan(steps=[{**step, "parameters": parameters}])


def with_lost_weights(parts: Parts) -> None:
    """A plan whose weights are nowhere."""
    (facts,) = parts.document("data/plan.json")["networks"]
    parts.drop("data/networks/")
    parts.change_plan(networks=[{**facts, "weights_sha256": "ab" * 32}])


def without_samples_digest(parts: Parts) -> None:
    """Entries that do not say what was handed to the encoder."""
    for kind, body in parts.entries:
        if kind == "laws":
            del body["encoder_sha256"]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (without_received, r"the file as received \(SHA-256 [0-9a-f]{64}\): it is not in the"),
        (of_later_version, "a version that knows this plan .*version 7"),
        (with_unknown_operation, "the operation dream"),
        (with_unknown_engine, "an engine: there is no engine called 'abacus'"),
        (with_unknown_parameter, r"a version that knows this plan .*mood"),
        (with_lost_weights, f"the weights of {MODEL} with SHA-256 {'ab' * 32}"),
        (without_samples_digest, r"the digest of the samples \(encoder_sha256\)"),
    ],
)
def test_what_is_missing_is_named(
    evident: Evident, bundle: Path, change: Callable[[Parts], None], missing: str
) -> None:
    """A bundle that holds but cannot be run again says what it lacks, and that is on record."""
    altered = remade(bundle, evident.folder / change.__name__, change)
    out = evident.folder / f"{change.__name__}-verdict"
    said = evident("replay", altered.path, "--trust", altered.key, "--out", out)
    assert said.code == 1, said.err
    assert "not-replayable" in said.out
    assert "Repeatability is not validity" in said.out
    verdict = json.loads((out / "verdict.json").read_bytes())
    assert re.search(missing, verdict["missing"][0]), verdict["missing"]
    assert [path.name for path in out.iterdir()] == ["verdict.json"]


def test_a_bundle_that_does_not_hold_is_not_replayed(evident: Evident, bundle: Path) -> None:
    """A flipped byte in the weights names their file; nothing runs and nothing is recorded."""
    broken = evident.folder / "broken.zip"
    data = bytearray(bundle.read_bytes())
    weights = parts_of(bundle).files[f"data/networks/{MODEL}.onnx"]
    data[data.index(weights) + len(weights) // 2] ^= 1
    broken.write_bytes(data)
    said = evident("replay", broken, "--json")
    assert said.code == 1
    assert said.json["verdict"] == "not-replayable"
    assert f"data/networks/{MODEL}.onnx" in said.json["missing"][0]
    assert said.json["compared"] is None
    home = evident.folder / "home"
    with LocalLog(home / "log", FileSigner(home / "keys"), actor=SOMEBODY) as log:
        entries = b"".join(log.seal(parts_of(bundle).job).entries)
    assert said.json["bundle_sha256"].encode() not in entries


def test_a_stranger_is_refused_by_a_pinned_key(evident: Evident, bundle: Path) -> None:
    """With another key pinned the bundle does not hold, and is not replayed."""
    other = remade(bundle, evident.folder / "stranger", lambda parts: None)
    said = evident("replay", bundle, "--trust", other.key, "--json")
    assert said.code == 1
    assert "pinned" in said.json["missing"][0]


def test_a_disclosure_is_replayed_as_far_as_it_goes(evident: Evident, bundle: Path) -> None:
    """Without the report the plan still runs; without the file as received nothing can."""

    def disclosed(*without: str) -> str:
        out = evident.folder / f"without-{without[0]}.zip".replace(":", "-")
        options = [one for what in without for one in ("--without", what)]
        said = evident("bundle", "disclose", bundle, *options, "--out", out, "--reason", "a test")
        assert said.code == 0, said.err
        return str(out)

    said = evident("replay", disclosed("report-pdf", "weights"))
    assert said.code == 0, said.err + said.out
    refused = evident("replay", disclosed("received"), "--json").json
    assert refused["verdict"] == "not-replayable"
    assert "the file as received" in refused["missing"][0]
    without_entries = evident("replay", disclosed("entries:plan"), "--json").json
    assert "the entries of the job" in without_entries["missing"][0]


def perturbed(parts: Parts) -> None:
    """Weights that differ a little from those that made the result, by a plan that names them."""
    path = f"data/networks/{MODEL}.onnx"
    network = onnx.load_from_string(parts.files[path])
    first = network.graph.initializer[0]
    values = numpy_helper.to_array(first) * np.float32(1.05)
    first.CopyFrom(numpy_helper.from_array(values, first.name))
    old = hashlib.sha256(parts.files[path]).hexdigest()
    size = len(parts.files[path])
    parts.put(path, network.SerializeToString())
    card = f"data/networks/{MODEL}.toml"
    new = hashlib.sha256(parts.files[path]).hexdigest()
    text = parts.files[card].decode().replace(old, new)
    parts.put(card, text.replace(str(size), str(len(parts.files[path]))).encode())


def test_weights_of_a_stranger_run_only_where_the_signer_is_known(
    evident: Evident, bundle: Path
) -> None:
    """Weights that only the bundle holds need `--trust`; then they run, and the result differs."""
    altered = remade(bundle, evident.folder / "perturbed", perturbed)
    unknown = evident("replay", altered.path, "--json")
    assert unknown.code == 1
    assert "a known signer" in unknown.json["missing"][0]
    known = evident("replay", altered.path, "--trust", altered.key, "--json").json
    assert known["verdict"] == "differs", known["missing"]
    assert known["compared"]["largest"]["code_values"] > 0
    assert known["same_conditions"] is True


def test_another_tile_gives_the_same_within_one_step(evident: Evident, bundle: Path) -> None:
    """Tiles cut otherwise than in the job move no sample by more than one code value."""

    def cut(parts: Parts) -> None:
        (facts,) = parts.document("data/plan.json")["networks"]
        parts.change_plan(networks=[{**facts, "tile_pixels": 16}])

    altered = remade(bundle, evident.folder / "cut", cut)
    found = evident("replay", altered.path, "--json").json
    assert found["verdict"] in ("identical", "differs"), found["missing"]
    largest = found["compared"]["largest"]
    assert largest is None or largest["code_values"] == 1


def test_what_was_planned_anew_is_applied(evident: Evident, bundle: Path) -> None:
    """Where memory ran out in the job, the replay takes the smaller tiles that are on record."""

    def shrunk(parts: Parts) -> None:
        line = f"{MODEL}: out of memory for 64x48 samples in tiles of 640; run again in tiles of 64"
        for kind, body in parts.entries:
            if kind == "operation":
                body["replans"] = [line]

    altered = remade(bundle, evident.folder / "shrunk", shrunk)
    found = evident("replay", altered.path, "--json").json
    assert found["verdict"] == "identical", found["missing"]
    tile = next(one for one in found["conditions"] if one["name"].startswith("tile of"))
    assert tile["here"].startswith("64")


@pytest.mark.parametrize(
    ("fact", "value", "name", "same"),
    [
        ("engine_version", "1.0.0", f"engine of {MODEL}", False),
        ("gate", "ungated", f"gate of {MODEL}", True),
    ],
)
def test_conditions_that_changed_are_said(
    evident: Evident, bundle: Path, fact: str, value: str, name: str, *, same: bool
) -> None:
    """Another build of an engine promises nothing; what a gate said decides nothing."""

    def changed(parts: Parts) -> None:
        (facts,) = parts.document("data/plan.json")["networks"]
        parts.change_plan(networks=[{**facts, fact: value}])

    altered = remade(bundle, evident.folder / fact, changed)
    found = evident("replay", altered.path, "--json").json
    assert found["verdict"] == "identical", found["missing"]
    condition = next(one for one in found["conditions"] if one["name"] == name)
    assert value in condition["logged"]
    assert condition["same"] is False
    assert found["same_conditions"] is same


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--frames", "0:1"), "of a photograph"),
        (("--frames", "5"), "no range of frames"),
        (("--engine", "abacus"), "no engine called abacus"),
        (("--trust", "nowhere.pem"), "cannot be read"),
    ],
)
def test_wrong_use_is_no_verdict(
    evident: Evident, bundle: Path, options: tuple[str, ...], reason: str
) -> None:
    """A wish that makes no sense ends with code 2 and says why."""
    said = evident("replay", bundle, *options, "--json")
    assert said.code == 2
    assert reason in said.json["error"]["reason"]
    assert said.json["verdict"] is None


def test_a_verdict_is_not_written_over(evident: Evident, bundle: Path) -> None:
    """A folder that holds a verdict is left as it is."""
    out = evident.folder / "kept"
    assert evident("replay", bundle, "--out", out).code == 0
    before = (out / "verdict.json").read_bytes()
    assert evident("replay", bundle, "--out", out).code == 2
    assert (out / "verdict.json").read_bytes() == before


def test_what_is_no_bundle_is_said(evident: Evident) -> None:
    """A path without a file is wrong use; a file that is no archive does not hold."""
    assert evident("replay", "nowhere.zip").code == 2
    strange = evident.folder / "strange.zip"
    strange.write_bytes(b"PK but no more")
    said = evident("replay", strange)
    assert said.code == 1
    assert "archive structure" in said.out
