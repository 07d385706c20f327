"""Fusion after real H.264: better than one frame where frames looked anew, else it declines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from pipelines.errors import PolicyError, RequestError, UnsupportedError
from pipelines.graph.fusion_facts import FuseParameters, require_admitted
from pipelines.graph.spec import Preset
from pipelines.media.index import index_video
from pipelines.media.picture import Region
from pipelines.media.pool import DecodePool
from pipelines.run.copy_statement import Named
from pipelines.run.fuse import LEAST_INDEPENDENT, UNUSED, Fusion, FusionWish, fused
from pipelines.run.fuse_files import enlarged, fuse_clip, write_fusion
from pipelines.stages.export.words import Language
from tests.unit.pipelines.analysis.fusion_kit import (
    MIDDLE,
    PLACE,
    REGION,
    SHIFTS,
    fidelity,
    fine_scene,
    footage,
    lumas_of,
    recorded,
    region_of,
    truth,
)
from tests.unit.pipelines.media.field_kit import interlaced, write_luma

BOX = Region(*PLACE, *REGION)
WISH = FusionWish(MIDDLE, BOX)
SOURCES = (Named("clip.mp4", "ab" * 32, 1, "source"),)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One pool for all."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """The scene that is filmed."""
    return fine_scene()


def words_of(path: Path) -> str:
    """The text of a document, its lines joined."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def judged(fusion: Fusion, path: Path, scene: np.ndarray, shift: tuple[float, float]) -> dict:
    """PSNR of the fused picture, of the best single frame enlarged, and of the chosen one."""
    expected = region_of(truth(scene, shift))
    lumas = lumas_of(path)
    part = lumas[MIDDLE][PLACE[0] : PLACE[0] + REGION[0], PLACE[1] : PLACE[1] + REGION[1]]
    assert fusion.picture is not None
    singles = []
    for one in fusion.frames:
        whole = [round(value) for value in one.shift]
        fraction = [abs(value - round(value)) for value in one.shift]
        if max(fraction) < 0.1:
            top, left = PLACE[0] + whole[0], PLACE[1] + whole[1]
            other = lumas[one.index][top : top + REGION[0], left : left + REGION[1]]
            if other.shape == REGION:
                singles.append(fidelity(enlarged(other, 2), expected))
    return {
        "fused": fidelity(fusion.picture, expected),
        "plain": fidelity(enlarged(part, 2), expected),
        "best": max(singles),
    }


@pytest.mark.parametrize(("crf", "gain"), [(18, 2.0), (23, 1.0)])
def test_a_moving_subject_gains_over_every_single_frame(crf, gain, pool, scene, tmp_path):
    """Decibels over plain interpolation of the chosen frame, and over the best single one."""
    path = footage(tmp_path / "clip.mp4", scene, SHIFTS, crf=crf, noise=2)
    fusion, _ = fuse_clip(pool, path, index_video(pool, path), WISH)
    found = judged(fusion, path, scene, SHIFTS[MIDDLE])
    assert found["fused"] > found["plain"] + gain
    assert found["fused"] > found["best"] + gain
    assert fusion.remark == ""


def test_a_still_subject_gains_what_averaging_gives_and_is_told_so(pool, scene, tmp_path):
    """Noise goes down; that nothing finer was observed is said."""
    path = footage(tmp_path / "clip.mp4", scene, [(0.0, 0.0)] * 15, crf=12, noise=4)
    fusion, _ = fuse_clip(pool, path, index_video(pool, path), WISH)
    found = judged(fusion, path, scene, (0.0, 0.0))
    assert found["fused"] > found["plain"] + 0.4
    assert "no finer detail was observed" in fusion.remark


def test_copies_alone_make_it_decline(pool, scene, tmp_path):
    """A still subject under strong compression is skipped from frame to frame: nothing is made."""
    path = footage(tmp_path / "clip.mp4", scene, [(0.0, 0.0)] * 15, crf=32, noise=2)
    index = index_video(pool, path)
    fusion, chosen = fuse_clip(pool, path, index, WISH)
    assert fusion.picture is None
    assert fusion.declined.startswith("Declined: of 14 frames around")
    assert fusion.independent < LEAST_INDEPENDENT
    assert not any(one.used for one in fusion.frames)
    assert next(one for one in fusion.frames if one.index == WISH.frame).reason == UNUSED
    out = tmp_path / "out"
    out.mkdir()
    files = write_fusion(out, fusion, chosen, WISH, SOURCES)
    assert [one.name for one in files] == ["fusion.json", "fusion.pdf"]
    assert "Declined: of 14 frames around" in words_of(files[-1])


