"""Previews: small pictures of jobs for whoever may read their files, each look on record."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from services.auth.scopes import Scope
from services.database.tables import pending_entries
from services.jobs.values import NewOutput
from services.storage.keys import artifact_key
from tests.unit.services.gateway.platform_kit import Served, picture, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway."""
    with serving(tmp_path) as gateway:
        yield gateway


def job_of(served: Served, key: dict[str, str]) -> tuple[str, str]:
    """Upload a picture and ask for work on it; return the artifact and the job."""
    sent = served.client.post("/v1/artifacts", content=picture(90), headers=key)
    artifact = sent.json()["result"]["artifact"]
    wish = {"pipeline": "photo", "inputs": {"source": {"artifact": artifact}}}
    told = served.client.post("/v1/jobs", json=wish, headers=key).json()["result"]
    return artifact, told["job_id"]


def done(served: Served, job: str) -> str:
    """Do the work: a brighter picture."""
    claim = served.jobs.claim(["photo"], "w")
    assert claim is not None
    assert claim.job == job
    stored = served.storage.objects.put(artifact_key("d" * 32), [picture(200)])
    made = NewOutput(
        f"sha256:{stored.sha256}", stored.key, stored.size, "enhanced.png", "image/png"
    )
    served.jobs.complete(claim, [made])
    return made.artifact


def looks(served: Served) -> list[str]:
    """The digests of all looks that are on record, in order."""
    with served.database.reading() as connection:
        bodies = connection.execute(
            select(pending_entries.c.body).where(pending_entries.c.kind == "access")
        ).scalars()
        return [f"sha256:{one['sha256']}" for one in bodies if one["means"] == "preview"]


def test_before_and_after_are_seen_and_on_record(served: Served) -> None:
    """Each is a small picture of the right file, and each first look is an entry."""
    key = served.key()
    artifact, job = job_of(served, key)
    where = f"/v1/jobs/{job}/previews"
    told = served.client.get(where, headers=key).json()["result"]["previews"]
    assert [(one["which"], one["artifact"]) for one in told] == [("before", artifact)]
    assert served.client.get(f"{where}/after", headers=key).status_code == 404
    assert looks(served) == []
    result = done(served, job)
    told = served.client.get(where, headers=key).json()["result"]["previews"]
    shades = {}
    for one in told:
        answer = served.client.get(f"{one['path']}?side=16", headers=key)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/webp"
        assert "sandbox" in answer.headers["content-security-policy"]
        with Image.open(io.BytesIO(answer.content)) as seen:
            assert max(seen.size) <= 16
            shades[one["which"]] = seen.convert("RGB").getpixel((2, 2))[0]
    assert abs(shades["before"] - 90) < 12
    assert abs(shades["after"] - 200) < 12
    assert sorted(looks(served)) == sorted([artifact, result])


def test_nobody_looks_who_may_not_fetch(served: Served) -> None:
    """Another project finds no job, and a key without the files' scope is refused."""
    _, job = job_of(served, served.key())
    where = f"/v1/jobs/{job}/previews/before"
    assert served.client.get(where).status_code == 401
    other = served.key(project="q", name="other")
    assert served.client.get(where, headers=other).status_code == 404
    small = served.key(Scope.JOBS_READ, name="small")
    assert served.client.get(where, headers=small).status_code == 403
    assert served.client.get(f"{where}?side=9999", headers=served.key(name="x")).status_code == 400
    assert looks(served) == []
