"""What a process counts: stages, steps, stores, wake-ups, breakers, GPUs, and how it is shown."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from pipelines.errors import ResourceError
from services.dispatch.counted import CountedDispatch
from services.dispatch.in_process import InProcessDispatch
from services.storage.counted import counted
from services.storage.errors import ObjectTakenError
from services.storage.keys import artifact_key
from services.storage.opening import open_folder
from services.telemetry.breaker import Breaker, BreakerRule
from services.telemetry.gpu_memory import GpuMemory, gpu_memory_of
from services.telemetry.listener import metrics_listener
from services.telemetry.metrics import Metrics
from services.telemetry.records_metrics import (
    ErrorFacts,
    LaneFacts,
    ProbeFacts,
    RecordsCollector,
    WaitingFacts,
)

KEY = artifact_key("0" * 32)


def value(metrics: Metrics, line: str) -> float | None:
    """The value of one line of a scrape; None where it is absent."""
    found = re.search(rf"^{re.escape(line)} (\S+)$", metrics.text().decode(), re.MULTILINE)
    return None if found is None else float(found[1])


class Records:
    """Records that answer, or do not."""

    def __init__(self) -> None:
        self.is_away = False
        self.probed: ProbeFacts | None = None

    def lanes(self) -> Iterator[LaneFacts]:
        """One lane whose oldest stage has waited for a minute."""
        if self.is_away:
            raise ResourceError("away")
        yield LaneFacts("photo", 3, 1, datetime.now(UTC) - timedelta(seconds=60))

    def unfinished(self) -> dict[str, int]:
        """Three jobs."""
        return {"queued": 3}

    def late(self) -> int:
        """One."""
        return 1

    def errors(self) -> Iterator[ErrorFacts]:
        """Five failures, two of them final."""
        yield ErrorFacts("OSError", 5, 2)

    def lost_leases(self) -> int:
        """Four."""
        return 4

    def dead_letters(self) -> int:
        """Two."""
        return 2

    def unsealed(self) -> WaitingFacts:
        """Seven."""
        return WaitingFacts(7, None)

    def probe(self) -> ProbeFacts | None:
        """Return the last one."""
        return self.probed


def test_the_records_are_told_as_they_stand() -> None:
    """Every fact of the records is a value; the age of probes is absent until there is one."""
    metrics, records = Metrics(), Records()
    metrics.watch_records(records)
    assert value(metrics, 'evident_lane_ready_stages{lane="photo"}') == 3
    waits = value(metrics, 'evident_lane_oldest_wait_seconds{lane="photo"}')
    assert waits is not None
    assert waits >= 60
    assert value(metrics, 'evident_retries_total{error="OSError"}') == 3
    assert value(metrics, "evident_lease_expiries_total") == 4
    assert value(metrics, "evident_unsealed_entries") == 7
    assert value(metrics, "evident_probe_age_seconds") is None
    records.probed = ProbeFacts(datetime.now(UTC) - timedelta(seconds=90), 2.5)
    age = value(metrics, "evident_probe_age_seconds")
    assert age is not None
    assert age >= 90
    assert value(metrics, "evident_probe_seconds") == 2.5


def test_records_that_do_not_answer_are_absent_not_zero() -> None:
    """A scrape goes on without the records, and says that they could not be asked."""
    metrics, records = Metrics(), Records()
    metrics.watch_records(records)
    assert value(metrics, "evident_records_unanswered") == 0
    records.is_away = True
    assert value(metrics, "evident_records_unanswered") == 1
    assert value(metrics, "evident_unsealed_entries") is None


class Nvml:
    """A management library with one GPU, or one that refuses a call."""

    def __init__(self, *, refuses: str = "") -> None:
        self._refuses = refuses

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments) -> int:
            if name == self._refuses:
                return 999
            if name == "nvmlDeviceGetCount_v2":
                arguments[0]._obj.value = 1
            if name == "nvmlDeviceGetName":
                arguments[1].value = b"GPU of a test"
            if name == "nvmlDeviceGetMemoryInfo":
                arguments[1]._obj.total, arguments[1]._obj.used = 80, 30
            return 0

        return call


def test_gpu_memory_is_what_the_library_says() -> None:
    """A GPU's memory is a value with its index and name."""
    metrics = Metrics()
    metrics.watch_gpus(lambda: gpu_memory_of(Nvml()))
    assert value(metrics, 'evident_gpu_memory_used_bytes{gpu="0",name="GPU of a test"}') == 30
    assert value(metrics, 'evident_gpu_memory_total_bytes{gpu="0",name="GPU of a test"}') == 80


@pytest.mark.parametrize("call", ["nvmlInit_v2", "nvmlDeviceGetCount_v2", "nvmlDeviceGetName"])
def test_a_gpu_that_cannot_be_asked_is_absent(call: str) -> None:
    """Where the library refuses there is no value at all, and so no zero."""
    library = Nvml(refuses=call)
    assert gpu_memory_of(library) == ()
    metrics = Metrics()
    metrics.watch_gpus(lambda: gpu_memory_of(library))
    assert b"evident_gpu_memory_used_bytes{" not in metrics.text()
    assert gpu_memory_of(Nvml()) == (GpuMemory(0, "GPU of a test", 30, 80),)


