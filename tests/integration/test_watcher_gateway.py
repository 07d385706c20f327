"""The watcher over a real gateway: files in, jobs asked for, refusals told from outages."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import InputError, RequestError, ResourceError
from services.gateway.app import GatewayLimits
from services.jobs.values import NewOutput
from services.storage.keys import artifact_key
from services.watcher.gateway_intake import GatewayIntake
from services.watcher.intake import Made
from services.watcher.rules import Rule
from tests.unit.services.gateway.platform_kit import Served, picture, serving

RULE = Rule(project="p", preset="balanced", case="2026/1", params={"scale": 2})
KEY = "watch-1"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway whose files have 64 kB at most."""
    with serving(tmp_path, GatewayLimits(upload_bytes=64_000)) as found:
        yield found


@pytest.fixture
def intake(served: Served) -> GatewayIntake:
    """The watcher's way to it, with a key of project `p`."""
    key = served.key()["Authorization"].removeprefix("Bearer ")
    return GatewayIntake(str(served.client.base_url), {"p": key, "wrong": "ev_no"}, time.monotonic)


def finished(served: Served, content: bytes) -> None:
    """Do the job that waits, as a worker would, with `content` for a result."""
    claim = served.jobs.claim(["photo"], "w")
    assert claim is not None
    key = artifact_key("a" * 32)
    stored = served.storage.objects.put(key, [content])
    made = NewOutput(f"sha256:{stored.sha256}", key, len(content), "enhanced.png", "image/png")
    served.jobs.complete(claim, (made,))


def test_a_file_becomes_a_job_and_its_result_comes_back(
    served: Served, intake: GatewayIntake
) -> None:
    """Stored, asked for once under its key, followed to its end, and its result read."""
    content = picture()
    stored = intake.store(io.BytesIO(content), name="in/gate 1.png", rule=RULE)
    assert (stored.sha256, stored.media_type) == (
        hashlib.sha256(content).hexdigest(),
        "image/png",
    )
    job = intake.submit(stored, rule=RULE, key=KEY)
    assert intake.submit(stored, rule=RULE, key=KEY) == job
    assert not intake.standing(job).is_final
    shown = served.jobs.get(job.removeprefix("p/"))
    assert (shown.preset, shown.case, shown.pipeline) == ("balanced", "2026/1", "photo")

    finished(served, b"result")
    standing = intake.standing(job)
    assert standing.is_done
    made = Made("enhanced.png", hashlib.sha256(b"result").hexdigest())
    assert standing.made == (made,)
    with intake.open(job, made) as result:
        assert result.read() == b"result"


def test_a_job_that_was_called_off_says_so(served: Served, intake: GatewayIntake) -> None:
    """The file of a canceled job is not done, and the reason is in words."""
    stored = intake.store(io.BytesIO(picture()), name="a.png", rule=RULE)
    job = intake.submit(stored, rule=RULE, key=KEY)
    served.jobs.cancel(job.removeprefix("p/"), by="vera")
    standing = intake.standing(job)
    assert standing.is_final
    assert not standing.is_done
    assert "canceled" in standing.reason


@pytest.mark.parametrize("content", [b"no picture", b"", b"\x89PNG\r\n\x1a\n" + bytes(90_000)])
def test_what_the_gateway_does_not_take_is_an_error_of_the_file(
    intake: GatewayIntake, content: bytes
) -> None:
    """No medium, nothing at all, or too much: the file is rejected with the gateway's reason."""
    with pytest.raises(InputError) as refused:
        intake.store(io.BytesIO(content), name="a.png", rule=RULE)
    assert str(refused.value)


def test_a_rule_that_is_not_admitted_is_an_error_of_the_request(intake: GatewayIntake) -> None:
    """A wish that the gateway refuses rejects the file and does not wait for ever."""
    stored = intake.store(io.BytesIO(picture()), name="a.png", rule=RULE)
    for rule in (
        RULE.model_copy(update={"params": {"scale": 99}}),
        RULE.model_copy(update={"pipeline": "video"}),
    ):
        with pytest.raises(RequestError):
            intake.submit(stored, rule=rule, key=f"watch-{rule.pipeline}")


@pytest.mark.parametrize("project", ["wrong", "unknown"])
def test_a_key_that_is_missing_or_wrong_makes_files_wait(
    intake: GatewayIntake, project: str
) -> None:
    """That a key was revoked is no fault of a file."""
    with pytest.raises(ResourceError):
        intake.store(io.BytesIO(picture()), name="a.png", rule=Rule(project=project))


def test_a_gateway_that_is_gone_is_left_alone_for_a_while(tmp_path: Path) -> None:
    """After some calls without an answer the next one is not even made."""
    with serving(tmp_path) as found:
        address = str(found.client.base_url)
    intake = GatewayIntake(address, {"p": "ev_key"}, time.monotonic)
    said = []
    for _ in range(6):
        with pytest.raises(ResourceError) as waits:
            intake.store(io.BytesIO(picture()), name="a.png", rule=RULE)
        said.append(str(waits.value))
    assert "does not answer: ConnectionRefusedError" in said[0]
    assert "left alone" in said[-1]


@pytest.mark.parametrize("address", ["gateway:8700", "ftp://host/", "http://"])
def test_an_address_must_be_one(address: str) -> None:
    """What is no http address is refused when the watcher starts."""
    with pytest.raises(RequestError, match="address"):
        GatewayIntake(address, {}, time.monotonic)
