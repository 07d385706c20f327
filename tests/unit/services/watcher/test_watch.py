"""One watch: what becomes a job, what does not, and that every file is accounted for."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from services.watcher.intake import Made, Stored
from services.watcher.rules import Rule
from tests.unit.services.watcher.watcher_kit import SETTLE, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A watched folder that is empty."""
    return Bench(tmp_path)


def test_a_file_is_processed_once_and_its_results_come_out(bench: Bench) -> None:
    """A settled file becomes one job, and what it made lies under the file's name."""
    bench.lay("north/gate.mp4")
    bench.settle()
    bench.intake.finish_all()
    line = bench.round()
    bench.round()
    assert bench.files() == {
        "north/gate.mp4": b"MEDIA a",
        "results/north/gate.mp4/enhanced.png": b"enhanced MEDIA a",
    }
    assert len(bench.intake.jobs) == 1
    assert line == (
        "received 1 = processed 1 (of which 0 the same bytes again) + rejected 0 + waiting 0"
    )


def test_a_file_that_still_grows_is_no_job(bench: Bench) -> None:
    """As long as a file changes within the settling time it waits, whatever the rounds."""
    path = bench.lay("upload.mp4", b"MEDIA 0")
    for number in range(1, 6):
        bench.round()
        bench.now += SETTLE * 0.9
        path.write_bytes(b"MEDIA " + b"x" * number)
    bench.round()
    assert not bench.intake.jobs
    bench.now += SETTLE
    bench.round()
    assert list(bench.intake.stored.values()) == [b"MEDIA xxxxx"]


@pytest.mark.parametrize("suffix", [".part", ".tmp", ".crdownload", "~"])
def test_a_name_of_unfinished_files_waits_for_its_final_one(bench: Bench, suffix: str) -> None:
    """A file under an uploader's working name is not even received before it is renamed."""
    path = bench.lay(f"clip.mp4{suffix}")
    line = bench.settle()
    assert line.startswith("received 0 ")
    path.rename(bench.root / "clip.mp4")
    bench.settle()
    assert len(bench.intake.jobs) == 1


def test_a_file_that_changes_while_it_is_stored_is_stored_again(bench: Bench) -> None:
    """Bytes that were read while the file changed become no job."""
    path = bench.lay("clip.mp4")
    bench.round()
    bench.now += SETTLE
    keep = bench.intake.store

    def store(source: BinaryIO, *, name: str, rule: Rule) -> Stored:
        stored = keep(source, name=name, rule=rule)
        path.write_bytes(b"MEDIA longer")
        return stored

    bench.intake.store = store  # type: ignore[method-assign]
    bench.round()
    assert not bench.intake.jobs
    bench.intake.store = keep  # type: ignore[method-assign]
    bench.settle()
    [job] = bench.intake.jobs
    assert bench.intake.stored[bench.intake.jobs[job]] == b"MEDIA longer"


def test_what_is_no_medium_is_rejected_with_its_reason_beside_it(bench: Bench) -> None:
    """A reject keeps its bytes, under the rejects prefix, with a file that says why."""
    bench.lay("a/notes.txt", b"plain words")
    line = bench.settle()
    files = bench.files()
    assert files.pop("rejects/a/notes.txt") == b"plain words"
    reason = json.loads(files.pop("rejects/a/notes.txt.reason.json"))
    assert not files
    assert reason["name"] == "a/notes.txt"
    assert "no picture and no video" in reason["reason"]
    assert line.endswith("+ rejected 1 + waiting 0")


@pytest.mark.parametrize("kept", [0, 5])
def test_a_result_that_breaks_off_is_not_handed_out(bench: Bench, kept: int) -> None:
    """A connection that ends early gives no file; the whole one comes with the next round."""
    bench.lay("clip.mp4")
    bench.settle()
    bench.intake.finish_all()
    whole = bench.intake.open

    @contextmanager
    def broken(job: str, made: Made) -> Iterator[BinaryIO]:
        with whole(job, made) as source:
            yield io.BytesIO(source.read(kept))

    bench.intake.open = broken  # type: ignore[method-assign]
    assert bench.round().endswith("+ waiting 1")
    assert list(bench.files()) == ["clip.mp4"]
    bench.intake.open = whole  # type: ignore[method-assign]
    bench.round()
    assert bench.files()["results/clip.mp4/enhanced.png"] == b"enhanced MEDIA a"


def test_a_job_that_fails_rejects_its_file(bench: Bench) -> None:
    """The reason of the failed job lies beside the file that it was about."""
    bench.lay("clip.mp4")
    bench.settle()
    [job] = bench.intake.jobs
    bench.intake.failed[job] = "A conservation law broke."
    bench.round()
    reason = json.loads(bench.files()["rejects/clip.mp4.reason.json"])
    assert reason["reason"] == "A conservation law broke."
    assert reason["job"] == job


