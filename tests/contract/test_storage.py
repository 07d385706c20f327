"""What every store promises: asserted of a folder, of Ceph's gateway and of rclone's server."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.errors import EvidentError, TooLargeError, UnsupportedError
from services.storage.errors import (
    AlteredObjectError,
    ObjectMissingError,
    ObjectTakenError,
    OffsetError,
)
from services.storage.keys import ObjectKey, artifact_key, checkpoint_key, upload_key
from services.storage.port import Sha256, Storage
from services.storage.transfer import as_file, sha256_of, verified

SMALL = b"a small object"
LARGE = b"".join(hashlib.sha256(b"%d" % at).digest() for at in range((17 << 20) // 32))
"""Longer than two parts of a multipart upload."""


def new_key() -> ObjectKey:
    """A key that nobody has."""
    return artifact_key(secrets.token_hex(16))


def digest(data: bytes) -> Sha256:
    """SHA-256 as stores write it."""
    return Sha256(hashlib.sha256(data).hexdigest())


def pieces(data: bytes, size: int = 700_001) -> Iterator[bytes]:
    """The bytes in pieces that fit no part."""
    return (data[at : at + size] for at in range(0, len(data), size))


def content(storage: Storage, key: ObjectKey) -> bytes:
    """All of an object."""
    with storage.objects.open(key) as found:
        return b"".join(found)


class LineBreaksError(Exception):
    """The sender is gone."""


def cut_off(data: bytes, after: int) -> Iterator[bytes]:
    """The bytes, of which the sender is gone after some."""
    yield from pieces(data[:after])
    raise LineBreaksError


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
def test_what_was_put_comes_back(storage: Storage, data: bytes) -> None:
    """An object has the digest and size that `put` returned, and `stat` knows its size."""
    key = new_key()
    stored = storage.objects.put(key, pieces(data), expected=digest(data))
    assert (stored.key, stored.sha256, stored.size) == (key, digest(data), len(data))
    assert content(storage, key) == data
    facts = storage.objects.stat(key)
    assert facts is not None
    assert (facts.key, facts.size) == (key, len(data))
    assert abs(datetime.now(UTC) - facts.modified) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "length"), [(0, 5), (3, None), (3, 4), (13, 1), (14, None), (400, 3), (0, 0)]
)
def test_ranges_are_slices(storage: Storage, start: int, length: int | None) -> None:
    """A range gives what a slice would, beyond the end as well."""
    key = new_key()
    storage.objects.put(key, [SMALL])
    with storage.objects.open(key, start=start, length=length) as found:
        assert b"".join(found) == SMALL[start:][: len(SMALL) if length is None else length]


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_nothing_is_overwritten(storage: Storage, data: bytes) -> None:
    """A key that is taken stays as it is, whatever the length of the second object."""
    key = new_key()
    storage.objects.put(key, [SMALL])
    with pytest.raises(ObjectTakenError):
        storage.objects.put(key, pieces(data[::-1]))
    assert content(storage, key) == SMALL


def test_of_two_writers_one_is_refused(storage: Storage) -> None:
    """Of many writers of one key at one moment exactly one succeeds, where the store says so."""
    if not storage.objects.refuses_rivals:
        assert type(storage.objects).__name__ == "S3Store"
        pytest.skip("this server is known to overwrite, and is found out when it is opened")
    key = checkpoint_key(secrets.randbits(40))
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def write(number: int) -> None:
        start.wait()
        try:
            storage.objects.put(key, [b"%d" % number])
        except ObjectTakenError:
            outcomes.append("refused")
        else:
            outcomes.append(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    winners = [one for one in outcomes if one != "refused"]
    assert [one.encode() for one in winners] == [content(storage, key)]
    assert outcomes.count("refused") == 7


@pytest.mark.parametrize("after", [0, 100, 9 << 20], ids=["none", "some", "parts"])
def test_what_is_cut_short_leaves_nothing(storage: Storage, after: int) -> None:
    """A sender that is gone leaves no object, and the key is free."""
    key = new_key()
    with pytest.raises(LineBreaksError):
        storage.objects.put(key, cut_off(LARGE, after))
    assert storage.objects.stat(key) is None
    assert list(storage.objects.list()) == []
    assert storage.partials.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0
    storage.objects.put(key, [SMALL])


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_wrong_digest_leaves_nothing(storage: Storage, data: bytes) -> None:
    """Bytes that do not have the stated digest become no object."""
    key = new_key()
    with pytest.raises(AlteredObjectError):
        storage.objects.put(key, pieces(data), expected=digest(b"other"))
    assert storage.objects.stat(key) is None


def test_too_much_is_refused(storage: Storage) -> None:
    """A stream beyond its limit becomes no object."""
    key = new_key()
    with pytest.raises(TooLargeError):
        storage.objects.put(key, pieces(LARGE), most_bytes=len(LARGE) - 1)
    assert storage.objects.stat(key) is None
    assert storage.objects.put(key, pieces(LARGE), most_bytes=len(LARGE)).size == len(LARGE)


def test_what_is_missing_is_said_at_once(storage: Storage) -> None:
    """An object that is not there is an error when it is opened, and no facts."""
    key = new_key()
    with pytest.raises(ObjectMissingError):
        storage.objects.open(key)
    assert storage.objects.stat(key) is None
    assert storage.objects.delete(key) is False


def test_what_is_deleted_is_gone(storage: Storage) -> None:
    """A deleted object has no facts, and deleting it again finds nothing."""
    key = new_key()
    storage.objects.put(key, [SMALL])
    assert storage.objects.delete(key) is True
    assert storage.objects.stat(key) is None
    assert storage.objects.delete(key) is False


def test_listings_are_in_order_and_can_go_on(storage: Storage) -> None:
    """A listing has every key of a prefix in order, and goes on after a key."""
    keys = sorted([artifact_key(f"{number:032x}") for number in (1, 2, 3, 1 << 127, 7 << 120)])
    other = upload_key("ab" * 16)
    for key in [*reversed(keys), other]:
        storage.objects.put(key, [SMALL])
    assert [one.key for one in storage.objects.list("artifacts/")] == keys
    assert [one.key for one in storage.objects.list()] == [*keys, other]
    assert [one.key for one in storage.objects.list(after=keys[1])] == [*keys[2:], other]
    assert {one.size for one in storage.objects.list()} == {len(SMALL)}


def test_an_upload_in_one_go(storage: Storage) -> None:
    """What is appended at once becomes an object with the digest of its sender."""
    key = new_key()
    partial = storage.partials.begin(key)
    assert storage.partials.held(partial) == 0
    assert storage.partials.append(partial, 0, pieces(SMALL), is_last=True) == len(SMALL)
    assert storage.objects.stat(key) is None
    stored = storage.partials.finish(partial, hashed=digest(SMALL))
    assert (stored.sha256, stored.size) == (digest(SMALL), len(SMALL))
    assert content(storage, key) == SMALL


def test_an_empty_upload_is_an_object(storage: Storage) -> None:
    """An upload of no bytes becomes an object of none."""
    partial = storage.partials.begin(new_key())
    storage.partials.append(partial, 0, [], is_last=True)
    stored = storage.partials.finish(partial)
    assert (stored.sha256, stored.size) == (digest(b""), 0)
    assert content(storage, stored.key) == b""


def test_a_broken_upload_goes_on_where_it_is_held(storage: Storage) -> None:
    """After a broken line an upload goes on at what is held; the whole has the right digest."""
    key = new_key()
    partial = storage.partials.begin(key)
    with pytest.raises(LineBreaksError):
        storage.partials.append(partial, 0, cut_off(LARGE, 14 << 20))
    held = storage.partials.held(partial)
    assert (14 << 20) - storage.partials.least_append_bytes < held <= 14 << 20
    for wrong in (0, held - 1, held + 1):
        with pytest.raises(OffsetError) as refused:
            storage.partials.append(partial, wrong, [b"x"])
        assert refused.value.held == held
    assert storage.objects.stat(key) is None
    now = storage.partials.append(partial, held, pieces(LARGE[held:]), is_last=True)
    assert now == len(LARGE)
    stored = storage.partials.finish(partial)
    assert (stored.sha256, stored.size) == (digest(LARGE), len(LARGE))


def test_finishing_again_finds_it_done(storage: Storage) -> None:
    """A caller that died after finishing finishes again and is told the same."""
    partial = storage.partials.begin(new_key())
    storage.partials.append(partial, 0, [SMALL], is_last=True)
    first = storage.partials.finish(partial)
    assert storage.partials.finish(partial) == first


def test_an_upload_that_was_given_up_is_unknown(storage: Storage) -> None:
    """Nothing can be added to or made of an upload that was given up, twice at will."""
    partial = storage.partials.begin(new_key())
    storage.partials.abort(partial)
    storage.partials.abort(partial)
    for use in (
        lambda: storage.partials.held(partial),
        lambda: storage.partials.append(partial, 0, [SMALL]),
        lambda: storage.partials.finish(partial),
    ):
        with pytest.raises(ObjectMissingError):
            use()


def test_an_upload_never_takes_a_taken_key(storage: Storage) -> None:
    """An upload whose key was taken meanwhile does not overwrite it."""
    key = new_key()
    partial = storage.partials.begin(key)
    storage.partials.append(partial, 0, [SMALL], is_last=True)
    storage.objects.put(key, [b"first"])
    with pytest.raises(ObjectTakenError):
        storage.partials.finish(partial)
    assert content(storage, key) == b"first"


def test_sweeping_forgets_what_nobody_touched(storage: Storage) -> None:
    """Uploads older than the given moment are forgotten, younger ones and objects stay."""
    key = new_key()
    storage.objects.put(key, [SMALL])
    partial = storage.partials.begin(new_key())
    storage.partials.append(partial, 0, pieces(LARGE))
    assert storage.partials.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert storage.partials.held(partial) > 0
    assert storage.partials.sweep(datetime.now(UTC) + timedelta(hours=1)) > 0
    with pytest.raises(ObjectMissingError):
        storage.partials.held(partial)
    assert content(storage, key) == SMALL


def test_altered_bytes_are_found_on_reading(storage: Storage) -> None:
    """Whoever reads with a digest never gets the last piece of other bytes."""
    key = new_key()
    storage.objects.put(key, pieces(LARGE))
    with storage.objects.open(key) as found:
        assert sha256_of(verified(found, digest(LARGE))) == (digest(LARGE), len(LARGE))
    got = 0
    with storage.objects.open(key) as found, pytest.raises(AlteredObjectError):
        for piece in verified(found, digest(SMALL)):
            got += len(piece)
    assert got < len(LARGE)


def test_an_object_can_be_read_as_a_file(storage: Storage) -> None:
    """Whoever needs a file gets one with the object's bytes; one that is gone is an error."""
    key = new_key()
    storage.objects.put(key, [SMALL])
    with as_file(storage.objects, key, expected=digest(SMALL)) as path:
        assert path.read_bytes() == SMALL
    assert content(storage, key) == SMALL
    with (
        pytest.raises(ObjectMissingError),
        as_file(storage.objects, new_key(), expected=digest(b"")),
    ):
        pytest.fail("there is no such object")


@pytest.mark.parametrize("key", ["", "../x", "a/../b", "/a", "a//b", ".a", "a/.b", "A", "a\n", "é"])
def test_a_key_that_is_none_is_refused(storage: Storage, key: str) -> None:
    """What is not spelt as a key reaches no folder and no server."""
    for use in (
        lambda: storage.objects.put(ObjectKey(key), [SMALL]),
        lambda: storage.objects.open(ObjectKey(key)),
        lambda: storage.objects.stat(ObjectKey(key)),
        lambda: storage.partials.begin(ObjectKey(key)),
    ):
        with pytest.raises(EvidentError, match="no key"):
            use()


def test_retention_is_enforced_or_refused(storage: Storage) -> None:
    """A store that cannot lock refuses to be asked for it; none pretends."""
    assert storage.objects.can_lock is False
    with pytest.raises(UnsupportedError):
        storage.objects.put(
            new_key(), [SMALL], keep_until=datetime.now(UTC) + timedelta(seconds=60)
        )
