"""Takes a rendering of an earlier job in the place of computing it again, and says so.

A rendering is named by what its plan decides of samples (the file as received, every step,
engine, precision, threads, and what gates said), by the versions of the software and by the
hardware: what has another of these is another rendering. Whether the plan may run is decided
before anybody looks here, so a network that was withdrawn is refused with or without a memory.

That something was taken is an entry before it is used, and stands in the report.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.json_value import Json
from pipelines.graph.plan import Plan
from pipelines.run.durable_file import write_whole
from pipelines.run.entries import environment
from pipelines.run.job import Job
from pipelines.run.judging import maps_wanted
from pipelines.run.marks import file_sha256

ENTRY_KIND = "reused"

_RECALLED = "recalled"
_NOTE = "reused.json"


@dataclass(frozen=True, slots=True)
class Recalled:
    """A rendering of the job `job`, whose files lie in `folder` until they are taken."""

    job: str
    folder: Path

    def done_with(self) -> None:
        """Remove what was not taken."""
        shutil.rmtree(self.folder, ignore_errors=True)


def rendering_key(job: Job, plan: Plan) -> str:
    """Return what names a plan's rendering by this software on this hardware, in hexadecimal.

    The case that the work is for is no part of it; what is looked at on the way is.
    """
    named: dict[str, Json] = {
        "samples_sha256": plan.samples_sha256,
        "maps": maps_wanted(job.checked),
        "faces": job.tools.face_embedding is not None,
        **environment(),
    }
    return hashlib.sha256(canonical_bytes(named)).hexdigest()


def recalled(job: Job, plan: Plan) -> Recalled | None:
    """Ask the memory for the plan's rendering; None where there is none to be had."""
    if job.tools.memory is None:
        return None
    folder = job.folder.path(_RECALLED)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    earlier = job.tools.memory.recall(rendering_key(job, plan), folder)
    if earlier is None or earlier == job.job:
        shutil.rmtree(folder)
        return None
    return Recalled(earlier, folder)


def taken(job: Job, plan: Plan, found: Recalled, files: Iterable[Path]) -> None:
    """Put on record that these files of an earlier rendering are used; call before using them."""
    outputs: list[Json] = [
        {"name": file.name, "sha256": file_sha256(file), "bytes": file.stat().st_size}
        for file in files
    ]
    job.record(
        ENTRY_KIND,
        {
            "job": found.job,
            "plan_sha256": plan.digest(),
            "inputs": [{"role": "received", "sha256": plan.source.sha256}],
            "outputs": outputs,
        },
    )
    write_whole(job.folder.path(_NOTE), json.dumps({"job": found.job}).encode())


def reused_from(work: Path) -> str | None:
    """Return the job whose rendering lies in a work folder, None where nothing was taken.

    Raises EvidenceError where a note of it cannot be read any more.
    """
    try:
        return str(json.loads((work / _NOTE).read_bytes())["job"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvidenceError(
            "It cannot be read any more from which job a rendering was taken.",
            next_step="Run the job again.",
        ) from error
