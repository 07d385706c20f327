"""What the processes of a pool are told: addresses, tokens, needs, orders; without any Ray."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import ModelError
from pipelines.errors import EvidentError, RequestError, UnsteadyError
from pipelines.run.marks import Mark
from services.compute.errors import ComputeError, NotFinishedError
from services.compute.finished import FinishedSegment, read_finished
from services.compute.need import LEAST_SHARE, share
from services.compute.order import Ended, Need, Order, Stored
from services.compute.part_file import read_part
from services.compute.ray_binding import ray_environment, require_private
from services.compute.ray_node import Node
from services.compute.ray_settings import RaySettings, address_of, own_token
from services.jobs.failures import failure_of

DIGEST = b"\1" * 32
STORED = Stored(f"work/{'a' * 32}/{'b' * 32}", "c" * 64, 5)
MARK = Mark(0, 0, 2, "c" * 64, 5, (DIGEST, DIGEST), (DIGEST, DIGEST), DIGEST)
SEGMENT = FinishedSegment("d" * 64, MARK, {"segment-000000.mkv": STORED}, (), {"pool": "p"})


@pytest.mark.parametrize(
    ("told", "address"),
    [("ray", None), ("ray://127.0.0.1:6380", "127.0.0.1:6380"), ("ray://[::1]:1", "[::1]:1")],
)
def test_a_pool_is_named(told: str, address: str | None) -> None:
    """`ray` is this machine's own pool, anything else an address."""
    assert address_of(told) == address


@pytest.mark.parametrize("told", ["", "Ray", "ray://", "ray://host", "http://h:1", "ray://h:1/x"])
def test_what_names_no_pool_is_refused(told: str) -> None:
    """A setting that is misspelt is an error, never a pool of another kind."""
    with pytest.raises(RequestError):
        address_of(told)


def test_a_token_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    """The token is long, random, private, and stays."""
    path = own_token(tmp_path / "deep" / "token")
    first = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first) >= 32
    assert own_token(path).read_text() == first
    assert own_token(tmp_path / "other").read_text() != first


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """So is one that is not there, and one that is too short to be one."""
    path = own_token(tmp_path / "token")
    require_private(path)
    path.chmod(0o640)
    with pytest.raises(RequestError, match="Others"):
        require_private(path)
    with pytest.raises(RequestError, match="not there"):
        require_private(tmp_path / "none")
    short = tmp_path / "short"
    short.touch(0o600)
    with pytest.raises(RequestError, match="short"):
        require_private(short)


def test_the_token_is_in_its_file_alone(tmp_path: Path) -> None:
    """Ray's processes are told where the token lies, never what it is, and must ask for it."""
    path = own_token(tmp_path / "token")
    environment = {"RAY_AUTH_TOKEN": "secret", "RAY_AUTH_MODE": "disabled"}
    ray_environment(environment, path)
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == str(path)
    assert path.read_text() not in environment.values()
    assert "RAY_AUTH_TOKEN" not in environment


def test_a_node_is_on_loopback_unless_told(tmp_path: Path) -> None:
    """A head names its address; without one it is this machine's loopback; no dashboard runs."""
    words = Node(token=own_token(tmp_path / "token")).arguments()
    assert "--node-ip-address=127.0.0.1" in words
    assert "--include-dashboard=false" in words
    assert "--head" in words


def test_a_node_that_the_head_cannot_reach_is_refused(tmp_path: Path) -> None:
    """Loopback joins loopback; another machine has to say where it listens."""
    token = own_token(tmp_path / "token")
    with pytest.raises(RequestError, match="reach"):
        Node(token=token, join="192.0.2.7:6380").arguments()
    joined = Node(token=token, join="192.0.2.7:6380", host="192.0.2.8").arguments()
    assert "--address=192.0.2.7:6380" in joined


def test_settings_hold_no_secret_and_come_back(tmp_path: Path) -> None:
    """What a worker is told goes through Ray, so it is addresses and folders alone."""
    told = RaySettings(None, tmp_path / "token", tmp_path, tmp_path, "s3://b", 2, 3, "http://s3")
    assert RaySettings.load(told.dump()) == told
    assert not [name for name in json.loads(told.dump()) if "key" in name or "secret" in name]


def test_an_order_comes_back_as_it_was() -> None:
    """Orders survive their spelling."""
    order = Order("a" * 32, STORED, "clip.mp4", STORED, STORED, "d" * 64, (3, 4), Need(2, 0.25))
    assert Order.load(order.dump()) == order


@pytest.mark.parametrize(
    "error",
    [
        UnsteadyError("It differs.", next_step="Copy it."),
        RequestError("No.", next_step="Ask otherwise."),
        ModelError("Weights.", next_step="Fetch."),
    ],
)
def test_an_error_is_raised_again_by_its_class(error: EvidentError) -> None:
    """Class, reason and next step cross the border, so the queue's table holds there as well."""
    again = Ended.load(Ended.of(error).dump()).fault()
    assert type(again) is type(error)
    assert (str(again), again.next_step) == (str(error), error.next_step)
    assert failure_of(again).rule == failure_of(error).rule


def test_a_fault_of_a_worker_is_one_of_the_pool() -> None:
    """What nobody foresaw is told in one line, and tried again a few times."""
    again = Ended.of(ZeroDivisionError("by\nzero")).fault()
    assert isinstance(again, ComputeError)
    assert "ZeroDivisionError: by zero" in str(again)


@pytest.mark.parametrize(
    ("needed", "whole", "expected"),
    [(0, 100, LEAST_SHARE), (50, 100, 0.5), (501, 1000, 0.51), (300, 100, 1.0), (5, 0, 1.0)],
)
def test_a_share_of_a_gpu_is_rounded_up(needed: int, whole: int, expected: float) -> None:
    """Never less than is needed, never more than there is, all of it where nothing is known."""
    assert share(needed, whole) == expected


def test_a_finished_segment_comes_back_as_it_was() -> None:
    """The word about a segment survives its spelling."""
    assert read_finished(SEGMENT.dump()) == SEGMENT


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SEGMENT, mark=replace(MARK, delivered=None)),
        replace(SEGMENT, mark=replace(MARK, coded=None)),
        replace(SEGMENT, mark=replace(MARK, stop=3)),
        replace(SEGMENT, mark=replace(MARK, sha256="e" * 64)),
        replace(SEGMENT, files={}),
        replace(SEGMENT, files={**SEGMENT.files, "../out": STORED}),
        replace(SEGMENT, files={**SEGMENT.files, "job.json": STORED}),
        replace(SEGMENT, files={"segment-000000.mkv": replace(STORED, key="../x")}),
    ],
)
def test_what_is_no_whole_segment_is_not_taken(wrong: FinishedSegment) -> None:
    """Names, sizes and digests are checked before a byte reaches a work folder."""
    with pytest.raises(NotFinishedError):
        read_finished(wrong.dump())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version": 2}', b"\xff"])
def test_rubbish_is_neither_segment_nor_part(data: bytes) -> None:
    """Bytes that are something else are an error of ours."""
    with pytest.raises(NotFinishedError):
        read_finished(data)
    with pytest.raises(ComputeError):
        read_part(data)
