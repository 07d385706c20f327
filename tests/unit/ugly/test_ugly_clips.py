"""Hundreds of ugly clips: each is worked on with its assumptions said, or refused with a reason."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.errors import DamagedError, NotMediaError, UnsupportedError
from pipelines.media.video import TimingSource
from tests.unit.pipelines.media.field_kit import interlaced, progressive
from tests.unit.ugly import clips
from tests.unit.ugly.judge import ending
from tests.unit.ugly.one_child import OneChildPool

CONTAINERS = sorted(clips.FORMATS)
EVERY = sorted({*clips.FORMATS, *clips.RAW})


@pytest.fixture(scope="module")
def pool() -> Iterator[OneChildPool]:
    """One child for all of them."""
    with OneChildPool() as made:
        yield made


def put(folder: Path, data: bytes, name: str = "file.bin") -> Path:
    """A file of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("name", ["clip.jpg", "\u202egpj.exe\n-i http:"])
def test_a_name_says_nothing(pool: OneChildPool, tmp_path: Path, suffix: str, name: str) -> None:
    """Whatever a file is called, it is read as what it is."""
    found = ending(pool, put(tmp_path, clips.plain(suffix), name), tmp_path / "work")
    assert found.index is not None, found.refusal
    assert found.index.frames == 12
    timed = found.index.video.timing
    assert timed is (TimingSource.ASSUMED if suffix in clips.RAW else TimingSource.CONTAINER)


@pytest.mark.parametrize("tail", ["zeros", "noise", "itself"])
@pytest.mark.parametrize("suffix", EVERY)
def test_tails_add_no_frames_that_are_not_there(
    pool: OneChildPool, tmp_path: Path, suffix: str, tail: str
) -> None:
    """Bytes behind a clip are found where formats have an end, and invent nothing anywhere."""
    plain = clips.plain(suffix)
    chance = random.Random(7)  # noqa: S311 - the same tail every time is the point
    added = {
        "zeros": bytes(400), "noise": chance.randbytes(400),
        "itself": plain,
    }[tail]  # fmt: skip
    found = ending(pool, put(tmp_path, plain + added), tmp_path / "work")
    if found.index is not None:
        assert 11 <= found.index.frames <= (24 if tail == "itself" else 13)
    if suffix in (".mp4", ".mov", ".mkv", ".avi", ".webm") and tail != "itself":
        assert found.told is not None
        hidden = found.told["structure"]["hidden"]
        assert [one["bytes"] for one in hidden if "after" in one["where"]] == [len(added)]