def test_calls_of_the_store_are_counted_and_work_as_before(tmp_path) -> None:
    """A refused key is an answer; a store that does not answer is an error."""
    metrics = Metrics()
    store = counted(
        open_folder(tmp_path / "a"), metrics.services, metrics.breakers.of("store")
    ).objects
    store.put(KEY, [b"abc"])
    with store.open(KEY) as pieces:
        assert b"".join(pieces) == b"abc"
    with pytest.raises(ObjectTakenError):
        store.put(KEY, [b"abd"])
    assert [one.key for one in store.list()] == [KEY]
    assert value(metrics, 'evident_store_seconds_count{call="put"}') == 2
    assert value(metrics, 'evident_store_errors_total{call="put"}') is None

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise ResourceError("no answer")

    with pytest.raises(ResourceError):
        store.put(artifact_key("1" * 32), broken())
    assert value(metrics, 'evident_store_errors_total{call="put"}') == 1


def test_uploads_in_several_goes_are_counted_too(tmp_path) -> None:
    """Both sides of a store are counted."""
    metrics = Metrics()
    partials = counted(
        open_folder(tmp_path / "a"), metrics.services, metrics.breakers.of("store")
    ).partials
    begun = partials.begin(KEY)
    partials.append(begun, 0, [b"abc"], is_last=True)
    assert partials.finish(begun).size == 3
    for call in ("begin", "append", "finish"):
        assert value(metrics, f'evident_store_seconds_count{{call="{call}"}}') == 1


def test_wakeups_are_counted_by_whether_they_were_sent() -> None:
    """What a broker took and what it did not take are two counts."""

    class Away(InProcessDispatch):
        def wake(self, lane: str) -> None:
            raise ResourceError("away")

    metrics = Metrics()
    heard: list[str] = []
    dispatch = CountedDispatch(InProcessDispatch(), metrics.services, metrics.breakers.of("broker"))
    with dispatch.listening(["photo"], heard.append):
        dispatch.wake("photo")
    with pytest.raises(ResourceError):
        CountedDispatch(Away(), metrics.services, metrics.breakers.of("broker")).wake("photo")
    assert heard == ["photo"]
    assert value(metrics, "evident_broker_wakeups_total") == 1
    assert value(metrics, "evident_broker_errors_total") == 1


def test_a_breaker_is_shown_in_the_state_it_is_in() -> None:
    """Of a breaker's states one is 1; openings are counted."""
    metrics = Metrics()
    breaker = Breaker(
        "store", time.monotonic, rule=BreakerRule(failures=1), changed=metrics.services.breaker
    )
    metrics.services.breaker("store", breaker.state)
    assert value(metrics, 'evident_breaker_state{service="store",state="closed"}') == 1
    with pytest.raises(ResourceError), breaker.call():
        raise ResourceError("no answer")
    assert value(metrics, 'evident_breaker_state{service="store",state="closed"}') == 0
    assert value(metrics, 'evident_breaker_state{service="store",state="open"}') == 1
    assert value(metrics, 'evident_breaker_openings_total{service="store"}') == 1


def test_a_process_shows_its_counts_and_its_health() -> None:
    """The listener answers two addresses; a fault makes the second one 503."""
    metrics, faults = Metrics(), []
    metrics.work.rendered("video", frames=25, megapixels=2.0, seconds=1.0)

    def fault() -> Exception | None:
        return faults[0] if faults else None

    with (
        metrics_listener(metrics, host="127.0.0.1", port=0, fault=fault) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as web,
    ):
        assert 'evident_frames_total{pipeline="video"} 25.0' in web.get("/metrics").text
        assert web.get("/healthz").status_code == 200
        faults.append(ValueError("x"))
        assert web.get("/healthz").status_code == 503
        assert web.get("/other").status_code == 404


def test_every_value_has_words_and_a_unit_in_its_name() -> None:
    """Each family says what it is, and is named for what it counts or measures."""
    metrics = Metrics()
    metrics.watch_gpus(lambda: ())
    metrics.watch_records(Records())
    text = metrics.text().decode()
    names = re.findall(r"^# TYPE (evident_\S+) ", text, re.MULTILINE)
    helped = dict(re.findall(r"^# HELP (evident_\S+) (\S.*)$", text, re.MULTILINE))
    units = (
        "_seconds", "_bytes", "_total", "_stages", "_entries", "_jobs", "_letters",
        "_in_hand", "_state", "_paused", "_unanswered", "_created",
    )  # fmt: skip
    assert len(names) > 25
    for name in names:
        assert name.endswith(units), name
        assert name in helped


def test_the_collector_speaks_of_nothing_else_when_records_are_away() -> None:
    """Of records that do not answer one value is told."""
    records = Records()
    records.is_away = True
    assert [one.name for one in RecordsCollector(records).collect()] == [
        "evident_records_unanswered"
    ]
