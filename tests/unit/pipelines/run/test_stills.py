"""Stills are the decoder's samples, found again by their names, and proposed with reasons."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import RequestError
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.video import VideoIndex
from pipelines.ports import SilentProgress
from pipelines.run.contact_sheet import ContactSheets, Thumb
from pipelines.run.stills import Stills, make_stills
from pipelines.run.stills_choice import StillsWish, parse_frames
from tests.unit.pipelines.media.clip_kit import framehash
from tests.unit.pipelines.media.field_kit import interlaced, progressive, scene, write_luma

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One pool for all."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of thirty frames: frames 8 and 9 are one picture, frame 20 alone is not blurred."""
    pictures = []
    rows, columns = np.mgrid[0:96, 0:160]
    grain = 40 * ((rows // 2 + columns // 2) % 2) * (columns < 60)
    for number, picture in enumerate(progressive(30)):
        sharp = np.clip(picture.astype(int) + grain, 16, 235).astype(np.uint8)
        soft = sharp.astype(np.float32)
        for axis in (0, 1):
            soft = (np.roll(soft, 1, axis) + soft + np.roll(soft, -1, axis)) / 3
        pictures.append(sharp if number == 20 else soft.astype(np.uint8))
    pictures[9] = pictures[8]
    folder = tmp_path_factory.mktemp("stills")
    return write_luma(folder / "gate.mkv", pictures, codec="ffv1")


def made(pool: DecodePool, clip: Path, out: Path, wish: StillsWish) -> tuple[VideoIndex, Stills]:
    """Index a clip and take stills of it."""
    out.mkdir()
    index = index_video(pool, clip)
    return index, make_stills(pool, clip, index, out, wish, SILENT)


def test_a_still_holds_the_samples_that_ffmpeg_decodes(pool, clip, tmp_path):
    """The planes of the exact form have the digest that framehash prints for that frame."""
    _, stills = made(pool, clip, tmp_path / "out", StillsWish(frames=(0, 7, 29)))
    hashes = framehash(clip, 0)
    for still in stills.stills:
        _, _, planes = still.files[0].read_bytes().partition(b"\nFRAME\n")
        assert hashlib.sha256(planes).hexdigest() == hashes[still.chosen.index]
        assert still.frame_sha256 == hashes[still.chosen.index]


def test_ffmpeg_reads_the_exact_form(pool, clip, tmp_path):
    """Another program decodes a still to the same samples."""
    _, stills = made(pool, clip, tmp_path / "out", StillsWish(frames=(12,)))
    assert framehash(stills.stills[0].files[0], 0) == [framehash(clip, 0)[12]]


def test_names_say_stream_index_time_and_type(pool, clip, tmp_path):
    """From its name alone a still is found again in the clip."""
    index, stills = made(pool, clip, tmp_path / "out", StillsWish(frames=(5,)))
    kind = chr(int(index.picture_type[5]))
    expected = f"s0-f0000005-pts{int(index.pts[5])}-{kind}"
    assert {one.stem for one in stills.stills[0].files} == {expected}
    assert np.asarray(Image.open(stills.stills[0].files[1])).shape == (96, 160, 3)


def test_the_picture_to_look_at_is_the_frame(pool, clip, tmp_path):
    """Studio-range gray shows as gray with black and white at their places."""
    _, stills = made(pool, clip, tmp_path / "out", StillsWish(frames=(20,)))
    shown = np.asarray(Image.open(stills.stills[0].files[1])).astype(float)
    expected = (scene(40).astype(float) - 16) * 255 / 219
    assert np.abs(shown - expected[:, :, None])[:, 60:].max() <= 1


def test_proposals_come_with_reasons_and_never_hold_a_copy(pool, clip, tmp_path):
    """The one sharp frame is first; a repeat is left out; chosen moments lie apart."""
    index, stills = made(pool, clip, tmp_path / "out", StillsWish(best=30))
    chosen = {one.chosen.index: one.chosen.reason for one in stills.stills}
    assert chosen[20].startswith("1. of 30 by sharpness")
    assert 9 not in chosen
    moments = sorted(int(index.pts[one]) for one in chosen)
    assert all(b - a >= 500 for a, b in pairwise(moments))


def test_key_frames_are_those_coded_alone(pool, tmp_path):
    """Frames of type I are taken, and no others."""
    path = write_luma(
        tmp_path / "clip.mp4", progressive(20), options={"g": "8", "x264-params": "scenecut=0"}
    )
    index, stills = made(pool, path, tmp_path / "out", StillsWish(key_frames=True))
    found = [one.chosen.index for one in stills.stills]
    assert found == np.flatnonzero(index.picture_type == ord("I")).tolist()
    assert len(found) == 3


def test_sheets_hold_every_still_and_the_list_names_every_file(pool, clip, tmp_path):
    """Thirty-one pictures fill one sheet and begin another."""
    wish = StillsWish(frames=tuple(range(30)), sheet=True)
    _, stills = made(pool, clip, tmp_path / "out", wish)
    assert [one.name for one in stills.sheets] == ["sheet-1.png"]
    listed = json.loads(stills.listed.read_text())
    named = {name for one in listed["stills"] for name in one["files"]}
    assert named == {path.name for one in stills.stills for path in one.files}
    sheet = np.asarray(Image.open(stills.sheets[0]))
    assert sheet.shape[2] == 3
    assert (sheet < 255).any()


def test_woven_frames_are_warned_of(pool, tmp_path):
    """A still of an interlaced clip says that it shows two moments."""
    path = write_luma(tmp_path / "clip.mp4", interlaced(8, top_first=True))
    _, stills = made(pool, path, tmp_path / "out", StillsWish(frames=(1,)))
    assert "two moments" in stills.warnings[0]


@pytest.mark.parametrize("text", ["", "a", "3-", "-3", "5-2", "1;2", "1-999999", "²"])
def test_what_names_no_frames_is_refused(text):
    """Frames are numbers and ranges, rising, of a bounded number."""
    with pytest.raises(RequestError):
        parse_frames(text)


def test_frames_are_read_in_order_and_once():
    """Ranges include both ends."""
    assert parse_frames("40, 3,10-12,11") == (3, 10, 11, 12, 40)


def test_frames_that_are_not_there_are_refused(pool, clip, tmp_path):
    """Nothing is written for a frame that the clip does not have, or for no wish at all."""
    for wish in (StillsWish(frames=(30,)), StillsWish()):
        with pytest.raises(RequestError):
            made(pool, clip, tmp_path / str(len(wish.frames)), wish)


def test_a_sheet_has_no_more_paper_than_its_pictures_need(tmp_path):
    """Wide pictures stand right below one another; the captions keep their place beneath them."""
    sheets = ContactSheets(tmp_path)
    for number in range(6):
        sheets.add(Thumb(np.full((90, 480, 3), 80, np.uint8), str(number)))
    (path,) = sheets.finish()
    with Image.open(path) as sheet:
        # Two rows: 45 samples of picture, 16 of caption, and 12 between them and around.
        assert sheet.size[1] == 2 * (45 + 16 + 12) + 12
        assert np.asarray(sheet)[12:57, 12:252].max() == 80
