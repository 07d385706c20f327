"""A clip's time as a picture: types and sizes of frames, quantiser, fields, and what is wrong.

From left to right goes the clip, in at most as many steps as `pipelines.media.bins` has bins;
each lane is one kind of fact. Drawn with whole numbers from the tallies alone.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.media.frame_tally import FRAME_LANES, PACKET_LANES
from pipelines.media.lettering import lettering
from pipelines.quality.indexed_png import IndexedPng
from pipelines.stages.export.sanitise import shown
from pipelines.stages.inspect.inspected import Inspected

WIDTH = 1000
"""Columns that the clip takes."""

_FONT = Path(__file__).parents[1] / "export" / "fonts" / "DejaVuSans.ttf"
_LEFT, _RIGHT, _TOP, _LANE, _GAP = 130, 20, 44, 56, 14
_MARK = 18
_SMALL, _LARGE = 12, 15
_WHITE, _INK, _PALE, _I, _P, _B, _OTHER, _BAR, _QP, _FIELD, _WARN, _BAD = range(12)
_PALETTE = np.array(
    [
        (255, 255, 255), (34, 34, 34), (238, 238, 238), (190, 52, 62), (58, 110, 165),
        (88, 160, 150), (150, 150, 150), (96, 96, 130), (160, 110, 40), (120, 80, 150),
        (225, 150, 40), (200, 30, 40),
    ],
    np.uint8,
)  # fmt: skip

_Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Lane:
    """One row of the picture: shares from the bottom up per column, each with a colour."""

    words: str
    height: int
    shares: tuple[tuple[int, NDArray[np.float64]], ...]
    remark: str = ""


def draw_timeline(found: Inspected) -> bytes:
    """The picture as PNG. `found` must hold a clip with frames."""
    lanes = _lanes(found)
    height = _TOP + sum(one.height + _GAP for one in lanes) + 2 * _GAP + _SMALL
    picture: _Picture = np.full((height, _LEFT + WIDTH + _RIGHT), _WHITE, np.uint8)
    clip = found.clip
    assert clip is not None  # noqa: S101 - the caller saw to it
    frames = clip.frames.frames
    title = f"{shown(found.name, longest=80)}: {frames} frames, stream {clip.stream}"
    _write(picture, title, 10, 10, _LARGE)
    at = _TOP
    for lane in lanes:
        _draw(picture, lane, at)
        at += lane.height + _GAP
    _write(picture, "frame 0", at, _LEFT, _SMALL)
    last = f"frame {frames - 1}"
    _write(picture, last, at, _LEFT + WIDTH - 8 * len(last), _SMALL)
    out = io.BytesIO()
    png = IndexedPng(
        out,
        width=picture.shape[1],
        height=height,
        palette=_PALETTE,
        texts={"Title": "Timeline", "Source": f"SHA-256 {found.digests.hex['sha256']}"},
    )
    png.write(picture)
    png.finish()
    return out.getvalue()


def _lanes(found: Inspected) -> list[_Lane]:
    clip = found.clip
    assert clip is not None  # noqa: S101 - the caller saw to it
    sums = _columns(clip.frames.lanes.sums)
    lane = {name: sums[:, place] for place, name in enumerate(FRAME_LANES)}
    count = np.maximum(lane["I"] + lane["P"] + lane["B"] + lane["?"], 1e-9)
    packets = _columns(clip.packets.lanes.sums)
    sizes = packets[:, PACKET_LANES.index("bytes")] / max(1, clip.packets.lanes.width)
    most = max(1.0, float(sizes.max())) if len(sizes) else 1.0
    quantiser = lane["qp_sum"] / np.maximum(lane["qp_count"], 1e-9)
    highest = max(1.0, float(quantiser.max()))
    known = clip.frames.qp != {}
    lanes = [
        _Lane(
            "frame types",
            _LANE,
            (
                (_I, lane["I"] / count),
                (_P, lane["P"] / count),
                (_B, lane["B"] / count),
                (_OTHER, lane["?"] / count),
            ),
            "I red, P blue, B green",
        ),
        _Lane("bytes per frame", _LANE, ((_BAR, sizes / most),), f"up to {most:.0f}"),
        _Lane(
            "quantiser",
            _LANE,
            ((_QP, quantiser / highest),) if known else (),
            f"up to {highest / 100:.1f}" if known else "not told",
        ),
    ]
    if found.field_tally is not None and found.field_tally.kinds:
        fields = _columns(found.field_tally.lanes.sums)
        woven = fields[:, 0] / np.maximum(fields.sum(axis=1), 1e-9)
        lanes.append(_Lane("woven frames", _MARK, ((_FIELD, woven),)))
    for words, name, colour in (
        ("repeated", "repeated", _WARN),
        ("odd times", "odd_time", _WARN),
        ("damaged", "damaged", _BAD),
    ):
        lanes.append(_Lane(words, _MARK, ((colour, (lane[name] > 0).astype(np.float64)),)))
    return lanes


def _columns(sums: NDArray[np.int64]) -> NDArray[np.float64]:
    """The bins spread over the columns of the picture; what few bins hold is repeated.

    Several bins in one column give their largest, so that no single mark is lost.
    """
    bins = len(sums)
    if bins == 0:
        return np.zeros((WIDTH, sums.shape[1]))
    begin = np.arange(WIDTH) * bins // WIDTH
    stop = np.maximum(begin + 1, (np.arange(WIDTH) + 1) * bins // WIDTH)
    return np.array([sums[a:b].max(axis=0) for a, b in zip(begin, stop, strict=True)], np.float64)


def _draw(picture: _Picture, lane: _Lane, at: int) -> None:
    area = picture[at : at + lane.height, _LEFT : _LEFT + WIDTH]
    area[:] = _PALE
    rows = np.arange(lane.height)[::-1, None]
    filled = np.zeros(WIDTH)
    for colour, share in lane.shares:
        low, filled = filled, filled + share * lane.height
        area[(rows >= np.floor(low + 0.5)) & (rows < np.floor(filled + 0.5))] = colour
    _write(picture, lane.words, at + 2, 10, _SMALL)
    if lane.remark:
        _write(picture, lane.remark, at + 20, 10, _SMALL - 2)


def _write(picture: _Picture, words: str, top: int, left: int, pixels: int) -> None:
    mask = lettering(words, font=_FONT, pixels=pixels)
    area = picture[top : top + mask.shape[0], left : left + mask.shape[1]]
    area[mask[: area.shape[0], : area.shape[1]]] = _INK
