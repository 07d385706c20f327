"""What a worker and a keeper count of their own work: stages, steps, frames, duties.

A worker counts what it did itself, so the sum over workers is the deployment's. Frames and pixels
are counted when a rendering is finished, with the seconds that it took: their quotient is the
speed, whatever the moment of a scrape.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_STAGE_SECONDS = (0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
_STEP_SECONDS = (0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0, 3600.0)


class WorkMetrics:
    """Counters in `registry`, or in one that nobody shows; safe for threads."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._stages = Histogram(
            "evident_stage_seconds",
            "Seconds of an attempt at a stage, by lane and by how it ended.",
            ("lane", "ended"),
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._steps = Histogram(
            "evident_step_seconds",
            "Seconds of a step inside a stage, by its name in events.",
            ("step",),
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._running = Gauge(
            "evident_worker_running_stages", "Stages that run in this process.", registry=registry
        )
        self._frames = Counter(
            "evident_frames_total",
            "Frames of finished renderings; a photograph is one.",
            ("pipeline",),
            registry=registry,
        )
        self._pixels = Counter(
            "evident_pixels_total",
            "Pixels of finished renderings, as they were delivered.",
            ("pipeline",),
            registry=registry,
        )
        self._rendering = Counter(
            "evident_rendering_seconds_total",
            "Seconds that finished renderings took.",
            ("pipeline",),
            registry=registry,
        )
        self._duties = Gauge(
            "evident_keeper_duty_timestamp_seconds",
            "When a duty of the keeper was last done, as seconds since 1970.",
            ("duty",),
            registry=registry,
        )
        self._refused = Counter(
            "evident_keeper_duty_errors_total",
            "How often a duty of the keeper could not be done.",
            ("duty",),
            registry=registry,
        )

    def stage_begun(self) -> None:
        """An attempt at a stage began here."""
        self._running.inc()

    def stage_ended(self, lane: str, ended: str, seconds: float) -> None:
        """It ended: `done`, `failed`, `stopped`, or `lost` where the claim was another's."""
        self._running.dec()
        self._stages.labels(lane, ended).observe(seconds)

    def step_ended(self, step: str, seconds: float) -> None:
        """A step of a stage is over."""
        self._steps.labels(step).observe(seconds)

    def rendered(self, pipeline: str, *, frames: int, megapixels: float, seconds: float) -> None:
        """A rendering is finished."""
        self._frames.labels(pipeline).inc(frames)
        self._pixels.labels(pipeline).inc(megapixels * 1e6)
        self._rendering.labels(pipeline).inc(seconds)

    def duty_done(self, duty: str) -> None:
        """A duty of the keeper was done now."""
        self._duties.labels(duty).set(time.time())

    def duty_refused(self, duty: str) -> None:
        """A duty of the keeper could not be done."""
        self._refused.labels(duty).inc()
