"""Files come in whole, hashed and looked at, or not at all; broken uploads go on."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from services.auth.scopes import Scope
from services.database.tables import pending_entries
from services.gateway.app import GatewayLimits
from tests.unit.services.gateway.platform_kit import Served, picture, serving

PICTURE = picture()


def stated(data: bytes) -> str:
    """A digest as RFC 9530 spells it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def name_of(data: bytes) -> str:
    """The artifact that bytes are."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway that takes files of up to four mebibytes."""
    with serving(tmp_path, GatewayLimits(upload_bytes=4 << 20)) as found:
        yield found


def test_a_picture_is_taken_in(served: Served) -> None:
    """The answer to an upload is the digest, what the file is, and where it lies."""
    key = served.key()
    sent = served.client.post(
        "/v1/artifacts", params={"name": "gate.png"}, content=PICTURE,
        headers={**key, "Content-Digest": stated(PICTURE), "X-Request-ID": "abc-1"},
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    body = sent.json()
    assert (body["request_id"], body["status"], body["error"]) == ("abc-1", "ok", None)
    assert body["result"] == {
        "artifact": name_of(PICTURE), "bytes": len(PICTURE), "media": "photo",
        "media_type": "image/png", "width": 40, "height": 30,
    }  # fmt: skip
    assert sent.headers["Location"] == f"/v1/artifacts/{name_of(PICTURE)}"
    assert sent.headers["X-Request-ID"] == "abc-1"
    assert len(served.stored()) == 1
    with served.database.reading() as connection:
        (entry,) = connection.execute(select(pending_entries)).mappings().all()
    assert (entry["kind"], entry["body"]["principal"]) == ("upload", "vera")


def test_the_same_bytes_are_stored_once(served: Served) -> None:
    """A file that is known keeps its object; a second project may hold it too."""
    for key in (served.key(), served.key(), served.key(project="q")):
        sent = served.client.post("/v1/artifacts", content=PICTURE, headers=key)
        assert sent.status_code == 201
    assert len(served.stored()) == 1


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "unreadable"),
        (b"no picture at all", 415, "unknown-format"),
        (PICTURE[:60], 422, "damaged"),
        (bytes((4 << 20) + 1), 413, "too-large"),
    ],
    ids=["empty", "text", "cut", "long"],
)
def test_what_is_no_media_is_refused(served: Served, data: bytes, status: int, code: str) -> None:
    """A file that is none, damaged or too long is a problem with a reason, and is not kept."""
    sent = served.client.post("/v1/artifacts", content=data, headers=served.key())
    assert sent.status_code == status, sent.text
    problem = sent.json()["error"]
    assert problem["code"] == code
    assert problem["detail"]
    assert served.stored() == []


def test_bytes_of_another_digest_are_refused(served: Served) -> None:
    """A file that does not have the stated digest is refused and not kept."""
    headers = {**served.key(), "Content-Digest": stated(b"other")}
    sent = served.client.post("/v1/artifacts", content=PICTURE, headers=headers)
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "altered-object")
    assert served.stored() == []


