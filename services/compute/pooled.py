"""What an executor does otherwise where there is a pool: plan for its workers, and use it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.run.job import Networks, Tools
from services.compute.elsewhere import Elsewhere
from services.compute.order import Stored
from services.compute.photo_elsewhere import PhotoElsewhere
from services.compute.pool import WorkerPool
from services.compute.round import Rules
from services.compute.work_objects import WorkObjects, job_token
from services.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class PooledWork:
    """A pool, the store that its workers reach, and the networks that jobs are planned with.

    Those have the threads of one worker, for the plan states how the work is really done.
    """

    pool: WorkerPool
    store: ObjectStore
    threads: int
    networks: Networks
    frame_networks: Networks
    rules: Rules

    def equip(self, tools: Tools, source: Stored) -> Tools:
        """The tools for one job, whose file as received is `source`."""
        return replace(
            tools,
            threads=self.threads,
            networks=self.networks,
            frame_networks=self.frame_networks,
            elsewhere=Elsewhere(self.pool, self.store, source, rules=self.rules),
            photos_elsewhere=PhotoElsewhere(self.pool, self.store, source, rules=self.rules),
        )

    def forget(self, job: str) -> None:
        """Remove what a job that is over left in the store."""
        WorkObjects(self.store, job_token(job)).clear()
