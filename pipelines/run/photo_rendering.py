"""A photograph's samples as a job gets them: from an earlier job, from elsewhere, or computed here.

Which of these it was makes no difference to any sample, and stands in the entry.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.graph.plan import Plan
from pipelines.media.photo_facts import Photo
from pipelines.media.picture import Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.entries import photo_repeat_body
from pipelines.run.job import Job
from pipelines.run.photo_pixels import REGION_PIXELS, render_photo
from pipelines.run.photo_reuse import computed_before, remember_photo
from pipelines.run.photo_work import PhotoWork, RenderedPhoto
from pipelines.stages.enhance import Chain


@dataclass(frozen=True, slots=True)
class PhotoRenderer:
    """Gets the samples of one job's photograph; `known` replans there were before it began."""

    job: Job
    plan: Plan
    chain: Chain
    photo: Photo
    known: int
    tracks: bytes | None = None

    def run(self, pages: GivingBack) -> RenderedPhoto:
        """Return the samples. Raises what operations raise, and what a place raises."""
        if not self.chain.steps:
            return RenderedPhoto(self.photo.planes)
        again = computed_before(self.job, self.plan, self.chain.result, pages)
        if again is not None:
            return RenderedPhoto(again.planes, again.replans, {"job": again.job}, is_new=False)
        place = self.job.tools.photos_elsewhere
        if place is not None:
            return place.render_photo(self._work(), pages)
        planes = self._here(pages)
        return RenderedPhoto(planes, self.job.tools.networks.replans()[self.known :])

    def recorded(self, rendered: RenderedPhoto, digest: bytes) -> None:
        """Tell of repeats, and remember new samples; call once they are on record."""
        for where in rendered.repeats:
            self.job.record("segment.repeated", photo_repeat_body(digest, where))
        if self.chain.steps and rendered.is_new:
            remember_photo(self.job, self.plan, rendered.planes, rendered.replans)

    def _here(self, pages: GivingBack) -> tuple[Samples, ...]:
        return render_photo(
            self.chain,
            self.photo,
            side=self.plan.tile_pixels or REGION_PIXELS,
            threads=self.plan.threads,
            scratch=self.job.folder.work,
            pages=pages,
            progress=self.job.progress,
        )

    def _work(self) -> PhotoWork:
        job = self.job
        return PhotoWork(
            job=job.job,
            received=job.received,
            checked=job.checked,
            work=job.folder.work,
            progress=job.progress,
            plan=self.plan,
            source=self.photo.digest,
            result=self.chain.result,
            tracks=self.tracks,
        )