@pytest.mark.parametrize("field", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("value", ["x", "sha-256=:!!:", "sha-256=:AAAA:", "md5=:AAAA:"])
def test_a_digest_that_is_none_is_named(served: Served, field: str, value: str) -> None:
    """A digest field that states no SHA-256 is refused by its name."""
    headers = {**served.key(), field: value}
    sent = served.client.post("/v1/artifacts", content=PICTURE, headers=headers)
    assert sent.status_code == 400
    assert sent.json()["error"]["fields"] == [field]


def test_two_digests_of_one_file_agree(served: Served) -> None:
    """Whole and content are the same bytes here: two digests of them are refused."""
    headers = {**served.key(), "Content-Digest": stated(PICTURE), "Repr-Digest": stated(b"other")}
    sent = served.client.post("/v1/artifacts", content=PICTURE, headers=headers)
    assert sent.status_code == 400
    assert sent.json()["error"]["fields"] == ["Content-Digest", "Repr-Digest"]
    assert served.stored() == []


def test_what_was_packed_for_the_way_is_refused(served: Served) -> None:
    """A file is kept as sent, so its bytes are sent and not a compressed form of them."""
    headers = {**served.key(), "Content-Encoding": "gzip"}
    sent = served.client.post("/v1/artifacts", content=gzip.compress(PICTURE), headers=headers)
    assert (sent.status_code, sent.json()["error"]["fields"]) == (415, ["Content-Encoding"])
    assert served.stored() == []


def begin(served: Served, key: dict[str, str], **headers: str) -> str:
    """Begin an upload in several goes; return where it is."""
    begun = served.client.post(
        "/v1/artifacts", params={"name": "gate.png"},
        headers={**key, "Upload-Complete": "?0", **headers},
    )  # fmt: skip
    assert begun.status_code == 201, begun.text
    assert begun.headers["Upload-Offset"] == "0"
    return begun.headers["Location"]


def test_an_upload_in_several_goes(served: Served) -> None:
    """An upload goes on where it is held, and its end answers as an upload at once does."""
    key = served.key()
    where = begin(served, key, **{"Repr-Digest": stated(PICTURE)})
    first = served.client.patch(
        where, content=PICTURE[:50],
        headers={**key, "Upload-Offset": "0", "Upload-Complete": "?0"},
    )  # fmt: skip
    assert (first.status_code, first.headers["Upload-Offset"]) == (200, "50")
    asked = served.client.head(where, headers=key)
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (204, "50")
    wrong = served.client.patch(
        where, content=PICTURE[51:],
        headers={**key, "Upload-Offset": "51", "Upload-Complete": "?1"},
    )  # fmt: skip
    assert (wrong.status_code, wrong.headers["Upload-Offset"]) == (409, "50")
    last = served.client.patch(
        where, content=PICTURE[50:],
        headers={**key, "Upload-Offset": "50", "Upload-Complete": "?1"},
    )  # fmt: skip
    assert last.status_code == 201, last.text
    assert last.json()["result"]["artifact"] == name_of(PICTURE)
    assert len(served.stored()) == 1
    assert served.client.head(where, headers=key).status_code == 404


def test_a_broken_line_loses_nothing_that_is_held(served: Served, tmp_path: Path) -> None:
    """After a connection broke in the middle, the upload goes on and the digest is right."""
    noise = b"".join(hashlib.sha256(b"%d" % at).digest() for at in range(75_000))
    held_file = io.BytesIO()
    Image.frombytes("RGB", (1000, 800), noise).save(held_file, "PNG", compress_level=0)
    data = held_file.getvalue()
    key = served.key()
    where = begin(served, key)
    address = urlsplit(str(served.client.base_url))
    deadline = time.monotonic() + 60
    with socket.create_connection((str(address.hostname), address.port), timeout=10) as line:
        head = (
            f"PATCH {where} HTTP/1.1\r\nHost: gateway\r\nAuthorization: {key['Authorization']}\r\n"
            f"Upload-Offset: 0\r\nUpload-Complete: ?1\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        line.sendall(head.encode() + data[:1_500_000])
        while not written(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
    held = 0
    while not held and time.monotonic() < deadline:
        asked = served.client.head(where, headers=key)
        assert asked.status_code == 204
        held = int(asked.headers["Upload-Offset"])
    assert 1 << 20 <= held <= 1_500_000
    sent = served.client.patch(
        where, content=data[held:],
        headers={**key, "Upload-Offset": str(held), "Upload-Complete": "?1"},
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    assert sent.json()["result"]["artifact"] == name_of(data)


def written(folder: Path) -> int:
    """How many bytes the uploads that are not finished have written."""
    files = (folder / "artifacts" / "partial").iterdir()
    return sum(path.stat().st_size for path in files if not path.suffix)


def test_several_goes_keep_the_stated_digest(served: Served) -> None:
    """An upload in several goes whose bytes are others than stated at its beginning is refused."""
    key = served.key()
    where = begin(served, key, **{"Repr-Digest": stated(b"other")})
    sent = served.client.patch(
        where, content=PICTURE, headers={**key, "Upload-Offset": "0", "Upload-Complete": "?1"}
    )
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "altered-object")
    assert served.stored() == []


def test_an_upload_can_be_given_up(served: Served) -> None:
    """An upload that was given up is unknown, and nothing is kept of it."""
    key = served.key()
    where = begin(served, key)
    assert served.client.delete(where, headers=key).status_code == 204
    assert served.client.head(where, headers=key).status_code == 404
    assert served.stored() == []


def test_uploads_of_others_are_unknown(served: Served) -> None:
    """Another project can neither see nor end an upload."""
    where = begin(served, served.key())
    other = served.key(project="q")
    assert served.client.head(where, headers=other).status_code == 404
    assert served.client.delete(where, headers=other).status_code == 404


def test_an_upload_has_a_limit_in_all(served: Served) -> None:
    """Goes of an upload are counted together: none leads beyond the limit."""
    key = served.key()
    where = begin(served, key)
    headers = {**key, "Upload-Offset": "0", "Upload-Complete": "?0"}

    def pieces() -> Iterator[bytes]:
        for _ in range(5):
            yield bytes(1 << 20)

    assert served.client.patch(where, content=pieces(), headers=headers).status_code == 413


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a\nb", "x" * 256])
def test_a_name_can_be_shown(served: Served, name: str) -> None:
    """Names that are paths, too long or not printable are refused."""
    sent = served.client.post(
        "/v1/artifacts", params={"name": name}, content=PICTURE, headers=served.key()
    )
    assert sent.status_code == 400


def test_who_may_only_read_cannot_upload(served: Served) -> None:
    """A key without the scope is refused by the scope's name, no key at all with 401."""
    reader = served.key(Scope.ARTIFACTS_READ)
    sent = served.client.post("/v1/artifacts", content=PICTURE, headers=reader)
    assert (sent.status_code, sent.json()["error"]["code"]) == (403, "forbidden")
    bare: httpx.Response = served.client.post("/v1/artifacts", content=PICTURE)
    assert (bare.status_code, bare.headers["WWW-Authenticate"][:6]) == (401, "Bearer")


def test_a_refusal_speaks_of_the_file_as_its_sender_calls_it(served: Served) -> None:
    """What the store calls it while it is looked at tells nobody anything."""
    for name, called in (("notes.txt", "notes.txt is no picture"), ("", "The file is no picture")):
        refused = served.client.post(
            "/v1/artifacts", params={"name": name}, content=b"words", headers=served.key()
        )
        assert refused.json()["error"]["detail"].startswith(called)
