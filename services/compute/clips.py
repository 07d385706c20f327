"""What an executor does otherwise for clips where there is a pool: plan for its workers, use it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.run.job import Networks, Tools
from services.compute.elsewhere import Elsewhere, Rules
from services.compute.order import Stored
from services.compute.pool import WorkerPool
from services.compute.work_objects import WorkObjects, job_token
from services.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class PooledClips:
    """A pool, the store that its workers reach, and the networks that clips are planned with.

    Those have the threads of one worker, for the plan states how the work is really done.
    """

    pool: WorkerPool
    store: ObjectStore
    threads: int
    networks: Networks
    frame_networks: Networks
    rules: Rules

    def equip(self, tools: Tools, source: Stored) -> Tools:
        """The tools for one clip, whose file as received is `source`."""
        return replace(
            tools,
            threads=self.threads,
            networks=self.networks,
            frame_networks=self.frame_networks,
            elsewhere=Elsewhere(self.pool, self.store, source, rules=self.rules),
        )

    def forget(self, job: str) -> None:
        """Remove what a job that is over left in the store."""
        WorkObjects(self.store, job_token(job)).clear()
