"""RFC 3161 stamps: fetched, refused where they do not count, checked as `openssl ts` does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, RequestError, TimeStampError
from pipelines.evidence.outside import Found, NotChecked
from services.provenance.time_stamps import (
    MOST_REPLY_BYTES,
    HttpTimeStamps,
    time_stamp_check,
)
from tests.unit.services.provenance.authority_kit import (
    Authority,
    make_authority,
    openssl,
    serving,
)

SIGNATURE = b"the bytes of a statement's signature"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority with its keys."""
    return make_authority(tmp_path_factory.mktemp("authority") / "tsa")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody named."""
    return make_authority(tmp_path_factory.mktemp("stranger") / "tsa")


@pytest.fixture
def authority(made: Authority) -> Iterator[Authority]:
    """An authority that answers."""
    with serving(Authority(made.folder)) as running:
        yield running


def asking(authority: Authority, **more: object) -> HttpTimeStamps:
    """A client of it that knows its issuer."""
    given = {"anchors": authority.anchors, "timeout_seconds": 10.0, **more}
    return HttpTimeStamps(authority.url, **given)  # type: ignore[arg-type]


def test_openssl_agrees(authority: Authority, tmp_path: Path) -> None:
    """What is fetched, `openssl ts -verify` verifies over the same bytes, and so do we."""
    token = asking(authority).stamp(SIGNATURE)
    (tmp_path / "signature").write_bytes(SIGNATURE)
    (tmp_path / "token.tsr").write_bytes(token)
    said = openssl(
        *("ts", "-verify", "-data", "signature", "-in", "token.tsr", "-CAfile", str(authority.ca)),
        cwd=tmp_path,
    )
    assert "Verification: OK" in said
    found = time_stamp_check(authority.anchors)(SIGNATURE, token)
    assert isinstance(found, Found)
    assert found.anchored
    assert "CN=test authority" in found.detail


def test_only_a_digest_is_sent(authority: Authority) -> None:
    """The authority sees SHA-256 of the bytes, and not the bytes."""
    asking(authority).stamp(SIGNATURE)
    (query,) = authority.asked
    assert SIGNATURE not in query
    assert len(query) < 100


def test_a_stamp_over_something_else_is_refused(authority: Authority) -> None:
    """A stamp counts for the bytes that it is over, named authority or not."""
    token = asking(authority).stamp(SIGNATURE)
    for anchors in (authority.anchors, ()):
        with pytest.raises(EvidenceError, match="over something else"):
            time_stamp_check(anchors)(SIGNATURE + b"!", token)


def test_a_stranger_s_stamp_is_refused(authority: Authority, stranger: Authority) -> None:
    """A stamp that leads to no named authority does not hold, and is not taken."""
    token = HttpTimeStamps(authority.url, timeout_seconds=10.0).stamp(SIGNATURE)
    with pytest.raises(EvidenceError, match="does not lead to a named authority"):
        time_stamp_check(stranger.anchors)(SIGNATURE, token)
    with pytest.raises(TimeStampError, match="does not lead to a named authority"):
        asking(authority, anchors=stranger.anchors).stamp(SIGNATURE)


def test_without_a_named_authority_nothing_is_vouched_for(authority: Authority) -> None:
    """Who stamped is not checked where nobody was named, and the verdict says so."""
    token = asking(authority).stamp(SIGNATURE)
    found = time_stamp_check(())(SIGNATURE, token)
    assert isinstance(found, NotChecked)
    assert "no authority was named" in found.why


def test_an_old_answer_is_not_taken(authority: Authority) -> None:
    """A stamp of another request over the same bytes is a replay."""
    authority.spoil = asking(authority).stamp(SIGNATURE)
    with pytest.raises(TimeStampError, match="answers another request"):
        asking(authority).stamp(SIGNATURE)


@pytest.mark.parametrize("place", [40, 200, -200, -5])
def test_a_changed_stamp_is_refused(authority: Authority, place: int) -> None:
    """One flipped bit, and the stamp does not hold."""
    token = bytearray(asking(authority).stamp(SIGNATURE))
    token[place] ^= 1
    with pytest.raises(EvidenceError):
        time_stamp_check(authority.anchors)(SIGNATURE, bytes(token))


@pytest.mark.parametrize(
    "answer", [b"", b"hello", b"\x30\x03\x02\x01\x00", b"\x30\x05\x30\x03\x02\x01\x02"]
)
def test_what_is_no_stamp_is_not_taken(authority: Authority, answer: bytes) -> None:
    """Nonsense, a reply without a stamp, and a refusal are no stamps; the next step is named."""
    authority.spoil = answer
    with pytest.raises(TimeStampError) as caught:
        asking(authority).stamp(SIGNATURE)
    assert "supplement" in caught.value.next_step


def test_too_large_a_reply_is_not_read(authority: Authority) -> None:
    """A reply is bounded."""
    authority.spoil = bytes(MOST_REPLY_BYTES + 1)
    with pytest.raises(TimeStampError, match="too much"):
        asking(authority).stamp(SIGNATURE)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_nobody_else_is_asked(authority: Authority, status: int) -> None:
    """An error is an error, and a redirect is one too."""
    authority.status = status
    authority.headers = {"Location": authority.url + "/elsewhere"}
    with pytest.raises(TimeStampError, match="could not be asked"):
        asking(authority).stamp(SIGNATURE)
    assert len(authority.asked) == 1


def test_a_proxy_of_the_environment_is_not_used(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority is asked itself, whatever the environment says."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert asking(authority).stamp(SIGNATURE)


def test_an_authority_that_says_nothing_is_given_up() -> None:
    """A silent authority costs the time that was set, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(TimeStampError, match="could not be asked"):
            HttpTimeStamps(url, timeout_seconds=0.2).stamp(SIGNATURE)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/", "tsa.example", "http://", ""])
def test_only_http_is_spoken(url: str) -> None:
    """An address of another kind is wrong use."""
    with pytest.raises(RequestError, match="EVIDENT_TSA_URL"):
        HttpTimeStamps(url, timeout_seconds=1.0)
