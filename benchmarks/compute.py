"""One clip on two actors of Ray against one: `python -m benchmarks.compute`.

A pool of this machine alone, one thread to an actor, every actor warm. What is timed is the
rendering of all segments as the job's process sees it: orders out, segments home with their
digests checked; the index, the join and the bundle are the same either way. Both pools are there
the whole time and take turns; the ratio of the medians counts. Both must hand the same samples to
the encoder. `--segments` and `--repeats` make it longer or shorter.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.machine import describe
from pipelines.run.clip_work import ClipWork, Rendered, SegmentPlace
from services.compute.ray_pool import RayPool
from services.compute.ray_settings import RaySettings, own_token
from tests.servers.compute_kit import Bench, bench, facts_of, mixing

RESULT = Path(__file__).with_name("results") / "compute.json"
FRAMES_PER_SEGMENT = 10
SIZE = (320, 180)


@dataclass
class Timed:
    """A place that notes how long rendering took there."""

    place: SegmentPlace
    seconds: list[float] = field(default_factory=list)

    def render(
        self, work: ClipWork, missing: Sequence[int], finished: Callable[[Rendered], None]
    ) -> None:
        """Render and note."""
        begun = time.perf_counter()
        self.place.render(work, missing, finished)
        self.seconds.append(time.perf_counter() - begun)


def main() -> None:
    """Measure, write the result, print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    frames = asked.segments * FRAMES_PER_SEGMENT
    with tempfile.TemporaryDirectory() as folder, ExitStack() as parts:
        table = parts.enter_context(bench(Path(folder), frames=frames, size=SIZE))
        places = [
            Timed(table.elsewhere(parts.enter_context(_pool(table, count)))) for count in (1, 2)
        ]
        samples = {_run(table, place) for _ in range(asked.repeats + 1) for place in places}
    if len(samples) != 1:
        raise SystemExit("the samples are not the same")
    one, two = (median(place.seconds[1:]) for place in places)
    found = {
        "machine": describe("ray", "onnxruntime", "numpy", "av"),
        "load_before": round(load, 2),
        "clip": f"{SIZE[0]} x {SIZE[1]}, {frames} frames in {asked.segments} segments, "
        "super-resolution by two with one thread to an actor",
        "repeats": asked.repeats,
        "one_actor_seconds": round(one, 2),
        "two_actors_seconds": round(two, 2),
        "ratio": round(one / two, 2),
        "aim": 1.6,
        "same_samples": True,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


@contextmanager
def _pool(table: Bench, actors: int) -> Iterator[RayPool]:
    folder = table.folder / f"compute-{actors}"
    pool = RayPool(
        RaySettings(
            address=None,
            token=own_token(folder / "token"),
            home=table.folder / "home",
            folder=folder,
            artifacts=str(table.folder / "artifacts"),
            actors=actors,
        )
    )
    try:
        yield pool
    finally:
        pool.close()


def _run(table: Bench, place: Timed) -> str:
    outcome = table.run(place, graph=mixing([{"op": "super_resolve"}]))
    if outcome.error:
        raise SystemExit(outcome.error)
    return json.dumps(facts_of(outcome)["ledger"])


if __name__ == "__main__":
    main()
