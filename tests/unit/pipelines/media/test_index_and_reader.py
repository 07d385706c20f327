"""The index lists what a decoder shows; the reader gives the same frames from anywhere."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.errors import DamagedError, EvidenceError, InputError, NotMediaError, UnreadableError
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import index_video
from pipelines.media.index_store import load_index, save_index
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import StreamKind, TimingSource
from tests.unit.pipelines.media.clip_kit import UNEVEN, framehash, write_clip

FORMS: list[dict[str, Any]] = [
    {},
    {"form": "yuv422p"},
    {"form": "yuv444p", "size": (65, 47)},
    {"form": "yuv420p10le"},
    {"form": "gray"},
    {"form": "yuv420p12le", "codec": "libx265", "size": (64, 64)},
    {"form": "yuv411p", "codec": "ffv1", "container": "matroska"},
    {"form": "yuva420p", "codec": "ffv1", "container": "matroska"},
    {"form": "yuv422p16le", "codec": "ffv1", "container": "matroska"},
    {"form": "gbrp10le", "codec": "ffv1", "container": "matroska"},
    {"form": "bgr0", "codec": "ffv1", "container": "matroska"},
    {"form": "bgra", "codec": "ffv1", "container": "matroska"},
    {"form": "yuvj420p", "colour": {"color_range": 2}},
]


@pytest.fixture(scope="module")
def pool() -> Any:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: str(kind.get("form", "yuv420p")))
def test_digests_are_what_framehash_prints(
    pool: DecodePool, tmp_path: Path, kind: dict[str, Any]
) -> None:
    """Anybody with FFmpeg can compute the digest of every frame of the index."""
    path = write_clip(tmp_path / "clip.mkv", base=Fraction(1, 1000), **kind)
    index = index_video(pool, path)
    assert [bytes(one).hex() for one in index.digest] == framehash(path, 0)


@pytest.mark.parametrize(
    "name",
    [
        "exo_portrait_4k60.mp4",
        "exo_sample.mkv",
        "tc_bt2020_10bit.mp4",
        "tc_bt709_full_range.mp4",
        "tc_nasa_13013.mp4",
        "tc_testsrc2_odd_height_and_width_444.mp4",
    ],
)
def test_real_clips_are_indexed_to_the_sample(pool: DecodePool, shared: Path, name: str) -> None:
    """Digests of real clips are FFmpeg's as well, and times are those of the container."""
    path = shared / "media" / name
    index = index_video(pool, path)
    assert [bytes(one).hex() for one in index.digest] == framehash(path, index.video.stream.index)
    assert (np.diff(index.pts) == index.duration[:-1]).all()
    assert index.video.timing is TimingSource.CONTAINER


def test_a_phone_clip_is_known_for_what_it_is(pool: DecodePool, shared: Path) -> None:
    """Rotation, range, size, times and sound of a real phone clip are found."""
    index = index_video(pool, shared / "media" / "exo_portrait_4k60.mp4")
    video = index.video
    assert (video.shape.width, video.shape.height, video.rotation) == (3840, 2160, 270)
    assert video.display_matrix is not None
    assert video.colour.full_range is True
    assert len(set(index.duration.tolist())) > 1
    assert [one.kind for one in index.streams] == [StreamKind.VIDEO, StreamKind.AUDIO]


def test_uneven_times_come_through(pool: DecodePool, tmp_path: Path) -> None:
    """Presentation times of a variable rate are the ones that were written."""
    index = index_video(pool, write_clip(tmp_path / "clip.mp4", times=UNEVEN))
    base = index.video.stream.time_base
    assert [pts * base for pts in index.pts.tolist()] == [
        Fraction(moment, 12_800) for moment in UNEVEN
    ]


def test_a_raw_stream_has_assumed_times(pool: DecodePool, tmp_path: Path) -> None:
    """Without times in the file frames are counted, and that is said."""
    index = index_video(pool, write_clip(tmp_path / "clip.h264", container="h264"))
    assert index.video.timing is TimingSource.ASSUMED
    assert index.pts.tolist() == list(range(12))
    assert any("carries no timing" in one for one in index.video.assumptions)


def test_unknown_stays_unknown(pool: DecodePool, tmp_path: Path) -> None:
    """What the file does not state is unspecified in the index; what is assumed is a sentence."""
    video = index_video(pool, write_clip(tmp_path / "clip.mp4")).video
    assert video.colour.full_range is None
    assert (video.colour.primaries, video.colour.transfer, video.colour.matrix) == (2, 2, 2)
    assert len(video.assumptions) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"g": "999"},
        {"g": "5", "bf": "3"},
        {"g": "4", "bf": "0"},
        {"x264-params": "scenecut=0:open-gop=1:keyint=6", "bf": "2"},
    ],
)
def test_reading_may_begin_anywhere(
    pool: DecodePool, tmp_path: Path, options: dict[str, str]
) -> None:
    """From any frame on the reader gives the samples that it gives from the start."""
    path = write_clip(tmp_path / "clip.mp4", options=options)
    index = index_video(pool, path)
    whole = read(pool, path, index, 0)
    for first in range(index.frames):
        assert read(pool, path, index, first) == whole[first:]


