"""Fetching, from a server on this machine that breaks, lies and sends readers elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.catalog import FIELD_FOLDER, Catalog
from models.errors import AlteredWeightsError, InstallError
from models.install.fetching import ATTEMPTS, done_with, fetch, fetch_file
from models.install.origin import official_origin
from models.spec import Sha256
from tests.unit.models.install.origin_kit import CONTENT, Server, origin_server, task


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with origin_server() as made:
        yield made


def test_a_file_is_fetched_and_progress_is_heard(server: Server, tmp_path: Path) -> None:
    """The file comes whole, and whoever listens hears how far it is."""
    heard: list[tuple[int, int]] = []
    wanted = replace(task(server, tmp_path), heard=lambda *one: heard.append(one))
    part = fetch_file(wanted)
    assert part.read_bytes() == CONTENT
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert [here for here, _ in heard] == sorted(here for here, _ in heard)
    done_with(part)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    """After a cut the rest is asked for by range, under the tag of the first answer."""
    server.script = ["cut", "cut", "whole"]
    assert fetch_file(task(server, tmp_path)).read_bytes() == CONTENT
    ranges = [seen.get("range") for seen in server.seen]
    half = len(CONTENT) // 2
    assert ranges == [None, f"bytes={half}-", f"bytes={half + half // 2}-"]
    assert server.seen[1]["if-range"] == '"one"'


def test_a_later_call_goes_on_where_an_earlier_one_ended(server: Server, tmp_path: Path) -> None:
    """What a call that gave up has gathered is kept for the next."""
    server.script = ["cut", "busy"]
    with pytest.raises(InstallError, match="503") as refused:
        fetch_file(task(server, tmp_path))
    assert "kept" in refused.value.next_step
    assert len(server.seen) == ATTEMPTS
    server.script = ["whole"]
    assert fetch_file(task(server, tmp_path)).read_bytes() == CONTENT
    assert server.seen[-1]["range"] == f"bytes={len(CONTENT) // 2}-"


@pytest.mark.parametrize("word", ["no ranges", "another tag"])
def test_another_file_is_begun_anew(server: Server, tmp_path: Path, word: str) -> None:
    """Where the server sends the whole instead of the rest, the whole replaces what was here."""
    server.script = ["cut", "missing"]
    with pytest.raises(InstallError, match="404"):
        fetch_file(task(server, tmp_path))
    server.script = [word]
    server.tag = '"two"' if word == "another tag" else server.tag
    assert fetch_file(task(server, tmp_path)).read_bytes() == CONTENT


def test_a_part_of_nothing_is_begun_anew(server: Server, tmp_path: Path) -> None:
    """Where the server has no such rest, the part is forgotten and the file comes whole."""
    wanted = task(server, tmp_path, size_bytes=0)
    wanted.part.parent.mkdir(parents=True)
    wanted.part.write_bytes(CONTENT + b"more")
    wanted.mark.write_text('"\\"one\\""')
    assert fetch_file(wanted).read_bytes() == CONTENT


def test_a_part_that_was_not_asked_for_is_not_taken(server: Server, tmp_path: Path) -> None:
    """A range that begins elsewhere than asked is an error of the server."""
    server.script = ["cut", "another part"]
    with pytest.raises(InstallError, match="another part"):
        fetch_file(task(server, tmp_path))


def test_a_wrong_digest_leaves_nothing(server: Server, tmp_path: Path) -> None:
    """A file with another digest than the card's is removed, and both digests are said."""
    pinned = Sha256("0" * 64)
    with pytest.raises(AlteredWeightsError, match=pinned) as refused:
        fetch_file(task(server, tmp_path, sha256=pinned))
    assert hashlib.sha256(CONTENT).hexdigest() in str(refused.value)
    assert not list(tmp_path.rglob("weights*"))


def test_an_unknown_digest_is_no_reason_to_refuse(server: Server, tmp_path: Path) -> None:
    """Where nobody states a digest the file is taken, and what it is goes on record later."""
    part = fetch_file(task(server, tmp_path, sha256=None, size_bytes=0))
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("word", ["whole", "endless"])
def test_a_file_that_is_too_large_is_not_taken(server: Server, tmp_path: Path, word: str) -> None:
    """More bytes than the card states end the fetch, announced or not."""
    server.script = [word]
    with pytest.raises(InstallError, match="larger than"):
        fetch_file(task(server, tmp_path, size_bytes=len(CONTENT) - 1))
    assert not list(tmp_path.rglob("weights*"))


def test_a_file_that_is_too_small_is_refused(server: Server, tmp_path: Path) -> None:
    """Fewer bytes than the card states are another file."""
    with pytest.raises(AlteredWeightsError):
        fetch_file(task(server, tmp_path, size_bytes=len(CONTENT) + 1, sha256=None))


def test_a_redirect_within_the_origin_is_followed(server: Server, tmp_path: Path) -> None:
    """The makers' host may send a reader on within itself."""
    server.script = ["elsewhere", "whole"]
    server.elsewhere = f"http://{server.host}/stored"
    assert fetch_file(task(server, tmp_path)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "address", ["http://localhost:1/x", "https://127.0.0.1:1/x", "ftp://127.0.0.1/x", "file:///x"]
)
def test_a_redirect_to_a_stranger_ends_the_fetch(
    server: Server, tmp_path: Path, address: str
) -> None:
    """Another host, port or scheme is not followed, and nobody is asked there."""
    server.script = ["elsewhere"]
    server.elsewhere = address
    with pytest.raises(InstallError, match=r"not where the makers publish|not allowed"):
        fetch_file(task(server, tmp_path))
    assert len(server.seen) == 1


def test_a_refusal_is_not_repeated(server: Server, tmp_path: Path) -> None:
    """What the server does not have is asked for once."""
    server.script = ["missing"]
    with pytest.raises(InstallError, match="404"):
        fetch_file(task(server, tmp_path))
    assert len(server.seen) == 1


def test_the_official_origin_is_https_and_its_stores() -> None:
    """A release of GitHub may come from where GitHub keeps files, over https, and no further."""
    origin = official_origin("https://github.com/someone/something/releases/download/v1/x.pth")
    origin.require("https://release-assets.githubusercontent.com/x")
    for address in (
        "http://github.com/x",
        "https://github.com.example.org/x",
        "https://github.com:444/x",
        "https://raw.githubusercontent.com/x",
    ):
        with pytest.raises(InstallError):
            origin.require(address)


def test_what_no_program_can_fetch_is_said(tmp_path: Path) -> None:
    """A network that is published on a page, and one that ships, are refused with what to do."""
    networks = Catalog(field=FIELD_FOLDER)
    pages = [
        card
        for card in map(networks.card, networks.listed())
        if card.official is not None and not card.official.direct
    ]
    for card in (*pages, networks.card("evident-sr-x2")):
        with pytest.raises(InstallError) as refused:
            fetch(card, tmp_path, heard=lambda *_: None)
        assert refused.value.next_step
    assert not list(tmp_path.iterdir())
