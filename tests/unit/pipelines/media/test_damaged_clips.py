"""Damaged clips decode to the same samples every time, and what is wrong with them is said."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from pipelines.errors import UnsteadyError
from pipelines.media.index import ONE_THREAD, SegmentIndexer, decoder_threads, index_video
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.tasks.decoder_words import Complaints, DecoderWords
from pipelines.media.video import VideoIndex
from tests.unit.pipelines.media.damage_kit import KINDS, damaged, intact

THREADS = 4
SEEDS = {"h264": range(8), "hevc": range(5, 11), "mpeg4": range(3), "vp8": (1, 6, 11)}
CASES = [(kind, seed) for kind, seeds in SEEDS.items() for seed in seeds]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=2) as made:
        yield made


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clip of every kind, intact."""
    folder = tmp_path_factory.mktemp("clips")
    return {kind: intact(folder, kind) for kind in KINDS}


def read(pool: DecodePool, path: Path, index: VideoIndex, first: int = 0) -> int:
    """Read to the end, where the reader compares every digest; how many frames there were."""
    frames = 0
    with FrameReader(pool, path, index, first=first, slots=2) as reader:
        for frame in reader:
            frames += 1
            reader.release(frame)
    return frames


def read_all_ways(pool: DecodePool, path: Path, index: VideoIndex) -> None:
    """Read from the start, again, and from the middle."""
    middle = index.frames // 2
    for first in (0, 0, middle):
        assert read(pool, path, index, first) == index.frames - first


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_a_damaged_clip_reads_as_it_was_indexed(
    pool: DecodePool, clips: dict[str, Path], kind: str, seed: int
) -> None:
    """Damage of which no decoder speaks is noticed by reading; one thread always reads the same."""
    path = damaged(clips[kind], seed)
    index = index_video(pool, path, threads=THREADS)
    try:
        read_all_ways(pool, path, index)
    except UnsteadyError:
        assert index.decoder_threads == THREADS
    if index.decoder_threads > 1:
        read_all_ways(pool, path, index_video(pool, path, threads=1))


@pytest.mark.parametrize("seed", [1, 3, 11])
def test_one_thread_indexes_damage_the_same_every_time(
    pool: DecodePool, clips: dict[str, Path], seed: int
) -> None:
    """Digests, times, marks and complaints of two indexes of a damaged clip are equal."""
    path = damaged(clips["h264"], seed)
    one, other = (index_video(pool, path, threads=THREADS) for _ in range(2))
    assert one.decoder_threads == other.decoder_threads == 1
    assert one.defects == other.defects
    for name in ("pts", "digest", "corrupt", "keyframe"):
        assert (getattr(one, name) == getattr(other, name)).all()


def test_damage_is_said(pool: DecodePool, clips: dict[str, Path]) -> None:
    """What the decoder complained of and how the clip is decoded since are defects of it."""
    index = index_video(pool, damaged(clips["h264"], 1), threads=THREADS)
    assert ONE_THREAD in index.defects
    assert any(one.startswith("The decoder complained ") for one in index.defects)


@pytest.mark.parametrize("kind", KINDS)
def test_a_healthy_clip_keeps_its_threads(
    pool: DecodePool, clips: dict[str, Path], kind: str
) -> None:
    """Without damage several threads decode, and there is nothing to say."""
    index = index_video(pool, clips[kind], threads=THREADS)
    assert (index.decoder_threads, index.defects) == (THREADS, ())


def test_as_many_threads_as_are_of_use() -> None:
    """One core gets one thread, more get one more than there are, and there is an end to it."""
    assert [decoder_threads(cores) for cores in (1, 2, 8, 64)] == [1, 3, 9, 16]


def test_a_damaged_segment_of_ours_is_an_error(pool: DecodePool, clips: dict[str, Path]) -> None:
    """What was written here and does not decode is this machine's fault, and is said so."""
    indexer = SegmentIndexer(pool)
    try:
        with pytest.raises(Exception, match="written a moment ago"):
            indexer.index(damaged(clips["h264"], 1))
    finally:
        indexer.close()


def test_only_errors_of_the_clips_own_decoder_count(clips: dict[str, Path]) -> None:
    """Other decoders, demuxers and mere warnings are not heard; a decoder's own words are."""
    path = damaged(clips["h264"], 1)
    heard = {codec: decoded_with(DecoderWords(codec), path) for codec in ("h264", "hevc")}
    assert heard["h264"]
    assert all("@" not in one for one in heard["h264"])
    assert not heard["hevc"]


def decoded_with(words: DecoderWords, path: Path) -> list[str]:
    """Decode a clip to the end, and what was heard."""
    with words, av.open(str(path)) as container:
        for packet in container.demux(video=0):
            try:
                packet.decode()
            except av.error.InvalidDataError:
                continue
        return words.heard()


def test_words_that_nobody_hears_hold_nobody_up() -> None:
    """A decoder that says more than a pipe holds goes on, and standard error comes back."""
    before = os.fstat(2)
    with DecoderWords("h264") as words:
        speaker = threading.Thread(target=lambda: [speak() for _ in range(3000)])
        speaker.start()
        speaker.join(20)
        assert not speaker.is_alive()
        heard = words.heard()
    assert 0 < len(heard) < 3000
    assert heard[0] == "?[31mcabac broke at 1 2"
    assert os.path.samestat(before, os.fstat(2))


def speak() -> None:
    """A line as FFmpeg writes it, with an escape in it."""
    line = b"[h264 @ 0x55aa] \x1b[31mcabac broke at 1 2.\n"
    try:
        os.write(2, line)
    except BlockingIOError:
        return


def test_complaints_are_counted_and_told_by_kind() -> None:
    """Complaints that differ by numbers alone are one kind, of which the first is told."""
    complaints = Complaints()
    assert complaints.sentences() == []
    for frame in (3, 5):
        complaints.add(f"error while decoding MB {frame} 7", frame)
    complaints.add("no frame", 9)
    told = "near frame 3: error while decoding MB 3 7; near frame 9: no frame."
    assert complaints.sentences() == [f"The decoder complained 3 times. First of each kind, {told}"]
