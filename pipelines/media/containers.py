"""Which container a result is wrapped in: the first that keeps everything, with the reasons.

MP4, QuickTime and Matroska are tried in this order. Each must carry every kept stream packet for
packet, every time exactly, and what the coding itself cannot say about colours and pixels. A
stream that none of them carries is a refusal that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.errors import UnsupportedError
from pipelines.media.picture import Family
from pipelines.media.video import UNSPECIFIED, StreamFacts, StreamKind, VideoIndex

_MILLISECOND = Fraction(1, 1000)
_MOST_TIMESCALE = 2**31 - 1
_TIMED = (StreamKind.VIDEO, StreamKind.AUDIO, StreamKind.SUBTITLE)


@dataclass(frozen=True, slots=True)
class Container:
    """A container that results are written to, and the codecs that it carries for sure."""

    name: str
    suffix: str
    format: str
    codecs: frozenset[str]


_COMMON = {"h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "av1", "mjpeg", "png"}
_COMMON |= {"aac", "mp3", "mp2", "ac3", "eac3", "alac"}
_PCM = {"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"}
_PCM_BIG = {"pcm_s16be", "pcm_s24be", "pcm_s32be"}

CONTAINERS: tuple[Container, ...] = (
    Container(
        "mp4",
        ".mp4",
        "mp4",
        frozenset(_COMMON | {"vp9", "ffv1", "flac", "opus", "dts", "mov_text", "dvd_subtitle"}),
    ),
    Container(
        "mov",
        ".mov",
        "mov",
        frozenset(
            _COMMON | _PCM | _PCM_BIG
            | {"prores", "dnxhd", "dvvideo", "mov_text", "adpcm_ima_qt", "dts"}
            | {"pcm_alaw", "pcm_mulaw", "amr_nb", "amr_wb"}
        ),
    ),
    Container(
        "matroska",
        ".mkv",
        "matroska",
        frozenset(
            _COMMON - {"png"} | _PCM | _PCM_BIG
            | {"vp8", "vp9", "ffv1", "prores", "theora", "msmpeg4v3", "rawvideo"}
            | {"flac", "opus", "vorbis", "dts", "truehd", "wavpack"}
            | {"subrip", "ass", "webvtt", "dvd_subtitle", "hdmv_pgs_subtitle"}
            | {"dvb_subtitle"}
        ),
    ),
)  # fmt: skip


# ISO/IEC 23003-5 has raw sound in MP4, which few players know yet; nothing else keeps it beside
# FFV1 at times that are no whole milliseconds.
_LAST = replace(
    CONTAINERS[0],
    codecs=CONTAINERS[0].codecs | _PCM - {"pcm_u8"} | _PCM_BIG,
)


def container_named(name: str) -> Container:
    """The container that a delivery names."""
    return next(one for one in CONTAINERS if one.name == name)


def choose_container(
    index: VideoIndex, kept: tuple[StreamFacts, ...], codec: str, remarks: list[str]
) -> Container:
    """Decide, and say why in `remarks`. `codec` is the encoder's name. Raises UnsupportedError."""
    own = {"libx264": "h264", "libx264rgb": "h264", "libx265": "hevc"}.get(codec, codec)
    reasons: list[str] = []
    for container in (*CONTAINERS, _LAST):
        reason = _objection(container, index, kept, own)
        if not reason:
            if reasons:
                remarks.append(f"Wrapped as {container.name}. Not as {' Not as '.join(reasons)}")
            return container
        reasons.append(f"{container.name}: {reason}.")
    for container in CONTAINERS[:2]:
        # Nothing keeps it all to the last digit; what is near enough is taken and said.
        if not _objection(container, index, kept, own, exact=False):
            remarks.extend(_inexact(container, index, kept, own))
            return container
    blamed = next((one for one in kept if not any(one.codec in c.codecs for c in CONTAINERS)), None)
    if blamed is not None:
        raise UnsupportedError(
            f"No container here carries stream {blamed.index} ({blamed.kind.value}, "
            f"{blamed.codec}) packet for packet.",
            next_step=f"Leave it out with --drop-stream {blamed.index}; that is put on record.",
        )
    if not kept:
        raise UnsupportedError(
            f"No container here keeps the clip's times. {' '.join(reasons)}",
            next_step="Rewrap the clip with times that one of them keeps; keep a record of that.",
        )
    raise UnsupportedError(
        f"No container here carries all streams packet for packet. {' '.join(reasons)}",
        next_step="Leave one of them out with --drop-stream N; that is put on record.",
    )