def test_a_second_reject_of_a_name_does_not_overwrite_the_first(bench: Bench) -> None:
    """Two rejects of one name are both kept, each with its reason."""
    for content in (b"first", b"second"):
        bench.lay("notes.txt", content)
        bench.settle()
    files = bench.files()
    assert files["rejects/notes.txt"] == b"first"
    assert files["rejects/notes.txt-2"] == b"second"
    assert {"rejects/notes.txt.reason.json", "rejects/notes.txt-2.reason.json"} <= files.keys()


def test_a_name_without_a_rule_is_rejected(bench: Bench) -> None:
    """What no rule matches is not passed over in silence."""
    bench.rules = {"rule": [{"prefix": "north/"}]}
    bench.lay("south/clip.mp4")
    bench.settle()
    reason = json.loads(bench.files()["rejects/south/clip.mp4.reason.json"])
    assert "No rule" in reason["reason"]


def test_the_same_bytes_again_are_recognised(bench: Bench) -> None:
    """A second file of bytes that were taken under the same rule becomes no second job."""
    bench.lay("a.mp4")
    bench.lay("b.mp4")
    line = bench.settle()
    bench.intake.finish_all()
    assert len(bench.intake.jobs) == 1
    assert "waiting 1" in line
    assert "processed 2 (of which 1 the same bytes again)" in bench.round()
    assert ("watch.duplicate", "b.mp4") in [(event, one["name"]) for event, one in bench.said]


def test_the_same_bytes_under_another_rule_are_another_job(bench: Bench) -> None:
    """Two prefixes that ask for different things each get their result."""
    bench.rules = {"rule": [{"prefix": "a/"}, {"prefix": "b/", "preset": "balanced"}]}
    bench.lay("a/clip.mp4")
    bench.lay("b/clip.mp4")
    bench.settle()
    assert sorted(rule.preset for rule in bench.intake.submitted) == [
        "balanced",
        "forensic-safe",
    ]
    assert len(bench.intake.jobs) == 2


def test_a_new_version_of_a_name_is_a_new_file(bench: Bench) -> None:
    """A name that gets new bytes is processed again, into a folder of its own."""
    for content in (b"MEDIA a", b"MEDIA bb"):
        bench.lay("clip.mp4", content)
        bench.settle()
        bench.intake.finish_all()
        bench.round()
    files = bench.files()
    assert files["results/clip.mp4/enhanced.png"] == b"enhanced MEDIA a"
    assert files["results/clip.mp4-2/enhanced.png"] == b"enhanced MEDIA bb"


def test_a_platform_that_is_down_loses_and_rejects_nothing(bench: Bench) -> None:
    """While the store does not answer files wait, and the reason is said."""
    bench.lay("clip.mp4")
    bench.intake.is_down = True
    line = bench.settle()
    assert line.endswith("+ rejected 0 + waiting 1")
    assert ("watch.waits", "The store does not answer.") in [
        (event, one.get("reason")) for event, one in bench.said
    ]
    bench.intake.is_down = False
    bench.round()
    assert len(bench.intake.jobs) == 1


def test_a_file_that_goes_away_before_it_is_taken_was_never_received(bench: Bench) -> None:
    """The sum stays true where a file is removed while it waits."""
    path = bench.lay("clip.mp4")
    bench.round()
    path.unlink()
    bench.now += SETTLE
    assert bench.round().startswith("received 0 ")


def test_links_and_pipes_are_no_files(bench: Bench) -> None:
    """Nothing outside the folder is reached through a link, and no pipe blocks a round."""
    outside = bench.folder / "secret.mp4"
    outside.write_bytes(b"MEDIA secret")
    (bench.root / "link.mp4").symlink_to(outside)
    (bench.root / "folder").symlink_to(bench.folder)
    os.mkfifo(bench.root / "pipe.mp4")
    assert bench.settle().startswith("received 0 ")


def test_a_name_that_is_no_text_is_processed(bench: Bench) -> None:
    """A name with bytes that are no UTF-8 is handled like any other."""
    name = os.fsdecode(b"clip-\xff\xfe.mp4")
    bench.lay(name)
    bench.settle()
    bench.intake.finish_all()
    bench.round()
    assert f"results/{name}/enhanced.png" in bench.files()


def test_what_lies_where_a_result_goes_is_not_overwritten(bench: Bench) -> None:
    """Somebody else's file at the output prefix holds the result up, with the reason said."""
    bench.lay("results/clip.mp4/enhanced.png", b"mine")
    bench.lay("clip.mp4")
    bench.settle()
    bench.intake.finish_all()
    line = bench.round()
    assert bench.files()["results/clip.mp4/enhanced.png"] == b"mine"
    assert line.endswith("+ waiting 1")
    assert any("is taken by another file" in one.get("reason", "") for _, one in bench.said)
