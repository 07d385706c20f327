"""The analysis pass of a job: one look at a photograph, or at every n-th frame of a clip.

It runs after ingest and before the plan is final, so that what it found is in the plan by digest.
Frames come from the same bounded decode child as everywhere, and leave nothing behind but numbers
and one small picture: memory does not grow with the size of the file's frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.analysis.detectors import require_targets, resolve
from pipelines.analysis.found import Detector
from pipelines.analysis.track_file import FILE
from pipelines.graph.plan import Plan, PlannedTracking
from pipelines.graph.spec import StageKind
from pipelines.graph.tracking import DetectTrackParams
from pipelines.media.photo_facts import Photo
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import VideoIndex
from pipelines.ports import Progress
from pipelines.run.durable_file import write_whole
from pipelines.run.entries import Body, received_body, stage
from pipelines.run.job import Job, Tools
from pipelines.stages.detect_track import Looker, Tracked, looking_bytes, side_of

_TRACKS_BYTES = 256 << 20
_TURNS = {3: 180, 6: 270, 8: 90}


@dataclass(frozen=True, slots=True)
class Look:
    """What a graph asks to look for, and the detector that will."""

    params: DetectTrackParams
    detector: Detector

    def planned(self, plan: Plan, tracked: Tracked | None = None) -> Plan:
        """The plan with what looks, and with what it found once it has."""
        facts = self.detector.facts
        side = side_of(self.params, self.detector)
        planned = PlannedTracking(
            targets=self.params.targets,
            detector=facts.name,
            detector_version=facts.version,
            detector_sha256=facts.sha256,
            engine=facts.engine,
            longest_side=side,
            every=self.params.every,
            least_score=self.params.least_score,
            tracks=None if tracked is None else len(tracked.found.tracks),
            tracks_sha256=None if tracked is None else tracked.sha256,
        )
        ceilings = plan.ceilings
        if plan.tracking is None:
            more = looking_bytes(side) + _TRACKS_BYTES
            ceilings = ceilings.model_copy(update={"memory_bytes": ceilings.memory_bytes + more})
        return plan.model_copy(update={"tracking": planned, "ceilings": ceilings})

    def at_photo(self, photo: Photo, *, turned: bool) -> Tracked:
        """Look at a photograph; one whose orientation was not applied is made upright for it."""
        turn = 0 if turned else _TURNS.get(photo.metadata.orientation, 0)
        looker = Looker(self.detector, self.params, photo.shape, turn=turn, still=True)
        looker.look(0, photo.planes)
        return looker.tracked(1)

    def at_clip(
        self, pool: DecodePool, path: Path, index: VideoIndex, progress: Progress
    ) -> Tracked:
        """Look at every n-th displayed frame of a clip, in one decode."""
        video = index.video
        looker = Looker(self.detector, self.params, video.shape, turn=video.rotation % 360)
        progress.start("looking", index.frames)
        with FrameReader(pool, path, index) as reader:
            for frame in reader:
                if looker.wants(frame.index):
                    looker.look(frame.index, frame.planes)
                reader.release(frame)
                progress.advance()
        return looker.tracked(index.frames)


def look_of(params: DetectTrackParams | None, tools: Tools) -> Look | None:
    """Make ready what a `detect_track` stage asks for; None where there is none.

    Raises UnsupportedError where no detector here finds it, ModelError for a network.
    """
    if params is None:
        return None
    detector = resolve(params.detector, threads=tools.threads)
    require_targets(detector, params.targets)
    return Look(params, detector)


def recorded_photo(job: Job, look: Look, photo: Photo, *, turned: bool) -> Tracked:
    """Look at a job's photograph, and put on record what was found."""
    with stage(job, StageKind.DETECT_TRACK) as finished:
        job.progress.start("looking", 0)
        tracked = look.at_photo(photo, turned=turned)
        finished.update(_finished(job, tracked))
    return tracked


def recorded_clip(job: Job, look: Look, index: VideoIndex) -> Tracked:
    """Look at a job's clip, and put on record what was found."""
    with stage(job, StageKind.DETECT_TRACK) as finished:
        tracked = look.at_clip(job.tools.pool, job.received.path, index, job.progress)
        finished.update(_finished(job, tracked))
    return tracked


def _finished(job: Job, tracked: Tracked) -> Body:
    write_whole(job.folder.path(FILE), tracked.data)
    detector = tracked.found.detector
    return {
        "inputs": received_body(job.received)["outputs"],
        "outputs": [
            {
                "role": "tracks",
                "name": FILE,
                "sha256": tracked.sha256,
                "bytes": len(tracked.data),
            }
        ],
        "detector": detector.name,
        "detector_version": detector.version,
        "detector_sha256": detector.sha256,
        "engine": detector.engine,
        "looked_at": tracked.found.looked_at,
        "tracks": len(tracked.found.tracks),
        "corrections": len(tracked.facts.edits),
    }
