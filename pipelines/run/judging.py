"""QA of a job's pictures: the maps that its graph asks for, as files and as an entry."""

from __future__ import annotations

from typing import cast

from pipelines.evidence.json_value import Json
from pipelines.run.durable_file import writing
from pipelines.run.job import Job
from pipelines.stages.enhance import Chain
from pipelines.stages.export.facts_quality import QualityFacts
from pipelines.stages.maps import Judged, MapMaker, Pair


def maps_wanted(job: Job) -> bool:
    """Whether the graph asks for maps: it has a `qa` stage that does not leave them out."""
    return job.checked.qa is not None and job.checked.qa.maps


def judge_photo(job: Job, chain: Chain, pair: Pair) -> Judged:
    """Make the maps of a photograph, and put what was found on record."""
    if not maps_wanted(job):
        return recorded(job, Judged())
    job.progress.start("comparing", 0)
    maker = MapMaker(chain)
    maps = (*maker.make(pair, folder=job.folder.work, opener=writing), *maker.nothing)
    facts = QualityFacts(asked=True, maps=tuple(one.facts for one in maps))
    return recorded(job, Judged(facts, maps))


def recorded(job: Job, judged: Judged) -> Judged:
    """Commit the entry `qa`: the numbers of every map and the digests of the pictures."""
    outputs = [
        {"role": "map", "name": picture.file_name, "sha256": picture.sha256, "bytes": picture.bytes}
        for one in judged.facts.maps
        if (picture := one.picture) is not None
    ]
    body = cast("dict[str, Json]", judged.facts.model_dump(mode="json"))
    job.record("qa", {**body, "outputs": cast("list[Json]", outputs)})
    return judged
