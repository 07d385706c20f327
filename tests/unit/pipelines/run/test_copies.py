"""Copies play anywhere, keep every time, and hide for good what they hide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from scipy import ndimage

from pipelines.analysis.found import Box, DetectorFacts
from pipelines.analysis.track_file import TrackSet, track_bytes
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import EvidenceError, RequestError
from pipelines.media.index import index_video
from pipelines.media.lettering import lettering
from pipelines.media.picture import Family, FrameShape, PixelLayout, Region
from pipelines.media.plain_picture import plain_planes, plain_shape
from pipelines.media.pool import DecodePool
from pipelines.media.video import VideoIndex
from pipelines.ports import SilentProgress
from pipelines.run.copies import CopyWish, MadeCopy, make_copy
from pipelines.run.copy_statement import Named, check_copy, copy_body, signed
from pipelines.run.demonstrative import Marker, label_mark, read_marks, shown_shape
from pipelines.run.hidden_regions import Hidden, read_regions, tracked_regions
from pipelines.run.redaction import FILL, Cover, Redactor
from pipelines.run.side_by_side import Beside, shown_then, strip_rows
from pipelines.stages.export.letters import BOLD
from tests.unit.pipelines.evidence.test_attestation import FixedSigner
from tests.unit.pipelines.media.clip_kit import UNEVEN, write_clip
from tests.unit.pipelines.media.field_kit import progressive, scene, write_luma

SILENT = SilentProgress()
BOX = Region(32, 48, 32, 40)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One pool for all."""
    with DecodePool() as made:
        yield made


def copied(
    pool: DecodePool, path: Path, out: Path, wish: CopyWish | None = None
) -> tuple[VideoIndex, MadeCopy]:
    """Index a clip and copy it."""
    index = index_video(pool, path)
    return index, make_copy(pool, path, index, out, wish or CopyWish("court copy"), SILENT)


def frames_of(path: Path) -> list[np.ndarray]:
    """The luma of every frame."""
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray()[: frame.height, : frame.width].copy()
            for frame in container.decode(video=0)
        ]


