"""Who is admitted: by record, by known answers, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models import catalog
from models.engines.residency import WarmNetworks
from models.spec import Precision
from pipelines.errors import EvidenceError
from pipelines.evidence.gate_record import sign_record
from pipelines.gates.answers import (
    TOLERANCES,
    answer_name,
    largest_difference,
    pack,
    question,
    read_answer,
)
from pipelines.gates.book import ANSWERS, SHIPPED, Book, Shelf, shipped_shelf
from pipelines.gates.judge import judge
from pipelines.gates.life import LifeState
from pipelines.gates.results import Agreement, Results, to_json
from pipelines.ports import Admission, GateState
from tests.unit.pipelines.gates.gate_kit import SUBJECT, of, results, thresholds
from tests.unit.pipelines.gates.test_record_and_life import SAID, Key

FACTS: dict[str, str | int] = {
    "model": SUBJECT.network,
    "version": SUBJECT.version,
    "weights_sha256": SUBJECT.weights_sha256,
    "engine": SUBJECT.engine,
    "engine_version": "1.31.4",
    "precision": SUBJECT.precision,
    "device_class": SUBJECT.device_class,
}


def never(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network that must not be asked."""
    raise AssertionError("the network was run")


def double(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network for scale 2 that repeats samples."""
    return np.repeat(np.repeat(plane, 2, 0), 2, 1)


@pytest.fixture
def key() -> Key:
    """The key whose records count."""
    return Key()


@pytest.fixture
def shelve(tmp_path: Path, key: Key) -> Callable[..., None]:
    """Sign results and put them on the shelf."""

    def put(found: Results | None = None, *, by: Key = key, at: str = SAID["at"]) -> None:
        judged = found or results()
        lines = tuple(line.as_json() for line in judge(judged, thresholds(tmp_path)).lines)
        passed = all(line["holds"] is True for line in lines)
        envelope = sign_record(
            to_json(judged), lines, passed=passed, said={**SAID, "at": at}, signer=by
        )
        name = hashlib.sha256(envelope).hexdigest()[:16]
        (tmp_path / f"{judged.subject.key}.{name}.dsse.json").write_bytes(envelope)

    return put


def book(folder: Path, key: Key, *, state: LifeState | None = None, ours: bool = True) -> Book:
    """The book over one shelf."""
    (folder / ANSWERS).write_bytes(pack({SUBJECT.network: double(question())}))
    return Book(
        [Shelf(folder, (Key().public_key, key.public_key))],
        shipped=frozenset({SUBJECT.network} if ours else ()),
        state=lambda _: state,
        answers=folder / ANSWERS,
    )


def test_a_record_admits_its_own_way_of_running(
    tmp_path: Path, key: Key, shelve: Callable[..., None]
) -> None:
    """The same weights, engine (major.minor), precision and device are admitted unasked."""
    shelve()
    standing = book(tmp_path, key).standing(FACTS, never)
    assert standing.state is GateState.PASSED
    assert standing.admitted_by is Admission.RECORD
    assert (standing.judged_set, standing.cases) == ("small", 4)


@pytest.mark.parametrize(
    "change", [{"weights_sha256": "00" * 32}, {"precision": "bf16"}, {"device_class": "cuda"},
               {"engine": "torch"}, {"version": "2.0.0"}]
)  # fmt: skip
def test_a_record_admits_nothing_else(
    tmp_path: Path, key: Key, shelve: Callable[..., None], change: dict[str, str]
) -> None:
    """Other weights, engine, precision or device are ungated, and no answer changes that."""
    shelve()
    standing = book(tmp_path, key).standing({**FACTS, **change}, never)
    assert standing.state is GateState.UNGATED


def test_another_build_is_admitted_by_known_answers(
    tmp_path: Path, key: Key, shelve: Callable[..., None]
) -> None:
    """Another major.minor of the engine runs where it gives the shipped answers, and only there."""
    shelve()
    newer = {**FACTS, "engine_version": "1.32.0"}
    standing = book(tmp_path, key).standing(newer, double)
    assert (standing.state, standing.admitted_by) == (GateState.PASSED, Admission.KNOWN_ANSWERS)

    def wrong(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return double(plane) + np.float32(0.6 / 255)

    standing = book(tmp_path, key).standing(newer, wrong)
    assert standing.state is GateState.UNGATED
    assert "0.60 of 255" in standing.detail
    for broken in (lambda plane: plane, lambda plane: double(plane) * np.float32("nan")):
        assert book(tmp_path, key).standing(newer, broken).state is GateState.UNGATED


def test_the_newest_record_decides(tmp_path: Path, key: Key, shelve: Callable[..., None]) -> None:
    """A later gate that failed takes back what an earlier one admitted, and the other way round."""
    shelve()
    shelve(results(psnr=(29.0, 29.0, 29.0)), at="2026-11-22T10:00:00.000000Z")
    assert book(tmp_path, key).standing(FACTS, never).state is GateState.FAILED
    shelve(at="2026-11-23T10:00:00.000000Z")
    assert book(tmp_path, key).standing(FACTS, never).state is GateState.PASSED


def test_records_of_other_keys_and_damaged_ones_do_not_count(
    tmp_path: Path, key: Key, shelve: Callable[..., None]
) -> None:
    """A record that anybody could have made, or that was changed, admits nothing."""
    shelve(by=Key())
    assert book(tmp_path, key).standing(FACTS, never).state is GateState.UNGATED
    shelve()
    for path in tmp_path.glob("*.dsse.json"):
        envelope = bytearray(path.read_bytes())
        envelope[len(envelope) // 2] ^= 1
        path.write_bytes(envelope)
    assert book(tmp_path, key).standing(FACTS, never).state is GateState.UNGATED


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (LifeState.WITHDRAWN, GateState.WITHDRAWN),
        (LifeState.CANDIDATE, GateState.UNGATED),
        (LifeState.GATED, GateState.UNGATED),
        (LifeState.RELEASED, GateState.PASSED),
    ],
)
def test_a_gate_alone_releases_nothing(
    tmp_path: Path,
    key: Key,
    shelve: Callable[..., None],
    state: LifeState,
    expected: GateState,
) -> None:
    """Of networks that a person moved, the released ones run."""
    shelve()
    assert book(tmp_path, key, state=state).standing(FACTS, never).state is expected


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LifeState.IMPORTED, "STATE --reason TEXT`: candidate, then gated, then released"),
        (LifeState.GATED, "STATE --reason TEXT`: released"),
        (LifeState.WITHDRAWN, "evident models history"),
    ],
)
def test_where_another_gate_would_change_nothing_the_way_out_is_a_move(
    tmp_path: Path, key: Key, shelve: Callable[..., None], state: LifeState, words: str
) -> None:
    """A gate that passed is not asked for again; without one, the gate is what is missing."""
    asked = book(tmp_path, key, state=state).standing(FACTS, never).way_out
    assert bool(asked) is (state is LifeState.WITHDRAWN)
    shelve()
    assert words in book(tmp_path, key, state=state).standing(FACTS, never).way_out


def test_a_network_that_came_from_elsewhere_begins_as_imported(
    tmp_path: Path, key: Key, shelve: Callable[..., None]
) -> None:
    """A record does not release what did not ship."""
    shelve()
    found = book(tmp_path, key, ours=False)
    assert found.state(SUBJECT.network) is LifeState.IMPORTED
    assert found.standing(FACTS, never).state is GateState.UNGATED


def test_a_shelf_without_a_key_is_an_error(tmp_path: Path) -> None:
    """A product whose release key is missing says so."""
    with pytest.raises(EvidenceError, match="gate key"):
        shipped_shelf(tmp_path)


@pytest.mark.parametrize(("away", "state"), [(0.9, GateState.PASSED), (1.1, GateState.UNGATED)])
def test_a_reduced_precision_has_its_own_answer_and_tolerance(
    tmp_path: Path, key: Key, shelve: Callable[..., None], away: float, state: GateState
) -> None:
    """Another build in bf16 is held against that engine's answer in bf16, within one step."""
    half = of(results(), precision="bf16")
    shelve(replace(half, agreement=(Agreement("photo-0", 60.0, 1.0),)))
    found = book(tmp_path, key)
    name = answer_name(SUBJECT.network, SUBJECT.engine, "bf16")
    answers = {SUBJECT.network: double(question()) + 9, name: double(question())}
    (tmp_path / ANSWERS).write_bytes(pack(answers))
    newer = {**FACTS, "engine_version": "1.32.0", "precision": "bf16"}
    shifted = np.float32(away / 255)
    assert found.standing(newer, lambda plane: double(plane) + shifted).state is state


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("engine", ["onnxruntime", "torch", "openvino"])
def test_every_shipped_network_has_passed_on_this_machines_engines(name: str, engine: str) -> None:
    """What ships is admitted by its record as it runs here, and gives its known answers."""
    networks = WarmNetworks(engine, threads=2)
    found = Book([shipped_shelf()], shipped=frozenset(catalog.names()), state=lambda _: None)
    standing = found.standing(networks.facts(name), never)
    assert (standing.state, standing.admitted_by) == (GateState.PASSED, Admission.RECORD)
    answer = read_answer(SHIPPED / ANSWERS, name)
    assert answer is not None
    assert largest_difference(networks.network(name).run, answer) < 1e-4


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_every_shipped_network_has_passed_in_bf16(name: str, engine: str) -> None:
    """The card lists bf16, a record admits it, and fp32, which it falls back to, as well."""
    assert Precision.BF16 in catalog.card(name).precisions
    facts = WarmNetworks(engine, threads=2).facts(name)
    found = Book([shipped_shelf()], shipped=frozenset(catalog.names()), state=lambda _: None)
    for precision in ("bf16", "fp32"):
        standing = found.standing({**facts, "precision": precision}, never)
        assert (standing.state, standing.admitted_by) == (GateState.PASSED, Admission.RECORD)
    assert read_answer(SHIPPED / ANSWERS, answer_name(name, engine, "bf16")) is not None


@pytest.mark.parametrize("name", catalog.names())
def test_bf16_gives_its_known_answers_on_this_processor(name: str) -> None:
    """Torch computes bf16 on any processor, and stays within the tolerance of what shipped."""
    networks = WarmNetworks("torch", threads=1, precision=Precision.BF16)
    answer = read_answer(SHIPPED / ANSWERS, answer_name(name, "torch", "bf16"))
    assert answer is not None
    assert largest_difference(networks.network(name).run, answer) <= TOLERANCES["bf16"]


def test_facts_of_another_version_of_the_same_minor_are_the_same_gate(
    tmp_path: Path, key: Key, shelve: Callable[..., None]
) -> None:
    """A gate binds major.minor: a patch of the engine is admitted by the record itself."""
    shelve()
    patched: dict[str, Any] = {**FACTS, "engine_version": "1.31.9"}
    assert book(tmp_path, key).standing(patched, never).admitted_by is Admission.RECORD