def test_repeated_frames_count_once(pool, scene, tmp_path):
    """Every frame shown five times gives three looks in fifteen, and no more."""
    pictures = [recorded(scene, SHIFTS[n // 5 * 5], noise=2, seed=n // 5) for n in range(15)]
    path = write_luma(tmp_path / "clip.mkv", pictures, codec="ffv1")
    index = index_video(pool, path)
    kinds = np.full(index.frames, ord("P"), np.uint8)
    fusion, _ = fuse_clip(pool, path, replace(index, picture_type=kinds), WISH)
    fresh = [one.index for one in fusion.frames if one.fresh > 0.5 and one.index != MIDDLE]
    assert set(fresh) <= {0, 5, 10}
    alone, _ = fuse_clip(pool, path, index, WISH)
    assert [one.index for one in alone.frames if one.fresh > 0.5 and one.index != MIDDLE] == fresh


def test_what_does_not_fit_is_left_out(scene):
    """Frames of something else are listed with their residual and not used."""
    lumas = {n: recorded(scene, SHIFTS[n], noise=1, seed=n).astype(float) for n in range(15)}
    for odd in (5, 9):
        lumas[odd] = lumas[odd][::-1, ::-1].copy()
    fusion = fused(WISH, lumas, _every_frame_alone(15))
    left = {one.index for one in fusion.frames if not one.used}
    assert {5, 9} <= left
    assert all("does not fit" in one.reason for one in fusion.frames if one.index in (5, 9))
    assert fusion.picture is not None


def _every_frame_alone(frames: int):
    """As much of an index as fusing asks for: frames that are coded alone."""

    class Alone:
        picture_type = np.full(frames, ord("I"), np.uint8)
        pts = np.arange(frames)
        digest = np.arange(frames * 32).reshape(frames, 32).astype(np.uint8)

    return Alone()


def test_the_list_says_which_frames_with_type_residual_and_share(pool, scene, tmp_path):
    """The sentence names the frames; pictures are 16-bit gray, the plain one beside."""
    path = footage(tmp_path / "clip.mp4", scene, SHIFTS, crf=18, noise=2)
    fusion, chosen = fuse_clip(pool, path, index_video(pool, path), WISH)
    used = [one for one in fusion.frames if one.used]
    assert f"Combines frames {', '.join(str(one.index) for one in used)}" in fusion.sentence
    assert "improvement is not guaranteed" in fusion.sentence
    assert {one.picture_type for one in fusion.frames} <= set("IPB")
    out = tmp_path / "out"
    out.mkdir()
    files = write_fusion(out, fusion, chosen, WISH, SOURCES)
    listed = json.loads(files[-2].read_text())
    assert len(listed["frames"]) == 15
    wanted = {"index", "pts", "type", "shift", "residual", "share", "reason"}
    assert wanted <= set(listed["frames"][0])
    index = index_video(pool, path)
    assert [one["pts"] for one in listed["frames"]] == index.pts.tolist()
    codes = np.asarray(Image.open(files[0])).astype("<u2")
    assert listed["samples_sha256"] == hashlib.sha256(codes.tobytes()).hexdigest()
    for path in files[:2]:
        assert np.asarray(Image.open(path)).shape == (96, 160)
    text = words_of(files[-1])
    assert fusion.sentence in text
    assert "ab" * 32 in text.replace(" ", "")
    for one in fusion.frames:
        assert f"{one.residual:.3f}" in text
    again = tmp_path / "again"
    again.mkdir()
    assert write_fusion(again, fusion, chosen, WISH, SOURCES)[-1].read_bytes() == (
        files[-1].read_bytes()
    )


def test_the_document_follows_the_language(pool, scene, tmp_path):
    """In Russian nothing is left in English but names, letters and digests; a refusal neither."""
    moving = footage(tmp_path / "moving.mp4", scene, SHIFTS, crf=18, noise=2)
    still = footage(tmp_path / "still.mp4", scene, [(0.0, 0.0)] * 15, crf=32, noise=2)
    for number, path in enumerate((moving, still)):
        fusion, chosen = fuse_clip(pool, path, index_video(pool, path), WISH)
        out = tmp_path / str(number)
        out.mkdir()
        files = write_fusion(out, fusion, chosen, WISH, SOURCES, language=Language.RU)
        text = words_of(files[-1])
        assert "Объединение кадров" in text
        assert ("Отказ: из соседних кадров" in text) == bool(fusion.declined)
        assert ("улучшение не гарантируется" in text) == (not fusion.declined)
        assert "[текст на английском языке]" not in text


def test_woven_frames_are_refused_unless_somebody_says_why(pool, tmp_path):
    """Two moments in one frame are no observation of one."""
    path = write_luma(tmp_path / "clip.mp4", interlaced(15, top_first=True))
    index = index_video(pool, path)
    with pytest.raises(UnsupportedError, match="woven"):
        fuse_clip(pool, path, index, WISH)
    fuse_clip(pool, path, index, WISH, despite_fields="the region does not move")


def test_presets_admit_it_from_balanced_on():
    """Its parameters are estimated, which forensic-safe does not admit."""
    with pytest.raises(PolicyError, match="estimated"):
        require_admitted(Preset.FORENSIC_SAFE, FuseParameters())
    require_admitted(Preset.BALANCED, FuseParameters())


@pytest.mark.parametrize(
    "wish",
    [
        FusionWish(99, BOX),
        FusionWish(7, Region(90, 0, 16, 16)),
        FusionWish(7, Region(0, 0, 8, 40)),
        FusionWish(7, BOX, scale=4),
        FusionWish(7, BOX, radius=0),
    ],
)
def test_what_the_clip_does_not_have_is_refused(wish, pool, scene, tmp_path):
    """Frames, regions and bounds are checked before anything is decoded."""
    path = footage(tmp_path / "clip.mp4", scene, SHIFTS[:8], crf=20, noise=1)
    with pytest.raises(RequestError):
        fuse_clip(pool, path, index_video(pool, path), wish)
