"""The book of gates: which networks may run here, and what says so.

Records that ship with the product are signed by its release key, those made here by this
machine's own, current or retired; a record of any other key is not read. A network that ships
is released until somebody here moves it; any other is released by a move that names its gate.
The newest record for exactly these weights on this engine (major.minor), in this precision and
on this kind of device decides; where there is none, known answers may admit another build of
what was gated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import EvidenceError, EvidentError
from pipelines.evidence.gate_record import MAX_RECORD_BYTES, GateRecord, Judged, open_record
from pipelines.evidence.signature import parse_public_pem
from pipelines.gates.answers import TOLERANCES, answer_name, largest_difference, read_answer
from pipelines.gates.life import LifeState
from pipelines.gates.measure import major_minor
from pipelines.ports import Admission, GateStanding, GateState

SHIPPED = Path(__file__).with_name("shipped")
RELEASE_KEY = "release.pub.pem"
ANSWERS = "answers.npz"
SUFFIX = ".dsse.json"

Facts = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of records and the keys whose records count there."""

    folder: Path
    public_keys: tuple[bytes, ...]


class Book:
    """A `GateBook` over shelves; `state` tells a network's life state, None where unmoved.

    A record that is damaged or signed by another key is passed over, as if it were not there.
    """

    def __init__(
        self,
        shelves: Sequence[Shelf],
        *,
        shipped: frozenset[str],
        state: Callable[[str], LifeState | None],
        answers: Path = SHIPPED / ANSWERS,
    ) -> None:
        self._shelves = tuple(shelves)
        self._shipped = shipped
        self._state = state
        self._answers = answers
        self._read: dict[str, tuple[GateRecord, ...]] = {}

    def records(self, network: str) -> tuple[GateRecord, ...]:
        """Every record of a network, newest first."""
        if network not in self._read:
            found = [one for shelf in self._shelves for one in _records(shelf, network)]
            self._read[network] = tuple(sorted(found, key=lambda one: one.at, reverse=True))
        return self._read[network]

    def state(self, network: str) -> LifeState:
        """Where a network stands in its life."""
        first = LifeState.RELEASED if network in self._shipped else LifeState.IMPORTED
        return self._state(network) or first

    def standing(self, facts: Facts, run: Callable[[Any], Any]) -> GateStanding:
        """Tell what is known of a network; see `pipelines.ports.GateBook`."""
        network = str(facts["model"])
        state = self.state(network)
        if state is LifeState.WITHDRAWN:
            return GateStanding(
                GateState.WITHDRAWN,
                detail="somebody withdrew it.",
                way_out=f"See why with `evident models history {network}`",
            )
        judged = _judged(facts)
        records = self.records(network)
        exact = next((one for one in records if one.judged == judged), None)
        if exact is not None and not exact.passed:
            return _standing(exact, GateState.FAILED, Admission.RECORD, "its newest gate failed.")
        if state is not LifeState.RELEASED:
            return _unreleased(network, state, has_passed=exact is not None)
        if exact is not None:
            return _standing(exact, GateState.PASSED, Admission.RECORD, "")
        return self._by_answers(judged, records, run)

    def _by_answers(
        self, judged: Judged, records: tuple[GateRecord, ...], run: Callable[[Any], Any]
    ) -> GateStanding:
        """Admit another build of weights that were gated in this precision."""
        kin = [one for one in records if one.passed and _is_kin(one.judged, judged)]
        name = answer_name(judged.network, judged.engine, judged.precision)
        answer = read_answer(self._answers, name) if kin else None
        if not kin or answer is None:
            return GateStanding(
                GateState.UNGATED, detail="no gate has judged these weights in this way of running."
            )
        away = largest_difference(run, answer)
        if away > TOLERANCES[judged.precision]:
            return GateStanding(
                GateState.UNGATED,
                detail=f"this build is {255 * away:.2f} of 255 away from its known answers.",
            )
        return _standing(kin[0], GateState.PASSED, Admission.KNOWN_ANSWERS, "")


def shipped_shelf(folder: Path = SHIPPED) -> Shelf:
    """The records that come with the product; raises EvidenceError where their key is not one."""
    try:
        key = parse_public_pem((folder / RELEASE_KEY).read_bytes())
    except OSError as error:
        raise EvidenceError(
            f"The product's gate key cannot be read: {error.strerror}.",
            next_step="Install the product again.",
        ) from error
    return Shelf(folder, (key,))


def _records(shelf: Shelf, network: str) -> Iterator[GateRecord]:
    for path in sorted(shelf.folder.glob(f"{network}.*{SUFFIX}")):
        try:
            with path.open("rb") as file:
                envelope = file.read(MAX_RECORD_BYTES + 1)
        except OSError:
            continue
        for key in shelf.public_keys:
            with suppress(EvidentError):
                record = open_record(envelope, key)
                if record.judged.network == network:
                    yield record


def _judged(facts: Facts) -> Judged:
    return Judged(
        network=str(facts["model"]),
        version=str(facts["version"]),
        weights_sha256=str(facts["weights_sha256"]),
        engine=str(facts["engine"]),
        engine_version=major_minor(str(facts["engine_version"])),
        precision=str(facts["precision"]),
        device_class=str(facts["device_class"]),
    )


def _is_kin(one: Judged, other: Judged) -> bool:
    """Whether two ways of running differ in the build of the engine alone."""
    return (one.network, one.version, one.weights_sha256, one.engine, one.precision) == (
        other.network,
        other.version,
        other.weights_sha256,
        other.engine,
        other.precision,
    ) and one.device_class == other.device_class


def _unreleased(network: str, state: LifeState, *, has_passed: bool) -> GateStanding:
    if not has_passed:
        return GateStanding(GateState.UNGATED, detail=f"it is {state}, and no gate passed.")
    steps = [LifeState.CANDIDATE, LifeState.GATED, LifeState.RELEASED]
    to_go = steps[steps.index(state) + 1 :] if state in steps else steps
    return GateStanding(
        GateState.UNGATED,
        detail=f"its gate passed, but it is {state}, not released.",
        way_out=f"Release it with `evident models move {network} STATE --reason TEXT`: "
        + ", then ".join(to_go),
    )


def _standing(
    record: GateRecord, state: GateState, admission: Admission, detail: str
) -> GateStanding:
    return GateStanding(
        state=state,
        admitted_by=admission,
        sha256=record.sha256,
        judged_set=record.set_name,
        cases=record.cases,
        detail=detail,
    )
