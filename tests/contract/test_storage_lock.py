"""Object lock on a server that has it, and what is found out about servers when they are opened."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.errors import ResourceError
from services.storage.errors import ObjectLockedError, ObjectTakenError
from services.storage.keys import artifact_key
from services.storage.opening import open_s3
from services.storage.s3_client import BucketAddress
from tests.servers.temporary_s3 import ACCESS_KEY, SECRET_KEY, client, new_bucket


@pytest.mark.parametrize("size", [3, 9 << 20], ids=["small", "large"])
def test_a_kept_object_cannot_be_removed(ceph_address: str, size: int) -> None:
    """Until its date an object is neither removed nor overwritten, with the owner's keys."""
    address = new_bucket(ceph_address, locks=True)
    store = open_s3(address).objects
    assert store.can_lock
    key = artifact_key(secrets.token_hex(16))
    until = datetime.now(UTC) + timedelta(hours=1)
    store.put(key, [b"x" * size], keep_until=until)
    with pytest.raises(ObjectLockedError):
        store.delete(key)
    with pytest.raises(ObjectTakenError):
        store.put(key, [b"other"])
    facts = store.stat(key)
    assert facts is not None
    assert facts.size == size
    free = artifact_key(secrets.token_hex(16))
    store.put(free, [b"y"])
    assert store.delete(free) is True


def test_a_server_is_taken_at_its_deeds(ceph_address: str, rclone_address: str) -> None:
    """Which servers refuse rivals is seen when they are opened, and the trial leaves nothing."""
    real, plain = new_bucket(ceph_address), new_bucket(rclone_address)
    assert open_s3(real).objects.refuses_rivals is True
    assert open_s3(plain).objects.refuses_rivals is False
    assert open_s3(plain).objects.can_lock is False
    for address in (real, plain):
        listed = client(str(address.endpoint)).list_objects_v2(Bucket=address.bucket)
        assert listed.get("Contents", []) == []


def test_prefixes_keep_stores_apart(ceph_address: str) -> None:
    """Two stores in one bucket see nothing of each other."""
    address = new_bucket(ceph_address, prefix="one/")
    other = BucketAddress(
        address.bucket, address.endpoint, access_key=address.access_key,
        secret_key=address.secret_key, prefix="two/",
    )  # fmt: skip
    first, second = open_s3(address), open_s3(other)
    key = artifact_key(secrets.token_hex(16))
    first.objects.put(key, [b"x"])
    partial = first.partials.begin(artifact_key(secrets.token_hex(16)))
    assert second.objects.stat(key) is None
    assert list(second.objects.list()) == []
    assert second.partials.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0
    assert first.partials.held(partial) == 0


def test_a_server_that_is_gone_is_a_plain_reason() -> None:
    """Where nobody answers, the store says so in one sentence, without keys."""
    address = BucketAddress(
        "b", "http://127.0.0.1:9", access_key=ACCESS_KEY, secret_key=SECRET_KEY, connect_seconds=0.2
    )
    with pytest.raises(ResourceError, match="does not answer") as refused:
        open_s3(address)
    assert SECRET_KEY not in f"{refused.value} {refused.value.next_step} {address!r}"