def read(pool: DecodePool, path: Path, index: Any, first: int) -> list[bytes]:
    """The planes' bytes of all frames from `first` on."""
    found = []
    with FrameReader(pool, path, index, first=first, slots=2) as reader:
        for frame in reader:
            found.append(b"".join(plane.tobytes() for plane in frame.planes))
            reader.release(frame)
    return found


def test_planes_of_rgb_come_as_red_green_blue(pool: DecodePool, tmp_path: Path) -> None:
    """Packed and planar RGB are handed out as planes R, G, B whatever order they are stored in."""
    path = write_clip(tmp_path / "clip.mkv", codec="ffv1", form="bgr0", base=Fraction(1, 1000))
    index = index_video(pool, path)
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")
    with FrameReader(pool, path, index, stop=1) as reader:
        for frame in reader:
            planes = np.stack([np.array(plane) for plane in frame.planes], axis=-1)
            assert (planes == first).all()


def test_a_file_that_changes_is_noticed(pool: DecodePool, tmp_path: Path) -> None:
    """Frames that decode to other samples than the indexed ones are an error."""
    path = write_clip(tmp_path / "clip.mp4")
    index = index_video(pool, path)
    write_clip(path, options={"crf": "45"})
    with pytest.raises(DamagedError, match="does not decode as it did"):
        read(pool, path, index, 0)


def test_a_truncated_clip_lists_what_there_is(pool: DecodePool, tmp_path: Path) -> None:
    """A clip that breaks off is indexed as far as it goes."""
    path = write_clip(
        tmp_path / "clip.mkv", base=Fraction(1, 1000), times=range(0, 4000, 40), options={"g": "5"}
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert 0 < index_video(pool, path).frames < 100


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"plain text\n" * 100,
                                     b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
                                     b"ffconcat version 1.0\nfile /etc/passwd\n"])  # fmt: skip
def test_what_is_no_video_is_refused_in_words(
    pool: DecodePool, tmp_path: Path, content: bytes
) -> None:
    """Garbage, text and playlists are not media, whatever they call themselves."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        index_video(pool, path)
    assert caught.value.next_step


def test_a_header_without_frames_is_damaged(pool: DecodePool, shared: Path) -> None:
    """A container whose stream holds no frame says so."""
    with pytest.raises(DamagedError, match="no frame decodes"):
        index_video(pool, shared / "media" / "mp4p_invalid_userdata.mp4")


def test_sound_alone_is_no_video(pool: DecodePool, tmp_path: Path) -> None:
    """A file with nothing but sound is refused, and what it holds is named."""
    path = tmp_path / "tone.mka"
    with av.open(str(path), "w", format="matroska") as out:
        sound: Any = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 800), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 8000, 0
        for packet in (*sound.encode(frame), *sound.encode(None)):
            out.mux(packet)
    with pytest.raises(NotMediaError, match="audio"):
        index_video(pool, path)


def test_a_pipe_is_never_waited_for(pool: DecodePool, tmp_path: Path) -> None:
    """A FIFO is refused at once."""
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    with pytest.raises(UnreadableError):
        index_video(pool, path)


def test_an_index_reads_back(pool: DecodePool, tmp_path: Path) -> None:
    """An index that was stored is the same index."""
    index = index_video(
        pool, write_clip(tmp_path / "clip.mp4", times=UNEVEN, rotation=90, audio="aac")
    )
    save_index(index, tmp_path / "index")
    again = load_index(tmp_path / "index")
    assert (again.video, again.streams, again.packets) == (
        index.video,
        index.streams,
        index.packets,
    )
    for name in ("pts", "duration", "digest", "keyframe", "picture_type", "corrupt"):
        assert (getattr(again, name) == getattr(index, name)).all()


def test_metadata_for_hdr_displays_is_said_not_to_come_through(
    pool: DecodePool, tmp_path: Path
) -> None:
    """What a coding does not carry is found, stored with the index and stated by the delivery."""
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    params = f"log-level=none:hdr10=1:master-display={display}:max-cll=1000,400"
    path = write_clip(
        tmp_path / "clip.mp4", codec="libx265", form="yuv420p10le", size=(64, 64),
        options={"x265-params": params},
    )  # fmt: skip
    index = index_video(pool, path)
    assert index.video.hdr_metadata == ("mastering display", "content light level")
    save_index(index, tmp_path / "index")
    assert load_index(tmp_path / "index").video == index.video
    delivery = choose_delivery(index, index.video.shape, lossless=True, untouched=True)
    assert any("mastering display and content light level" in one for one in delivery.remarks)


def test_half_an_index_is_none(pool: DecodePool, tmp_path: Path) -> None:
    """An index that breaks off is refused."""
    path = tmp_path / "index"
    save_index(index_video(pool, write_clip(tmp_path / "clip.mp4")), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EvidenceError):
        load_index(path)
