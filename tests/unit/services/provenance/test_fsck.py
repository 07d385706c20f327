"""A whole log checked from its public files: what holds, and what is named when it does not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.evidence.signature import key_id
from pipelines.evidence.tiles import encode_entries
from pipelines.ports import SilentProgress
from services.provenance.fsck import LogFacts, check_log
from services.provenance.keys import FileSigner
from services.provenance.log_folder import LogFolder
from services.provenance.published_log import LogFaultError, PublishedLog
from tests.unit.services.provenance.log_kit import open_log

SIZES = (1, 3, 255, 256, 300, 700)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a log that was sealed at several sizes."""
    home = tmp_path_factory.mktemp("home")
    with open_log(home / "log", FileSigner(home / "keys")) as log:
        for old, new in zip((0, *SIZES), SIZES, strict=False):
            log.record_many(("a", "step", {"number": n}) for n in range(old, new))
            log.seal("a")
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    """Give a copy of that log to spoil."""
    return Path(shutil.copytree(original, tmp_path / "home"))


def check(home: Path, *, trusted: tuple[bytes, ...] = ()) -> LogFacts:
    """Check the public files of the log in `home`."""
    log = PublishedLog(home / "log" / "public")
    return check_log(log, trusted_keys=trusted, progress=SilentProgress())


def fault(home: Path) -> str:
    """Return the file that a check names as wrong."""
    with pytest.raises(LogFaultError) as caught:
        check(home)
    return caught.value.file


def test_a_log_that_holds(home: Path) -> None:
    """A log as it was published holds, with all its heads, from the public files alone."""
    (home / "log" / "entries.db").unlink()
    facts = check(home)
    assert (facts.head.size, facts.heads, facts.remarks) == (700, len(SIZES), ())
    assert not facts.pinned


def test_every_file_matters(home: Path) -> None:
    """A byte changed anywhere in any public file is found, and so is a file that is gone."""
    public = home / "log" / "public"
    files = sorted(path for path in public.rglob("*") if path.is_file())
    assert len(files) > 20
    passed = []
    for path in files:
        data = path.read_bytes()
        for at in (0, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            fault(home)
        path.write_bytes(data[:-1])
        fault(home)
        path.write_bytes(data + data)
        fault(home)
        path.unlink()
        try:
            check(home)
            passed.append(str(path.relative_to(public)))
        except LogFaultError:
            pass
        path.write_bytes(data)
    check(home)
    # What tlog-tiles lets a log drop, an old head (the next one covers it), and what a seal that
    # was cut short leaves out.
    older = {str(size) for size in SIZES[:-1]}
    droppable = {"checkpoint", *(f"checkpoints/{size}" for size in older)}
    newest = {"tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188"}
    partial = {str(path.relative_to(public)) for path in files if ".p" in str(path)} - newest
    assert set(passed) == droppable | partial


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b""),
        ("tile/0/000.p/x", b""),
        ("tile/0/000.p/257", b""),
        ("tile/0/1", b""),
        ("tile/x/000", b""),
        ("checkpoints/0300", b""),
        ("checkpoints/1.new", b""),
        ("tile/0/x000/000", b""),
        ("deep/1/2/3/4/5/6/7/8/9/a", b""),
    ],
)
def test_strays_are_named(home: Path, name: str, content: bytes) -> None:
    """A file whose name no log has is the first thing that is wrong."""
    path = home / "log" / "public" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert name.startswith(fault(home))


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints/300", "tile/0/000", "vkey"])
def test_links_are_not_followed(home: Path, name: str) -> None:
    """A link in the place of a file is refused, even to the same bytes."""
    path = home / "log" / "public" / name
    path.rename(home / "elsewhere")
    path.symlink_to(home / "elsewhere")
    assert fault(home) == name


def test_a_pipe_does_not_stop_the_check(home: Path) -> None:
    """A pipe in the place of a file is refused at once."""
    path = home / "log" / "public" / "checkpoint"
    path.unlink()
    os.mkfifo(path)
    assert fault(home) == "checkpoint"


def test_pinned_keys_are_the_only_ones(home: Path) -> None:
    """With pinned keys a log of another key fails, and one of theirs is pinned."""
    own = FileSigner(home / "keys").public_key
    other = FileSigner(home / "other").public_key
    assert check(home, trusted=(other, own)).pinned
    with pytest.raises(LogFaultError, match=key_id(own)):
        check(home, trusted=(other,))


def test_an_older_head_shown_is_remarked(home: Path) -> None:
    """A seal that was cut short after its head was kept leaves a log that holds, with a remark."""
    public = home / "log" / "public"
    shutil.copy(public / "checkpoints" / "300", public / "checkpoint")
    assert "cut short" in check(home).remarks[0]


def test_tiles_beyond_the_head_are_remarked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seal that was cut short before its head leaves a log that holds, with a remark."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with open_log(home / "log", FileSigner(home / "keys")) as log:
        log.record("a", "step", {})
        with monkeypatch.context() as patch:
            patch.setattr(LogFolder, "publish_checkpoint", killed)
            with pytest.raises(KeyboardInterrupt):
                log.seal("a")
        facts = check(home)
        assert facts.head.size == 700
        assert "beyond" in facts.remarks[0]
        log.seal("a")
    assert (check(home).head.size, check(home).remarks) == (701, ())


Spoiler = Callable[[Path], object]


def _swap(public: Path) -> None:
    first, second = public / "checkpoints" / "256", public / "checkpoints" / "255"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def _another_entry(public: Path) -> None:
    path = public / "tile/entries/000"
    path.write_bytes(encode_entries([bytes(32)]) + path.read_bytes()[34:])


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        pytest.param(_swap, "checkpoints/255", id="heads-swapped"),
        pytest.param(_another_entry, "tile/entries/000.p/1", id="entry-exchanged"),
        pytest.param(
            lambda p: shutil.copy(p / "checkpoints/255", p / "checkpoints/300"),
            "checkpoints/300",
            id="head-under-another-size",
        ),
        pytest.param(lambda p: (p / "tile/0/001").unlink(), "tile/0/001", id="tile-lost"),
        pytest.param(lambda p: shutil.rmtree(p / "checkpoints"), "checkpoints", id="heads-lost"),
    ],
)
def test_the_first_fault_is_named(home: Path, spoil: Spoiler, named: str) -> None:
    """The file that is named is the first that disagrees with what came before it."""
    spoil(home / "log" / "public")
    assert fault(home) == named


def test_a_head_signed_over_another_tree_is_found(home: Path) -> None:
    """A fork by the holder of the key, put under a size of its own, is found by its root."""
    twin = home / "twin"
    with open_log(twin, FileSigner(home / "keys")) as log:
        log._store._db.execute("UPDATE log SET origin = ?", (check(home).head.origin,))
    with open_log(twin, FileSigner(home / "keys")) as log:
        log.record_many(("b", "step", {}) for _ in range(310))
        log.seal("b")
    shutil.copy(twin / "public/checkpoints/310", home / "log/public/checkpoints/310")
    assert fault(home) == "checkpoints/310"