CUTS = [(name, at) for name, first, stop in clips.boxes(clips.plain(".mp4"))
        for at in sorted({first + 4, (first + stop) // 2, stop})
        if at < len(clips.plain(".mp4"))]  # fmt: skip
FAST_CUTS = [(name, at) for name, first, stop in clips.boxes(clips.fast_start())
             for at in sorted({first + 4, (first + stop) // 2})]  # fmt: skip


@pytest.mark.parametrize(("box", "at"), CUTS)
def test_a_clip_cut_in_any_box_is_damaged(
    pool: OneChildPool, tmp_path: Path, box: str, at: int
) -> None:
    """Without its index an MP4 is refused as cut off, whichever box the cut goes through."""
    found = ending(pool, put(tmp_path, clips.plain(".mp4")[:at]), tmp_path / "work")
    assert found.index is None or found.index.frames <= 12, box


@pytest.mark.parametrize(("box", "at"), FAST_CUTS)
def test_a_clip_whose_index_comes_first_is_cut_in_any_box(
    pool: OneChildPool, tmp_path: Path, box: str, at: int
) -> None:
    """What is left of the pictures is shown as damaged, or the clip is refused."""
    found = ending(pool, put(tmp_path, clips.fast_start()[:at]), tmp_path / "work")
    if found.index is not None:
        assert found.index.frames < 12 or found.index.defects, box


@pytest.mark.parametrize("eighth", [2, 5, 7])
@pytest.mark.parametrize("suffix", sorted(set(EVERY) - {".mp4"}))
def test_a_clip_cut_anywhere_has_no_more_frames_than_before(
    pool: OneChildPool, tmp_path: Path, suffix: str, eighth: int
) -> None:
    """A cut takes frames away and adds none."""
    plain = clips.plain(suffix)
    found = ending(pool, put(tmp_path, plain[: len(plain) * eighth // 8]), tmp_path / "work")
    assert found.index is None or found.index.frames <= 12


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("suffix", EVERY)
def test_flipped_bits_end_in_a_result_or_a_reason(
    pool: OneChildPool, tmp_path: Path, suffix: str, seed: int
) -> None:
    """Whatever a disk did to it."""
    ending(pool, put(tmp_path, clips.flipped(clips.plain(suffix), seed)), tmp_path / "work")


@pytest.mark.parametrize("flag", ["top", "bottom", "none"])
@pytest.mark.parametrize("shown", ["top", "bottom", "progressive"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_fields_are_what_is_shown_and_never_what_is_flagged(
    pool: OneChildPool, tmp_path: Path, codec: str, shown: str, flag: str
) -> None:
    """Interlaced both orders, flagged right, wrong, and not at all."""
    luma = progressive(10) if shown == "progressive" else interlaced(10, top_first=shown == "top")
    options = {"crf": "12"} if codec == "libx264" else {"qscale": "2", "g": "4"}
    if codec == "libx264" and flag != "none":
        options["x264-params"] = "tff=1" if flag == "top" else "bff=1"
    if codec == "mpeg2video" and flag != "none":
        options["flags"] = "+ilme+ildct"
        options["top"] = "1" if flag == "top" else "0"
    path = clips.written(tmp_path / "fields.mkv", luma, codec=codec, options=options)
    found = ending(pool, path, tmp_path / "work")
    assert found.told is not None
    fields = found.told["clip"]["fields"]
    wanted = "progressive" if shown == "progressive" else f"interlaced-{shown}-first"
    assert fields["measured"] == wanted
    if shown != "progressive" and flag == "none":
        assert fields["contradiction"]


SIZES = [
    ((960, 576), "960H"),
    ((928, 576), "960H"),
    ((960, 480), "960H"),
    ((704, 288), "2CIF"),
    ((704, 240), "2CIF"),
    ((352, 576), "half D1"),
    ((640, 480), ""),
    ((1280, 720), ""),
]


@pytest.mark.parametrize("aspect", [None, Fraction(1), "right"])
@pytest.mark.parametrize(("size", "name"), SIZES)
def test_a_wrong_aspect_is_remarked_and_never_corrected(
    pool: OneChildPool, tmp_path: Path, size: tuple[int, int], name: str, aspect: object
) -> None:
    """Stated and displayed size are told, and the shape of pixels comes through as it is."""
    right = Fraction(4, 3) * Fraction(size[1], size[0])
    stated = right if aspect == "right" else aspect
    assert stated is None or isinstance(stated, Fraction)
    path = clips.written(tmp_path / "a.mp4", clips.pictures(1, size), aspect=stated)
    found = ending(pool, path, tmp_path / "work", through=aspect == "right" and size[1] < 300)
    assert found.index is not None
    assert found.told is not None
    picture = found.told["clip"]["picture"]
    assert (picture["width"], picture["height"]) == size
    wide = round(size[1] * Fraction(*size) * (stated or 1))
    assert picture["displayed_width"] == wide
    if name and aspect != "right":
        assert name in picture["remark"]
    if not name or aspect == "right":
        assert picture["remark"] is None
    if stated not in (None, 1):
        assert found.index.video.sample_aspect == stated


@pytest.mark.parametrize("run", [1, 2, 5])
@pytest.mark.parametrize("codec", ["ffv1", "libx264", "mpeg4"])
def test_repeated_frames_are_counted(
    pool: OneChildPool, tmp_path: Path, codec: str, run: int
) -> None:
    """A frame that was sent again is told, sample for sample, with its number."""
    shown = clips.pictures(8)
    shown[4:4] = [shown[3]] * run
    options = {"qp": "0", "bf": "0"} if codec == "libx264" else {"qscale": "2"}
    path = clips.written(tmp_path / "r.mkv", shown, codec=codec,
                         options={} if codec == "ffv1" else options)  # fmt: skip
    found = ending(pool, path, tmp_path / "work")
    assert found.told is not None
    repeated = found.told["clip"]["frames"]["repeated"]
    first = 5 if codec == "mpeg4" else 4
    assert set(range(first, 4 + run)) <= set(repeated["first"])
    assert repeated["count"] <= run


@pytest.mark.parametrize("suffix", [".ts", ".mpg", ".h264", ".m2v"])
@pytest.mark.parametrize("order", ["small first", "large first"])
def test_a_size_that_changes_is_told_and_refused(
    pool: OneChildPool, tmp_path: Path, suffix: str, order: str
) -> None:
    """No picture is scaled in silence: `inspect` names the frame, a job refuses with it."""
    codec, form = clips.FORMATS.get(suffix) or clips.RAW[suffix]
    sizes = [(64, 48), (96, 64)] if order == "small first" else [(96, 64), (64, 48)]
    data = b"".join(
        clips.written(tmp_path / f"{n}{suffix}", clips.pictures(6, size), codec=codec,
                      container=form, options={"bf": "0"}).read_bytes()
        for n, size in enumerate(sizes)
    )  # fmt: skip
    found = ending(pool, put(tmp_path, data), tmp_path / "work")
    assert isinstance(found.refusal, UnsupportedError)
    assert "Split the clip" in found.refusal.next_step
    assert found.told is not None
    assert found.told["clip"]["picture"]["size_changes"] >= 1


JUMPS = {
    "gap": [0, 40, 80, 120, 5000, 5040, 5080, 5120],
    "tiny steps": [0, 1, 2, 3, 4, 5, 6, 7],
    "long": [0, 40, 80, 3_600_000, 3_600_040, 3_600_080, 3_600_120, 3_600_160],
    "uneven": [0, 33, 80, 110, 161, 200, 241, 280],
    "late start": [90_000, 90_040, 90_080, 90_120, 90_160, 90_200, 90_240, 90_280],
    "negative start": [-120, -80, -40, 0, 40, 80, 120, 160],
}


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov", ".ts"])
@pytest.mark.parametrize("jump", JUMPS)
def test_times_that_jump_come_through(
    pool: OneChildPool, tmp_path: Path, suffix: str, jump: str
) -> None:
    """Gaps, late and negative starts are kept to the tick, and gaps are told."""
    times = JUMPS[jump]
    codec = "mpeg4" if suffix == ".mov" else "libx264"
    path = clips.written(tmp_path / f"t{suffix}", clips.pictures(8), times=times,
                         base=clips.MILLISECOND, codec=codec, options={"bf": "0"})  # fmt: skip
    found = ending(pool, path, tmp_path / "work")
    assert found.index is not None, found.refusal
    base = found.index.video.stream.time_base
    steps = [(b - a) * base for a, b in pairwise(found.index.pts.tolist())]
    if suffix == ".mkv" or (suffix == ".mp4" and times[0] >= 0):
        stated = [Fraction(b - a, 1000) for a, b in pairwise(times)]
        assert steps == stated
    if jump in ("gap", "long"):
        assert found.told is not None
        assert found.told["clip"]["times"]["gaps"]["count"] == 1


@pytest.mark.parametrize("before", [1, 3, 6])
def test_a_counter_that_wraps_is_followed(pool: OneChildPool, tmp_path: Path, before: int) -> None:
    """A transport stream whose 33-bit clock begins anew has no gap and no step back."""
    start = (1 << 33) - 3600 * before
    path = clips.written(
        tmp_path / "w.ts", clips.pictures(8), times=[start + 3600 * n for n in range(8)],
        base=Fraction(1, 90_000), options={"bf": "0"},
    )  # fmt: skip
    found = ending(pool, path, tmp_path / "work")
    assert found.index is not None, found.refusal
    assert {(b - a) for a, b in pairwise(found.index.pts.tolist())} == {3600}


COLOURS = [
    {"colormatrix": "YCgCo"}, {"colormatrix": "bt2020c"}, {"colormatrix": "GBR"},
    {"colorprim": "film"}, {"transfer": "log316"}, {"transfer": "smpte428"},
    {"colormatrix": "bt709", "range": "pc"}, {"colormatrix": "fcc", "range": "tv"},
    {"colormatrix": "smpte240m"},
]  # fmt: skip


@pytest.mark.parametrize("tags", COLOURS)
def test_odd_colour_tags_are_kept_or_refused(
    pool: OneChildPool, tmp_path: Path, tags: dict[str, str]
) -> None:
    """A tag that no step knows is refused by its code; any other comes through."""
    words = ":".join(f"{name}={value}" for name, value in tags.items())
    path = clips.written(tmp_path / "c.mp4", clips.pictures(3),
                         options={"x264-params": words})  # fmt: skip
    found = ending(pool, path, tmp_path / "work")
    if found.index is None:
        assert "H.273 code" in str(found.refusal)


@pytest.mark.parametrize("tag", [b"xxxx", b"\0\0\0\0", b"HIKV", b"avc\xff"])
def test_a_codec_without_a_decoder_is_refused(
    pool: OneChildPool, tmp_path: Path, tag: bytes
) -> None:
    """An unknown name of a codec is not taken for a known one."""
    data = clips.plain(".mov").replace(b"mp4v", tag).replace(b"esds", b"free")
    found = ending(pool, put(tmp_path, data), tmp_path / "work")
    assert found.index is None
    assert found.refusal is not None


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts", ".avi"])
@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
@pytest.mark.parametrize("stream", [None, 1, 2])
def test_two_videos_are_two_items(
    pool: OneChildPool, tmp_path: Path, suffix: str, codec: str, stream: int | None
) -> None:
    """The asked one is worked on; where nobody asked it is said; one that is not there refused."""
    path = clips.two_videos(tmp_path / f"two{suffix}", codec=codec)
    found = ending(pool, path, tmp_path / "work", stream=stream)
    if stream == 2:
        assert isinstance(found.refusal, UnsupportedError)
        return
    assert found.index is not None, found.refusal
    said = any("each an item" in one for one in found.index.video.assumptions)
    assert said is (stream is None)
    if stream is not None:
        assert found.index.video.shape.width == (64, 96)[stream]


@pytest.mark.parametrize("media_time", [0, 512, 1024, 3 * 512, 100 * 512, -1])
def test_edit_lists_are_followed(pool: OneChildPool, tmp_path: Path, media_time: int) -> None:
    """What an edit list leaves out is not shown; one that leaves out everything is no result."""
    data = bytearray(clips.plain(".mov"))
    at = data.find(b"elst")
    assert at > 0
    data[at + 16 : at + 20] = media_time.to_bytes(4, "big", signed=True)
    found = ending(pool, put(tmp_path, bytes(data)), tmp_path / "work")
    assert found.index is None or found.index.frames <= 12


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\0" * 4096, b"ftyp", b"\0\0\0\x08ftyp", b"\0\0\0\x10ftypisom\0\0\2\0",
     b"RIFF\0\0\0\0AVI ", b"\x1a\x45\xdf\xa3", b"\0\0\0\1", b"\0\0\1\xba", b"\x47" + bytes(187),
     b"DHAV", b"HXVS", b"#EXTM3U\nhttp://127.0.0.1/x.ts\n", b"ffconcat version 1.0\nfile a.mp4\n",
     b"<?xml version='1.0'?><svg/>", b"concat:a|b", b"PK\3\4" + bytes(60), b"MZ" + bytes(200)],
)  # fmt: skip
def test_nothing_to_see_is_refused(pool: OneChildPool, tmp_path: Path, data: bytes) -> None:
    """Empty files, headers alone, playlists and programs are refused; nothing else is opened."""
    found = ending(pool, put(tmp_path, data), tmp_path / "work")
    assert found.index is None
    assert found.refusal is not None


@pytest.mark.parametrize("part", [8, 7, 5, 3])
@pytest.mark.parametrize("jump", [0, 5000, 70_000])
def test_a_recorders_own_format_is_read(
    pool: OneChildPool, tmp_path: Path, part: int, jump: int
) -> None:
    """Dahua's frames are found by content; their times are said to be the maker's own."""
    frames = clips.h264_frames()
    times = [40 * n + (jump if n >= 6 else 0) for n in range(12)]
    data = clips.dahua(frames=frames, times=times)
    found = ending(pool, put(tmp_path, data[: len(data) * part // 8]), tmp_path / "work")
    if part == 8:
        assert found.index is not None, found.refusal
        assert found.index.frames == 12
        assert found.index.video.timing is TimingSource.PROPRIETARY
        assert any("recorder's maker" in one for one in found.index.video.assumptions)
    else:
        assert found.index is None or found.index.frames < 12


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("part", [8, 7, 3])
def test_a_camera_s_own_format_is_read(
    pool: OneChildPool, tmp_path: Path, part: int, *, sound: bool
) -> None:
    """HiSilicon's units are found by content and made into frames, at the camera's own times."""
    times = [40 * n for n in range(12)]
    data = clips.hisilicon(frames=clips.h264_frames(), times=times, sound=sound)
    found = ending(pool, put(tmp_path, data[: len(data) * part // 8]), tmp_path / "work")
    if part == 8:
        assert found.index is not None, found.refusal
        assert found.index.format_name == "hxvs"
        assert found.index.pts.tolist() == times
        assert found.index.video.timing is TimingSource.PROPRIETARY
    else:
        assert found.index is None or found.index.frames < 12


def test_refusals_are_of_their_kind(pool: OneChildPool, tmp_path: Path) -> None:
    """What is cut off is damaged, what is unknown is no media: each has its own next step."""
    cut = ending(pool, put(tmp_path, clips.plain(".mp4")[:300]), tmp_path / "a")
    unknown = ending(pool, put(tmp_path, bytes(range(256)) * 9), tmp_path / "b")
    assert isinstance(cut.refusal, NotMediaError | DamagedError)
    assert isinstance(unknown.refusal, NotMediaError)
    assert cut.told is not None
    assert "cut off or damaged" in cut.told["reason"]
    assert unknown.told is not None
    assert "native player required" in unknown.told["reason"]