def boxes_of(path: Path) -> list[str]:
    """The outermost boxes of an MP4, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


@pytest.mark.parametrize(
    ("codec", "form", "size"),
    [
        ("libx264", "yuv420p", (64, 48)),
        ("libx264", "yuv422p10le", (64, 48)),
        ("ffv1", "bgr0", (63, 47)),
    ],
)
def test_a_court_copy_of_anything_is_baseline_420_that_begins_at_once(
    codec, form, size, pool, tmp_path
):
    """Whatever came in leaves as H.264 baseline in an MP4 whose tables come first, same times."""
    suffix = "mkv" if codec == "ffv1" else "mp4"
    options = {} if codec == "ffv1" else {"qp": "0"}
    path = write_clip(
        tmp_path / f"in.{suffix}", codec=codec, form=form, size=size, times=UNEVEN,
        base=Fraction(1, 1000) if codec == "ffv1" else Fraction(1, 12_800), options=options,
    )  # fmt: skip
    index, made = copied(pool, path, tmp_path / "court.mp4")
    with av.open(str(made.path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.profile in ("Constrained Baseline", "Baseline")
        assert stream.codec_context.pix_fmt == "yuv420p"
        times = [frame.pts * stream.time_base for frame in container.decode(stream)]
    base = index.video.stream.time_base
    assert times == [int(pts) * base for pts in index.pts]
    order = boxes_of(made.path)
    assert order.index("moov") < order.index("mdat")
    assert all(law.holds for law in made.laws)
    if form == "yuv420p":
        assert made.conversions == ()
    else:
        assert made.conversions


def test_sound_that_every_player_knows_is_copied(pool, tmp_path):
    """AAC goes along packet for packet."""
    known = write_clip(tmp_path / "a.mp4", audio="aac")
    _, made = copied(pool, known, tmp_path / "one.mp4")
    assert made.left_out == made.conversions == ()
    assert any(law.name.endswith("payloads") and law.holds for law in made.laws)


def test_plain_pictures_pass_through_sample_for_sample():
    """8-bit 4:2:0 of even size is not touched."""
    shape = FrameShape(6, 8, PixelLayout(Family.YCBCR, 8, 1, 1, full_range=False))
    random = np.random.default_rng(1)
    planes = tuple(
        random.integers(0, 256, shape.plane_size(one)).astype(np.uint8) for one in range(3)
    )
    for got, expected in zip(plain_planes(planes, shape), planes, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert got is not expected


def test_red_green_and_blue_become_the_standard_s_codes():
    """BT.709 in studio range puts pure red where ITU-R BT.709-6 does."""
    shape = FrameShape(2, 2, PixelLayout(Family.RGB))
    red = tuple(np.full((2, 2), value, np.uint8) for value in (255, 0, 0))
    assert plain_shape(shape).layout.full_range is False
    assert [int(one.flat[0]) for one in plain_planes(red, shape)] == [63, 102, 240]


# --- what is hidden --------------------------------------------------------------------------


def digit_scenes(count: int = 10) -> list[np.ndarray]:
    """Pictures that differ in one box alone: a drawn digit each."""
    made = []
    for digit in range(count):
        picture = scene(0).copy()
        picture[BOX.top : BOX.bottom, BOX.left : BOX.right] = 60
        ink = lettering(str(digit), font=BOLD, pixels=26)[: BOX.height, : BOX.width]
        top, left = BOX.top + 4, BOX.left + 10
        part = picture[top : top + len(ink), left : left + ink.shape[1]]
        part[ink[: len(part), : part.shape[1]]] = 200
        made.append(picture)
    return made


def box_of(picture: np.ndarray) -> np.ndarray:
    """The box that is hidden."""
    return picture[BOX.top : BOX.bottom, BOX.left : BOX.right].astype(np.float64)


def guessed(hidden: np.ndarray, candidates: list[np.ndarray]) -> int:
    """Which candidate lies nearest."""
    return int(np.argmin([np.mean((hidden - one) ** 2) for one in candidates]))


def test_a_blur_can_be_undone_which_is_why_none_is_offered():
    """Richardson-Lucy gives every blurred digit back; so does comparing with blurred guesses."""
    pictures = [box_of(one) for one in digit_scenes()]
    assert "blur" not in {one.value for one in Cover}
    restored_right = compared_right = 0
    for digit, picture in enumerate(pictures):
        blurred = np.rint(ndimage.gaussian_filter(picture, 3.0))
        estimate = np.full_like(blurred, blurred.mean())
        for _ in range(60):
            ratio = blurred / np.maximum(ndimage.gaussian_filter(estimate, 3.0), 1e-6)
            estimate *= ndimage.gaussian_filter(ratio, 3.0)
        restored_right += guessed(estimate, pictures) == digit
        guesses = [ndimage.gaussian_filter(one, 3.0) for one in pictures]
        compared_right += guessed(blurred, guesses) == digit
    assert restored_right == 10
    assert compared_right == 10


@pytest.mark.parametrize("cover", list(Cover))
def test_what_is_hidden_leaves_no_trace_to_invert(cover, pool, tmp_path):
    """Copies of clips that differ beneath the cover alone are one and the same file.

    Nothing that is the same for all can tell which one it was. The mosaic is drawn with one seed
    here, as if an attacker knew it.
    """
    digests = set()
    for digit, picture in enumerate(digit_scenes(3)):
        path = write_luma(tmp_path / f"{digit}.mkv", [picture] * 2, codec="ffv1")
        drawing = Redactor([Hidden(BOX, 0, 99)], cover, seed=7).draw
        wish = CopyWish("redacted copy", drawing, bare=True)
        _, made = copied(pool, path, tmp_path / f"{digit}.mp4", wish)
        digests.add(hashlib.sha256(made.path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_mosaic_is_held_so_that_averaging_gives_nothing(pool):
    """Over frames in which the subject moves the blocks stay as they are."""
    redactor = Redactor([Hidden(BOX, 0, 99)], Cover.MOSAIC)
    chroma = (48, 80)
    found = []
    for moment in range(4):
        planes = (scene(moment).copy(), *(np.full(chroma, 90, np.uint8) for _ in range(2)))
        found.append(redactor.draw(moment, planes)[0])
    for one in found[1:]:
        np.testing.assert_array_equal(box_of(one), box_of(found[0]))
    blocks = np.unique(box_of(found[0]))
    assert len(blocks) > 8
    other = Redactor([Hidden(BOX, 0, 99)], Cover.MOSAIC)
    planes = (scene(0).copy(), *(np.full(chroma, 90, np.uint8) for _ in range(2)))
    assert (box_of(other.draw(0, planes)[0]) != box_of(found[0])).any()


def test_the_cover_reaches_over_every_sample_and_no_further(pool, tmp_path):
    """Inside is one value in the delivered file, in the given frames alone."""
    path = write_luma(tmp_path / "in.mkv", progressive(6), codec="ffv1")
    drawing = Redactor([Hidden(BOX, 2, 4)], Cover.SOLID).draw
    _, made = copied(pool, path, tmp_path / "out.mp4", CopyWish("redacted copy", drawing))
    for number, (luma, was) in enumerate(zip(frames_of(made.path), progressive(6), strict=True)):
        inside = box_of(luma)
        if 2 <= number <= 4:
            assert np.abs(inside - FILL).max() <= 6
        else:
            assert np.abs(inside - box_of(was)).max() <= 24
        outside = np.abs(luma.astype(int) - was)[:, : BOX.left - 16]
        assert outside.max() <= 24


def test_a_redacted_copy_brings_nothing_else_along(pool, tmp_path):
    """Neither sound nor metadata nor chapters of the clip are in it."""
    path = write_clip(tmp_path / "in.mp4", audio="aac", language="deu")
    drawing = Redactor([Hidden(Region(0, 0, 16, 16), 0, 99)], Cover.SOLID).draw
    wish = CopyWish("redacted copy", drawing, sound=False, bare=True)
    _, made = copied(pool, path, tmp_path / "out.mp4", wish)
    with av.open(str(made.path)) as container:
        assert [one.type for one in container.streams] == ["video"]
        assert "deu" not in str(container.metadata)
    assert "no sound was asked for" in made.left_out[0]


def test_tracks_are_covered_between_and_beyond_their_places():
    """A box holds both places; a margin and some frames are added; other tracks stay."""
    shape = FrameShape(200, 300, PixelLayout(Family.YCBCR, 8, 1, 1))
    places = tuple(Place(frame, Box(left, 60, 20, 20), 0.9) for frame, left in ((10, 50), (14, 70)))
    facts = DetectorFacts("by hand", "1", "0" * 64, "none", "none", "")
    tracks = tuple(Track(number, "face", places) for number in (1, 2))
    data = track_bytes(TrackSet(facts, 200, 300, 40, 40, 1, tracks))
    hidden = tracked_regions(data, shape, frozenset({1}))
    assert len(hidden) == 3
    for frame in range(2, 23):
        covering = [one.region for one in hidden if one.first <= frame <= one.last]
        assert covering, frame
    between = next(one.region for one in hidden if (one.first, one.last) == (10, 14))
    assert between.left <= 45
    assert between.right >= 95
    with pytest.raises(RequestError, match="no track"):
        tracked_regions(data, shape, frozenset({3}))
    with pytest.raises(RequestError, match="200"):
        tracked_regions(data, FrameShape(100, 300, shape.layout))


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"regions": []}', b'{"regions": [{"box": [1, 2, 3]}]}',
     b'{"regions": [{"box": [0, 0, 0, 5]}]}', b'{"regions": [{"box": [900, 0, 5, 5]}]}',
     b'{"regions": [{"box": [0, 0, 5, 5], "frames": [5, 2]}]}',
     b'{"regions": [{"box": [0, 0, NaN, 5]}]}', b"[" * 100_000],
)  # fmt: skip
def test_regions_out_of_form_are_refused(data):
    """Nothing is guessed about what was to be hidden."""
    shape = FrameShape(100, 100, PixelLayout(Family.YCBCR, 8, 1, 1))
    with pytest.raises(RequestError):
        read_regions(data, shape, frames=10)


# --- what is pointed at, and what is compared -------------------------------------------------


def test_a_demonstrative_copy_says_so_in_every_frame(pool, tmp_path):
    """The label is in all frames, a mark in its own frames alone."""
    pictures = [np.full((96, 160), 100, np.uint8)] * 6
    path = write_luma(tmp_path / "in.mkv", pictures, codec="ffv1")
    index = index_video(pool, path)
    shape = plain_shape(index.video.shape)
    marks = read_marks(
        json.dumps({"marks": [{"arrow": [20, 80, 120, 60], "frames": [2, 3]},
                              {"caption": "here", "at": [100, 40], "frames": [2, 3]}]}).encode(),
        shape, frames=6,
    )  # fmt: skip
    drawing = Marker(marks, label_mark("D-1", shape, frames=6)).draw
    made = make_copy(
        pool, path, index, tmp_path / "d1.mp4", CopyWish("demonstrative copy", drawing), SILENT
    )
    for number, luma in enumerate(frames_of(made.path)):
        assert (np.abs(luma[:20, :100].astype(int) - 100) > 60).any()
        marked = bool((np.abs(luma[30:].astype(int) - 100) > 60).any())
        assert marked == (2 <= number <= 3)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_marks_stand_upright_on_a_clip_that_lies_on_its_side(turn):
    """Turned upright as a player turns it, a marked frame is the same whatever its rotation."""
    upright = FrameShape(120, 200, PixelLayout(Family.YCBCR, 8, 1, 1))
    stored = shown_shape(upright, turn=turn)
    assert shown_shape(stored, turn=turn) == upright
    marks = read_marks(
        b'{"marks": [{"caption": "door", "at": [90, 60]}, {"arrow": [20, 100, 60, 40]}]}',
        upright,
        frames=1,
    )

    def drawn(shape: FrameShape, degrees: int) -> np.ndarray:
        marker = Marker(marks, label_mark("D-1", upright, frames=1), turn=degrees)
        planes = tuple(np.full(shape.plane_size(one), 100, np.uint8) for one in range(3))
        return marker.draw(0, planes)[0]

    expected = drawn(upright, 0)
    assert (expected != 100).any()
    np.testing.assert_array_equal(np.rot90(drawn(stored, turn), turn // 90), expected)


def test_before_and_after_stand_in_sync(pool, tmp_path):
    """Beside each frame of the result stands the source frame of that moment."""
    levels = [40 + 20 * number for number in range(8)]
    before = write_luma(
        tmp_path / "a.mkv", [np.full((48, 64), one, np.uint8) for one in levels], codec="ffv1"
    )
    after = write_luma(
        tmp_path / "b.mp4",
        [np.full((96, 128), 255 - one, np.uint8) for one in levels for _ in range(2)],
        rate=Fraction(50),
    )
    first, second = index_video(pool, before), index_video(pool, after)
    assert shown_then(first, second).tolist() == [number // 2 for number in range(16)]
    beside = Beside(pool, before, first, second)
    wish = CopyWish("side-by-side copy", beside.draw, result=beside.shape)
    made = make_copy(pool, after, second, tmp_path / "c.mp4", wish, SILENT)
    beside.close()
    found = frames_of(made.path)
    assert len(found) == 16
    strip = strip_rows(96)
    for number, luma in enumerate(found):
        assert luma.shape == (strip + 96, 128 * 2 + 8)
        level = levels[number // 2]
        assert np.abs(luma[strip + 2 :, :120].astype(int) - level).max() <= 4
        assert np.abs(luma[strip + 2 :, 144:].astype(int) - (255 - level)).max() <= 4
        assert luma[:strip, :60].max() > 180
        assert luma[:strip, 136:190].max() > 180


@pytest.mark.parametrize("turns", range(4))
def test_before_is_on_the_left_as_the_picture_is_shown(turns, monkeypatch):
    """However a clip is stored, upright it has its source on the left, below the word for it."""
    upright = np.arange(24 * 40, dtype=np.uint8).reshape(24, 40) % 97
    beside = Beside.__new__(Beside)
    stored = np.rot90(upright, -turns)
    layout = PixelLayout(Family.YCBCR, 8, 1, 1)
    monkeypatch.setattr(beside, "_turns", turns, raising=False)
    monkeypatch.setattr(beside, "_shown", [0], raising=False)
    monkeypatch.setattr(beside, "_own", FrameShape(*stored.shape, layout), raising=False)
    monkeypatch.setattr(beside, "_current", (0, (stored,)), raising=False)
    (made,) = beside.draw(0, (stored + 100,))
    assert made.shape == (beside.shape.height, beside.shape.width)
    shown, strip = np.rot90(made, turns), strip_rows(24)
    np.testing.assert_array_equal(shown[strip:, :40], upright)
    np.testing.assert_array_equal(shown[strip:, 48:], upright + 100)
    assert (shown[:strip] == 235).any()


def test_a_statement_holds_for_its_own_files_alone(tmp_path):
    """A copy that was changed, or a statement that was, is found out."""
    (tmp_path / "a.mp4").write_bytes(b"copy")
    line = Named("a.mp4", hashlib.sha256(b"copy").hexdigest(), 4, "copy")
    source = Named("in.mp4", "0" * 64, 9, "source")
    path = tmp_path / "a.statement.json"
    path.write_bytes(signed(copy_body("court copy", [source], [line], {}), FixedSigner()))
    found = check_copy(path)
    assert (found.present, found.absent) == (("a.mp4",), ())
    assert found.predicate["kind"] == "court copy"
    (tmp_path / "a.mp4").write_bytes(b"cope")
    with pytest.raises(EvidenceError, match="not the file"):
        check_copy(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(EvidenceError):
        check_copy(path)
