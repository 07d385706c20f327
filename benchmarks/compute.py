"""One clip on two actors of Ray against one: `python -m benchmarks.compute`, under three minutes.

A pool of this machine alone, one thread to an actor. The clip has 600 frames in twelve segments of
two seconds, as segments are in use, and a key frame every ten; actors are warm. What is timed is
the rendering of all segments as the job's process sees it: orders out, segments home with their
digests checked. Beside it stands the whole job, with an index, a join, laws and evidence that its
process does alone. Both pools are there the whole time and take turns; the ratio of the medians
counts. Both must hand the same samples to the encoder and code the same bytes.

`processors_used_by_one` is what one actor and all that serves it take while it renders: where that
is more than one, two actors on two processors cannot be twice as fast, and `most_possible` says how
much faster they can be. Both hold on a machine at rest only, so what else ran stands beside them.
`--frames` and `--repeats` make it longer or shorter.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.machine import describe
from pipelines.run.clip_work import ClipWork, Rendered, SegmentPlace
from services.compute.ray_pool import RayPool
from services.compute.ray_settings import RaySettings, own_token
from tests.e2e.command_kit import make_clip
from tests.servers.compute_kit import Bench, facts_of, mixing, table_with
from tests.servers.temporary_ray import family

RESULT = Path(__file__).with_name("results") / "compute.json"
FRAMES = 600
WARMING_FRAMES = 200
GOP = 250
SIZE = (320, 180)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Timed:
    """A place that notes how long rendering took there, and what all processes used meanwhile."""

    place: SegmentPlace
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    job_seconds: list[float] = field(default_factory=list)

    def render(
        self, work: ClipWork, missing: Sequence[int], finished: Callable[[Rendered], None]
    ) -> None:
        """Render and note."""
        used, begun = _used(), time.perf_counter()
        self.place.render(work, missing, finished)
        self.seconds.append(time.perf_counter() - begun)
        found = _used()
        since = (found[one] - used.get(one, 0) for one in found)
        self.processor_seconds.append(sum(since) / TICKS)


def main() -> None:
    """Measure, write the result, print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, ExitStack() as parts:
        folder = Path(name)
        short = make_clip(folder / "short.mp4", frames=WARMING_FRAMES, size=SIZE, gop=GOP)
        warming = parts.enter_context(table_with(folder, short))
        long = make_clip(folder / "clip.mp4", frames=asked.frames, size=SIZE, gop=GOP)
        table = warming.over(long)
        pools = [parts.enter_context(_pool(table, count)) for count in (1, 2)]
        places = [Timed(table.elsewhere(pool)) for pool in pools]
        made = set()
        for _ in range(asked.repeats):
            for pool, place in zip(pools, places, strict=True):
                _run(warming, Timed(warming.elsewhere(pool)))  # idle workers are let go
                made.add(_run(table, place))
    if len(made) != 1:
        raise SystemExit("the samples or the coded bytes are not the same")
    found = {
        "machine": describe("ray", "onnxruntime", "numpy", "av"),
        "load_before": round(load, 2),
        "clip": f"{SIZE[0]} x {SIZE[1]}, {asked.frames} frames at 25 a second in segments of two "
        "seconds, super-resolution by two with one thread to an actor",
        "repeats": asked.repeats,
        **_numbers(*places),
        "aim": 1.6,
        "same_samples_and_coded_bytes": True,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _numbers(one: Timed, two: Timed) -> dict[str, float]:
    alone, together = median(one.seconds), median(two.seconds)
    used = median(one.processor_seconds) / alone
    cores = len(os.sched_getaffinity(0))
    return {
        "one_actor_seconds": round(alone, 2),
        "two_actors_seconds": round(together, 2),
        "ratio": round(alone / together, 2),
        "whole_job_ratio": round(median(one.job_seconds) / median(two.job_seconds), 2),
        "one_actor_processor_seconds": round(median(one.processor_seconds), 2),
        "two_actors_processor_seconds": round(median(two.processor_seconds), 2),
        "processors_used_by_one": round(used, 2),
        "most_possible": round(min(2.0, cores / used), 2),
    }


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
    begun = time.perf_counter()
    outcome = table.run(place, graph=mixing([{"op": "super_resolve"}]))
    place.job_seconds.append(time.perf_counter() - begun)
    if outcome.error:
        raise SystemExit(outcome.error)
    facts = facts_of(outcome)
    return json.dumps([facts["ledger"], sorted(facts["coded"])])


def _used() -> dict[int, int]:
    """Ticks of the processor that each process used which is or descends from this one.

    What children used counts with who waited for their end.
    """
    ticks = {}
    for process in family(os.getpid()):
        with suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks[process] = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks


if __name__ == "__main__":
    main()
