"""A client of a gateway: uploads that survive broken lines, events to the end, checked results."""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, RequestError, ResourceError
from services.cli import gateway_client
from services.cli.gateway_client import GatewayClient, key_from
from services.jobs.values import NewOutput
from tests.unit.services.gateway.platform_kit import Served, picture, serving

PICTURE = picture()
NAME = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway."""
    with serving(tmp_path_factory.mktemp("gateway")) as found:
        yield found


@pytest.fixture
def client(served: Served) -> GatewayClient:
    """A client with a key of project `p`."""
    key = served.key()["Authorization"].removeprefix("Bearer ")
    return GatewayClient(str(served.client.base_url), key)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A picture with a name that has to be spelt."""
    path = tmp_path / "Tür & 1.png"
    path.write_bytes(PICTURE)
    return path


def test_a_file_goes_up_in_parts(
    client: GatewayClient, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is sent in several goes and is the artifact of its digest."""
    monkeypatch.setattr(gateway_client, "_PART_BYTES", 30)
    heard: list[tuple[int, int]] = []
    sent = client.upload(file, said=lambda at, size: heard.append((at, size)))
    assert (sent["artifact"], sent["media"]) == (NAME, "photo")
    assert heard[0] == (0, len(PICTURE))
    assert heard[-1] == (len(PICTURE), len(PICTURE))
    assert len(heard) > len(PICTURE) // 30


def test_a_broken_line_costs_one_go(
    client: GatewayClient, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that breaks is tried again from where the upload is held."""
    monkeypatch.setattr(gateway_client, "_PART_BYTES", 40)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    real, broken = http.client.HTTPConnection.getresponse, []

    def breaking(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        answer = real(connection)
        if answer.headers.get("Upload-Offset") == "80" and not broken:
            broken.append(1)
            answer.close()
            raise ConnectionResetError
        return answer

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", breaking)
    assert client.upload(file, said=lambda _at, _size: None)["artifact"] == NAME
    assert broken == [1]


def test_a_refusal_is_told_in_the_gateway_s_words(client: GatewayClient, tmp_path: Path) -> None:
    """What the gateway refuses is an error with its reason and fields."""
    text = tmp_path / "a.txt"
    text.write_bytes(b"no picture")
    with pytest.raises(RequestError, match="no picture and no video"):
        client.upload(text, said=lambda _at, _size: None)
    with pytest.raises(RequestError, match=r"colour.*\(colour\)"):
        client.ask("POST", "/v1/jobs", body={"pipeline": "photo", "colour": 1, "inputs": {
            "source": {"artifact": NAME}}})  # fmt: skip


def test_events_and_results_come_to_the_end(
    served: Served, client: GatewayClient, file: Path, tmp_path: Path
) -> None:
    """A client hears all events of a job, and what it fetches has its digest."""
    client.upload(file, said=lambda _at, _size: None)
    asked = {"pipeline": "photo", "inputs": {"source": {"artifact": NAME}}}
    job = client.ask("POST", "/v1/jobs", body=asked)["job_id"]
    claim = served.jobs.claim(["photo"], "worker")
    assert claim is not None
    served.jobs.complete(
        claim, [NewOutput(NAME, "artifacts/aa/x", len(PICTURE), "enhanced.png", "image/png")]
    )
    told = [event["number"] for event in client.events(job)]
    assert told == list(range(1, len(told) + 1))
    assert list(client.events(job, after=told[-1])) == []
    out = tmp_path / "out.png"
    client.download(NAME, out)
    assert out.read_bytes() == PICTURE
    with pytest.raises(RequestError, match="there already"):
        client.download(NAME, out)
    with pytest.raises(RequestError, match="no such artifact"):
        client.download("sha256:" + "0" * 64, tmp_path / "none")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Tür & 1.png", "out.png"]


def test_another_artifact_than_asked_for_is_not_kept(
    client: GatewayClient, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that do not have the digest are no result, whoever sent them."""
    client.upload(file, said=lambda _at, _size: None)

    real = http.client.HTTPResponse.read

    def altered(answer: http.client.HTTPResponse, size: int | None = None) -> bytes:
        return real(answer, size).replace(b"IHDR", b"JHDR")

    monkeypatch.setattr(http.client.HTTPResponse, "read", altered)
    with pytest.raises(EvidenceError, match="digest"):
        client.download(NAME, tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8700", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """What is no address of a gateway is refused before anything is sent."""
    with pytest.raises(RequestError, match="address"):
        GatewayClient(url, "key")


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:8700"])
def test_a_key_never_crosses_a_network_in_the_clear(url: str) -> None:
    """Without TLS only this machine's gateway is asked."""
    with pytest.raises(RequestError, match="in the clear"):
        GatewayClient(url, "key")


def test_a_gateway_that_is_gone_is_a_plain_reason() -> None:
    """Nobody listening is one sentence with a next step."""
    with pytest.raises(ResourceError, match="does not answer") as gone:
        GatewayClient("http://127.0.0.1:9", "key").ask("GET", "/v1/jobs")
    assert "evident serve" in gone.value.next_step


@pytest.mark.parametrize("key", ["a b", "a\nb", "é"])
def test_a_key_is_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """What could not stand in a header is no key, and is not repeated."""
    monkeypatch.setenv("EVIDENT_KEY", key)
    with pytest.raises(RequestError, match="no key") as refused:
        key_from(tmp_path)
    assert key not in str(refused.value)
