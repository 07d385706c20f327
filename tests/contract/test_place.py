"""One contract for watched places: a folder, and buckets of two real S3 servers."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ResourceError, UnreadableError
from services.storage.s3_client import open_bucket
from services.watcher.bucket_place import BucketPlace
from services.watcher.doorbell import doorbell
from services.watcher.folder_place import FolderPlace
from services.watcher.place import Place
from tests.servers.temporary_s3 import new_bucket, notify


@pytest.fixture(params=["folder", "ceph", "rclone"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place of each kind."""
    if request.param == "folder":
        return FolderPlace(tmp_path)
    endpoint = request.getfixturevalue(f"{request.param}_address")
    return BucketPlace(open_bucket(new_bucket(endpoint, prefix="in/")))


def lay(place: Place, name: str, content: bytes = b"content") -> None:
    """Put a file, which must be new."""
    assert place.put(name, io.BytesIO(content))


def read(place: Place, name: str) -> bytes:
    """The whole of a file."""
    with place.open(name) as source:
        return source.read()


def test_what_is_put_is_listed_looked_at_and_read(place: Place) -> None:
    """Listing, look and bytes agree, whatever the name is made of."""
    names = ["a.mp4", "b/c d/Übung é.mp4", "b/e.mp4"]
    for number, name in enumerate(names):
        lay(place, name, b"x" * number)
    listed = list(place.list())
    assert [seen.name for seen in listed] == names
    for number, seen in enumerate(listed):
        assert seen == place.look(seen.name)
        assert seen.size == number
        assert read(place, seen.name) == b"x" * number


def test_a_taken_name_is_not_written_again(place: Place) -> None:
    """The second file of a name is refused, and the first stays."""
    lay(place, "results/a.png", b"first")
    assert not place.put("results/a.png", io.BytesIO(b"second"))
    assert read(place, "results/a.png") == b"first"


def test_a_file_larger_than_one_part_is_stored_whole(place: Place) -> None:
    """Twenty megabytes come back as they went."""
    content = bytes(range(256)) * (80 << 10)
    lay(place, "large.bin", content)
    assert read(place, "large.bin") == content


def test_a_source_that_breaks_leaves_nothing(place: Place) -> None:
    """Neither a file nor a working name of one is seen after a source raised."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 12 << 20:
                raise ResourceError("The other store does not answer.")
            return super().read(size)

    with pytest.raises(ResourceError, match="other store"):
        place.put("broken.bin", Broken(bytes(16 << 20)))
    assert list(place.list()) == []
    assert place.look("broken.bin") is None


def test_a_move_keeps_the_bytes(place: Place) -> None:
    """After a move the old name is gone and the new one has the bytes; twice does no harm."""
    lay(place, "a.mp4")
    place.move("a.mp4", "rejects/a.mp4")
    place.move("a.mp4", "rejects/a.mp4")
    assert place.look("a.mp4") is None
    assert read(place, "rejects/a.mp4") == b"content"


def test_a_move_goes_over_nothing(place: Place) -> None:
    """Another file at the new name holds the move up; both files stay."""
    lay(place, "a.mp4", b"content")
    lay(place, "rejects/a.mp4", b"another")
    with pytest.raises(ResourceError, match="taken"):
        place.move("a.mp4", "rejects/a.mp4")
    assert read(place, "a.mp4") == b"content"
    assert read(place, "rejects/a.mp4") == b"another"


def test_what_is_not_there_is_said(place: Place) -> None:
    """A name that is gone has no look, and reading it is an error of the input."""
    assert place.look("none.mp4") is None
    with pytest.raises(UnreadableError), place.open("none.mp4"):
        pass


def test_new_bytes_are_a_new_version(place: Place) -> None:
    """A name that was removed and laid again with other bytes is told from the first."""
    lay(place, "a.mp4", b"one")
    first = place.look("a.mp4")
    place.move("a.mp4", "old.mp4")
    lay(place, "a.mp4", b"two")
    assert place.look("a.mp4") != first


def test_working_names_are_left_alone(place: Place) -> None:
    """What an uploader has not finished is not listed."""
    lay(place, "a.mp4.part")
    lay(place, "b.MP4.PARTIAL")
    assert list(place.list()) == []


def test_a_bucket_rings_the_bell(ceph_address: str) -> None:
    """A real server's notification of a new object begins a round, and a listing finds it."""
    heard = threading.Event()
    address = new_bucket(ceph_address, prefix="in/")
    with doorbell("127.0.0.1:0", heard.set) as url:
        notify(address, url)
        place = BucketPlace(open_bucket(address))
        lay(place, "a.mp4")
        assert heard.wait(60)
        assert [seen.name for seen in place.list()] == ["a.mp4"]


@pytest.mark.parametrize("server", ["ceph", "rclone"])
def test_a_bucket_of_many_pages_is_listed_whole(
    request: pytest.FixtureRequest, server: str
) -> None:
    """However many pages a listing has, each name comes once and in order."""
    bucket = open_bucket(new_bucket(request.getfixturevalue(f"{server}_address"), prefix="in/"))
    pages = []

    def small(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        pages.append(params.get("ContinuationToken"))
        return {**params, "MaxKeys": 3}

    bucket.client.meta.events.register("provide-client-params.s3.ListObjectsV2", small)
    place = BucketPlace(bucket)
    names = [f"{folder}/{number}.png" for folder in ("a", "b", "é") for number in range(4)]
    for name in reversed(names):
        lay(place, name)
    pages.clear()
    assert [seen.name for seen in place.list()] == names
    assert len(pages) >= 4
    assert len(set(pages)) == len(pages)
