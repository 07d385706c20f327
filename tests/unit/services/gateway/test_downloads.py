"""Artifacts go out to who holds them: whole and checked, or a range; on record before they do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from services.database.tables import artifacts, pending_entries
from services.gateway.digest_fields import asked_span
from services.gateway.envelope import RefusedError
from tests.unit.services.gateway.platform_kit import Served, picture, serving

PICTURE = picture()
NAME = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
URL = f"/v1/artifacts/{NAME}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway with one artifact of project `p`."""
    with serving(tmp_path) as found:
        sent = found.client.post(
            "/v1/artifacts", params={"name": "Tür 1.png"}, content=PICTURE, headers=found.key()
        )
        assert sent.status_code == 201
        yield found


def accesses(served: Served) -> list[dict[str, object]]:
    """The bodies of all entries of accesses."""
    asked = select(pending_entries.c.body).where(pending_entries.c.kind == "access")
    with served.database.reading() as connection:
        return [dict(row.body) for row in connection.execute(asked)]


def test_who_holds_it_gets_it(served: Served) -> None:
    """An artifact comes back byte for byte, with its digest, as a file that no page shows."""
    found = served.client.get(URL, headers=served.key())
    assert (found.status_code, found.content) == (200, PICTURE)
    assert found.headers["ETag"] == f'"{NAME[7:]}"'
    assert found.headers["Content-Type"] == "image/png"
    assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''T%C3%BCr%201.png"
    assert "sandbox" in found.headers["Content-Security-Policy"]


def test_an_access_is_recorded_once_a_quarter_of_an_hour(served: Served) -> None:
    """Several fetches of one principal are one entry; another principal makes another."""
    first, second = served.key(name="vera"), served.key(name="paul")
    for key in (first, first, second):
        assert served.client.get(URL, headers={**key, "X-Request-ID": "r1"}).status_code == 200
    found = accesses(served)
    assert sorted(str(one["principal"]) for one in found) == ["paul", "vera"]
    assert {one["request"] for one in found} == {"r1"}


def test_asking_about_it_is_no_access(served: Served) -> None:
    """A HEAD, and a fetch of what the asker has already, hand nothing out and record nothing."""
    key = served.key()
    head = served.client.head(URL, headers=key)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(PICTURE)))
    same = served.client.get(URL, headers={**key, "If-None-Match": head.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert accesses(served) == []


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None),
     ("bytes=5-99999999", 5, None), ("Bytes=5-99999999999999999999999", 5, None)],
)  # fmt: skip
def test_ranges(served: Served, asked: str, start: int, stop: int | None) -> None:
    """A range is the bytes that it names, and is an access as well."""
    found = served.client.get(URL, headers={**served.key(), "Range": asked})
    assert (found.status_code, found.content) == (206, PICTURE[start:stop])
    assert found.headers["Content-Range"].endswith(f"/{len(PICTURE)}")
    assert len(accesses(served)) == 1


def test_entity_tags_are_compared_as_they_are_meant(served: Served) -> None:
    """`If-None-Match` is compared weakly, `If-Match` is a condition, and `*` is anything."""
    key, tag = served.key(), f'"{NAME[7:]}"'

    def asked(**given: str) -> int:
        headers = {name.replace("_", "-"): text for name, text in given.items()}
        return served.client.get(URL, headers={**key, **headers}).status_code

    for text in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert asked(If_None_Match=text) == 304, text
    assert asked(If_None_Match='"other"') == 200
    assert (asked(If_Match='"other"'), asked(If_Match=tag), asked(If_Match="*")) == (412, 200, 200)


def test_a_range_beyond_the_end_is_said_to_be_none(served: Served) -> None:
    """Bytes that are not there are 416, with the size."""
    found = served.client.get(URL, headers={**served.key(), "Range": "bytes=999999-"})
    assert (found.status_code, found.headers["Content-Range"]) == (416, f"bytes */{len(PICTURE)}")


@pytest.mark.parametrize(
    "asked", ["", "bytes=", "bytes=-", "bytes=9-3", "lines=1-2", "bytes=0-1,4-5"]
)
def test_what_is_no_range_is_answered_whole(asked: str) -> None:
    """A range that is not understood is none (RFC 9110, 14.2)."""
    assert asked_span(asked, 100) is None


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=-0"])
def test_empty_ranges_cannot_be_satisfied(asked: str) -> None:
    """A range of no bytes is refused."""
    with pytest.raises(RefusedError):
        asked_span(asked, 100)


def test_an_older_entity_is_answered_whole(served: Served) -> None:
    """A range of another entity (`If-Range`) is answered with all of this one."""
    key = {**served.key(), "Range": "bytes=0-3"}
    other = served.client.get(URL, headers={**key, "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, PICTURE)
    same = served.client.get(URL, headers={**key, "If-Range": f'"{NAME[7:]}"'})
    assert same.status_code == 206


@pytest.mark.parametrize("name", [NAME, "sha256:" + "0" * 64])
def test_without_a_reference_there_is_none(served: Served, name: str) -> None:
    """What another project holds is as unknown as what nobody holds, and leaves no entry."""
    found = served.client.get(f"/v1/artifacts/{name}", headers=served.key(project="q"))
    assert (found.status_code, found.json()["error"]["code"]) == (404, "not-found")
    assert accesses(served) == []


@pytest.mark.parametrize("name", ["x", "sha256:", "sha256:" + "A" * 64, NAME + "0"])
def test_what_is_no_digest_is_named(served: Served, name: str) -> None:
    """A name that is no digest is refused by its field."""
    found = served.client.get(f"/v1/artifacts/{name}", headers=served.key())
    assert (found.status_code, found.json()["error"]["fields"]) == (400, ["digest"])


def test_altered_bytes_never_arrive_whole(served: Served, tmp_path: Path) -> None:
    """Bytes that were altered in the store break the line off: nobody takes them for it."""
    with served.database.reading() as connection:
        stored = connection.execute(select(artifacts.c.object_key)).scalar_one()
    path = tmp_path / "artifacts" / "objects" / stored
    path.chmod(0o600)
    path.write_bytes(PICTURE[:-1] + b"x")
    with pytest.raises(httpx.RemoteProtocolError):
        served.client.get(URL, headers=served.key())