def _objection(
    container: Container,
    index: VideoIndex,
    kept: tuple[StreamFacts, ...],
    own: str,
    *,
    exact: bool = True,
) -> str:
    """Why a container will not do; empty where it will.

    Without `exact` times of sound may be rounded and a range be stated that is only assumed.
    """
    if own not in container.codecs:
        return f"it does not carry {own}"
    for stream in kept:
        if stream.kind is StreamKind.ATTACHMENT or stream.codec not in container.codecs:
            return f"it does not carry stream {stream.index} ({stream.codec})"
    if container.name == "matroska":
        # PyAV tells a muxer the aspect through the codec alone, and FFV1 has no word for it.
        if own == "ffv1" and index.video.sample_aspect not in (None, 1):
            return "it cannot state the shape of pixels beside ffv1"
        units = [one.time_base / _MILLISECOND for one in kept if one.kind in _TIMED]
        exact = _whole(index, _MILLISECOND) and all(one.denominator == 1 for one in units)
        return "" if exact else "its times are whole milliseconds"
    if own == "ffv1" and _lacks_range(index) and (exact or not _is_studio(index)):
        return "it states colours beside ffv1 with a range only"
    return _objection_of_time(index, kept if exact else ())


def _inexact(
    container: Container, index: VideoIndex, kept: tuple[StreamFacts, ...], own: str
) -> Iterator[str]:
    """What a container that was taken all the same does not keep to the last digit."""
    if own == "ffv1" and _lacks_range(index):
        yield f"The range is stated as studio, for {container.name} states one with any colours."
    if _objection_of_time(index, kept):
        yield f"Times of sound are rounded to whole samples, which {container.name} counts in."


def _lacks_range(index: VideoIndex) -> bool:
    """Whether the source states colours without a range of values. R, G, B is always full."""
    colour = index.video.colour
    codes = (colour.primaries, colour.transfer, colour.matrix)
    stated = any(code not in (0, UNSPECIFIED) for code in codes)
    family = index.video.shape.layout.family
    return stated and colour.full_range is None and family is not Family.RGB


def _is_studio(index: VideoIndex) -> bool:
    """Whether everybody takes values without a stated range for studio range: not so gray."""
    layout = index.video.shape.layout
    return layout.family is Family.YCBCR and not layout.full_range


def _objection_of_time(index: VideoIndex, kept: tuple[StreamFacts, ...]) -> str:
    """Why MP4 and QuickTime cannot keep the times; empty where they can."""
    if not _rising(index):
        return "it has no place for frames that share a time"
    for stream in kept:
        # The time of audio is counted in samples; that of PCM is nothing but their number.
        samples = stream.time_base * (stream.sample_rate or 0)
        counted = samples == 1 or not stream.codec.startswith("pcm_")
        if stream.sample_rate and (samples.denominator != 1 or not counted):
            return f"it cannot keep the times of stream {stream.index} ({stream.codec})"
    base = index.video.stream.time_base
    return f"it has no time base of {base}" if base.denominator > _MOST_TIMESCALE else ""


def _whole(index: VideoIndex, unit: Fraction) -> bool:
    """Whether every presentation time is a whole number of `unit`."""
    ratio = index.video.stream.time_base / unit
    return bool(((index.pts * ratio.numerator) % ratio.denominator == 0).all())


def _rising(index: VideoIndex) -> bool:
    """Whether every frame is later than the one before it."""
    return bool((index.pts[1:] > index.pts[:-1]).all())
