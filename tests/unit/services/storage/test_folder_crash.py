"""A process that is killed while it stores leaves nothing that looks stored."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.storage.errors import OffsetError
from services.storage.keys import ObjectKey, artifact_key
from services.storage.opening import open_folder
from services.storage.port import PartialId

ROOT = Path(__file__).resolve().parents[4]
KEY = artifact_key("0" * 32)
SENT = 40 << 20
"""What the process that is killed had handed over, in pieces of one MiB."""

KILLED_PUT = """
import os, signal, sys
from pathlib import Path
from services.storage.keys import artifact_key
from services.storage.opening import open_folder
def chunks():
    for number in range(40):
        yield bytes([number]) * (1 << 20)
    os.kill(os.getpid(), signal.SIGKILL)
open_folder(Path(sys.argv[1])).objects.put(artifact_key("0" * 32), chunks())
"""
KILLED_APPEND = KILLED_PUT.replace(
    'objects.put(artifact_key("0" * 32), chunks())', "partials.append(sys.argv[2], 0, chunks())"
)


def run_until_killed(script: str, *words: str) -> None:
    """Run a script that kills itself."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def test_a_killed_put_is_invisible_and_swept(tmp_path: Path) -> None:
    """What a killed `put` wrote is no object, and a sweep removes it."""
    run_until_killed(KILLED_PUT, str(tmp_path))
    store = open_folder(tmp_path)
    assert list(store.objects.list()) == []
    assert sum(path.stat().st_size for path in (tmp_path / "incoming").iterdir()) == SENT
    assert store.partials.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert list((tmp_path / "incoming").iterdir()) == []
    store.objects.put(KEY, [b"later"])


def test_a_killed_upload_never_gives_a_digest_of_other_bytes(tmp_path: Path) -> None:
    """After a kill the upload stands where it was durable; the whole has the sender's digest."""
    store = open_folder(tmp_path)
    partial = store.partials.begin(KEY)
    run_until_killed(KILLED_APPEND, str(tmp_path), partial)
    held = store.partials.held(partial)
    assert 0 < held <= SENT
    whole = b"".join(bytes([number]) * (1 << 20) for number in range(40)) + b"the end"
    store.partials.append(partial, held, [whole[held:]], is_last=True)
    stored = store.partials.finish(partial)
    assert (stored.sha256, stored.size) == (hashlib.sha256(whole).hexdigest(), len(whole))


def test_what_was_not_durable_is_cut_off(tmp_path: Path) -> None:
    """Bytes beyond what is held, such as a power cut leaves, are never part of the object."""
    store = open_folder(tmp_path)
    partial = store.partials.begin(KEY)
    store.partials.append(partial, 0, [b"durable"])
    token = partial.partition("?")[2]
    with (tmp_path / "partial" / token).open("ab") as file:
        file.write(b"\0" * 4096)
    assert store.partials.held(partial) == 7
    stored = store.partials.finish(partial)
    assert (stored.sha256, stored.size) == (hashlib.sha256(b"durable").hexdigest(), 7)


def test_one_sender_at_a_time(tmp_path: Path) -> None:
    """While one sends, another is refused and told where the upload is."""
    store = open_folder(tmp_path)
    partial = store.partials.begin(KEY)

    def sending() -> Iterator[bytes]:
        yield b"first"
        with pytest.raises(OffsetError, match="else is sending"):
            store.partials.append(partial, 0, [b"second"])
        assert store.partials.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0

    store.partials.append(partial, 0, sending())
    assert (tmp_path / "partial" / partial.partition("?")[2]).read_bytes() == b"first"


@pytest.mark.parametrize("partial", ["", "a", "a?", "a?../../x", "artifacts/00/0?" + "g" * 32])
def test_names_of_uploads_lead_nowhere_else(tmp_path: Path, partial: str) -> None:
    """What is no name of an upload is unknown, and touches no file."""
    store = open_folder(tmp_path)
    with pytest.raises(Exception, match="no such upload"):
        store.partials.held(PartialId(partial))


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link in the folder is no object: it could lead to any file."""
    store = open_folder(tmp_path / "store")
    store.objects.put(KEY, [b"x"])
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    planted = ObjectKey("artifacts/00/link")
    (tmp_path / "store" / "objects" / planted).symlink_to(secret)
    assert store.objects.stat(planted) is None
    with pytest.raises(Exception, match="cannot be read"):
        store.objects.open(planted)


def test_objects_are_private_and_read_only(tmp_path: Path) -> None:
    """Finished objects can be read by their owner, and written by nobody."""
    store = open_folder(tmp_path)
    store.objects.put(KEY, [b"x"])
    assert (tmp_path / "objects" / KEY).stat().st_mode & 0o777 == 0o400
    assert (tmp_path / "incoming").stat().st_mode & 0o077 == 0
