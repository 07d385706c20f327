"""The conservation laws of clips, checked on the bytes of the finished file.

Source and result are both looked at in decode children, packet by packet. What an operation
declared (another size) stands beside the law; anything else that differs breaks it. Defects that
the source already has are listed as such and are no fault of the result.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ConservationError, DecodeChildError
from pipelines.media.delivery import planar_name
from pipelines.media.index import NO_TIME
from pipelines.media.picture import Family, FrameShape
from pipelines.media.pool import DecodePool
from pipelines.media.sound import NewSound, sound_laws
from pipelines.media.stated import stated_streams, video_facts
from pipelines.media.video import (
    CodedSegment,
    Delivery,
    Law,
    StreamFacts,
    TimingSource,
    VideoFacts,
    VideoIndex,
)

_MOST_LISTED = 20
BY_A_PERSON = "overridden by the operator"


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at a file's packets found.

    `times` is (N, 2): pts and duration. `packets` are those of the streams that are not chosen;
    `coded` are digests of the chosen one's, `first` is the digest of its first frame.
    """

    video: VideoFacts
    streams: tuple[StreamFacts, ...]
    times: NDArray[np.int64]
    packets: Mapping[int, Mapping[str, Any]]
    chapters: tuple[tuple[str, ...], ...]
    coded: tuple[bytes, ...]
    first: bytes


def check_laws(  # noqa: PLR0913 - both files, what lies between, and what was declared
    pool: DecodePool,
    *,
    source: Path,
    index: VideoIndex,
    result_path: Path,
    delivery: Delivery,
    result: FrameShape,
    segments: Sequence[CodedSegment],
    declared: str = "",
    timed: VideoIndex | None = None,
    declared_timing: str = "",
    sounds: Sequence[NewSound] = (),
) -> tuple[Law, ...]:
    """Compare the finished file with the source, and with the segments that it was joined from.

    `index` is that of the source; `timed` is what the result must be by what its operations
    declared: other frames, times, or shape of samples. `declared` says which operations change
    the size, `declared_timing` which one the frames, each empty where none does. Without `timed`
    nothing may differ. `sounds` were coded anew for the result. A broken law is returned, not
    raised; see `require`. Raises DecodeChildError where a file cannot be read.
    """
    timed = timed or index
    before = _look(pool, source, index.video.stream.index)
    kept = [one.index for one in index.streams if one.index not in delivery.dropped]
    parts = [one.frames for one in segments]
    after = _look(pool, result_path, kept.index(index.video.stream.index), parts)
    laws = [
        *_coded_laws(segments, after),
        *_time_laws(index, timed, after, delivery, declared_timing),
        *_picture_laws(index, timed, after, result, declared),
        _range_law(index.video, after.video, delivery),
        *_stream_laws(before, after, kept, index, delivery, sounds),
        _law("chapters", _listed(before.chapters), _listed(after.chapters)),
    ]
    return tuple(_beside_statement(law, before.video, index) for law in laws)


def _beside_statement(law: Law, stated: VideoFacts, index: VideoIndex) -> Law:
    """What the file itself states stands in a law where a person decided otherwise."""
    taken = index.video
    originals = {
        "range": (_range(stated.colour.full_range), _range(taken.colour.full_range)),
        "matrix": (str(stated.colour.matrix), str(taken.colour.matrix)),
        "sample aspect": (_aspect(stated.sample_aspect), _aspect(taken.sample_aspect)),
        "frames": (str(index.whole_frames or index.frames), str(index.frames)),
    }
    original, here = originals.get(law.name, ("", ""))
    if original == here:
        return law
    declared = f"{BY_A_PERSON}, {law.declared}" if law.declared else BY_A_PERSON
    return replace(law, source=original, declared=declared)


def require(laws: Iterable[Law]) -> None:
    """Raise ConservationError naming every broken law with its numbers."""
    broken = [law for law in laws if not law.holds]
    if broken:
        raise ConservationError(
            "The result broke what must be kept: "
            + "; ".join(f"{law.name}: {law.source} became {law.result}" for law in broken),
            next_step="Nothing was delivered. Keep the file and report this as a fault.",
        )


def source_defects(index: VideoIndex) -> tuple[str, ...]:
    """What is already wrong with the source, one sentence each."""
    found = list(index.defects)
    corrupt = np.flatnonzero(index.corrupt)
    if len(corrupt):
        found.append(f"The decoder marked frames as damaged: {_frames(corrupt)}.")
    step = np.diff(index.pts)
    same = np.flatnonzero(step == 0) + 1
    if len(same):
        found.append(f"Frames share the time of the frame before: {_frames(same)}.")
    backwards = np.flatnonzero(step < 0) + 1
    if len(backwards):
        found.append(f"Frames are earlier than the frame before: {_frames(backwards)}.")
    rising = step[step > 0]
    if len(rising):
        usual = int(np.median(rising))
        gaps = np.flatnonzero(step > 3 * usual) + 1
        if len(gaps):
            found.append(f"Gaps of more than three usual frame times before: {_frames(gaps)}.")
    digests = index.digest
    repeats = np.flatnonzero((digests[1:] == digests[:-1]).all(axis=1)) + 1
    if len(repeats):
        found.append(f"Frames repeat the frame before, sample for sample: {_frames(repeats)}.")
    return tuple(found)


def _frames(numbers: NDArray[np.int64]) -> str:
    listed = ", ".join(str(number) for number in numbers[:_MOST_LISTED])
    more = len(numbers) - _MOST_LISTED
    return f"{listed} and {more} more" if more > 0 else listed


def _look(pool: DecodePool, path: Path, stream: int, parts: Sequence[int] = ()) -> _Looked:
    arguments = {"path": str(path), "name": path.name, "stream": stream, "parts": list(parts)}
    facts: dict[str, Any] | None = None
    first = ""
    times: list[NDArray[np.int64]] = []
    with pool.session("video_packets", arguments) as session:
        while "end" not in (message := session.receive()):
            if "facts" in message:
                facts, first = message["facts"], message["first"]
            else:
                data = base64.b64decode(message["batch"])
                times.append(np.frombuffer(data, "<i8").reshape(-1, 2))
    if facts is None:
        raise DecodeChildError("The decoder ended without facts.")
    streams, own = stated_streams(facts)
    end = message["end"]
    return _Looked(
        video=video_facts(facts, own, TimingSource.CONTAINER),
        streams=streams,
        times=np.concatenate(times) if times else np.zeros((0, 2), np.int64),
        packets={one["stream"]: one for one in end["streams"]},
        chapters=tuple(tuple(one) for one in end["chapters"]),
        coded=tuple(bytes.fromhex(one) for one in end["coded"]),
        first=bytes.fromhex(first),
    )


def _coded_laws(segments: Sequence[CodedSegment], after: _Looked) -> Iterable[Law]:
    """The enhanced stream of the finished file is the segments that were decoded and judged.

    Packets are compared without the framing of their containers. How they decode hangs on the
    parameter sets as well, which lie elsewhere in every container: they are the same for all
    segments, so the first frame stands for them.
    """
    was = tuple(one.coded for one in segments)
    pairs = zip(was, after.coded, strict=False)
    wrong = [number for number, (old, new) in enumerate(pairs) if old != new]
    where = f", first in segment {wrong[0]}" if wrong else ""
    whole = [hashlib.sha256(b"".join(coded)).hexdigest() for coded in (was, after.coded)]
    yield Law("coded pictures", whole[0], f"{whole[1]}{where}", holds=was == after.coded)
    yield _law("first frame, decoded", segments[0].first_frame.hex(), after.first.hex())


def _time_laws(
    source: VideoIndex, index: VideoIndex, after: _Looked, delivery: Delivery, declared: str
) -> Iterable[Law]:
    """Frames and times are those of `index`: the source's own, or what was declared of them."""
    old, new = index.video.stream.time_base, after.video.stream.time_base
    found = len(after.times)
    kept = source.frames == index.frames or bool(declared)
    yield Law(
        "frames",
        str(source.frames),
        str(found),
        found == index.frames and kept,
        declared if source.frames != found else "",
    )
    if found != index.frames:
        return
    wrong = [
        frame
        for frame in range(index.frames)
        if int(index.pts[frame]) * old + delivery.moved != int(after.times[frame, 0]) * new
    ]
    if wrong:
        frame = wrong[0]
        was, now = int(index.pts[frame]) * old, int(after.times[frame, 0]) * new
        yield Law(
            "presentation times",
            f"frame {frame} at {was} s",
            f"{now} s, and {len(wrong)} frames differ",
            holds=False,
        )
    else:
        why = ", ".join(filter(None, (declared, _moved_words(delivery))))
        found_times = "as declared" if why else "all equal"
        yield _law("presentation times", "all equal", found_times, why)
    last, now_last = int(index.duration[-1]) * old, int(after.times[-1, 1]) * new
    unstated = delivery.container == "matroska" and now_last != last
    yield _law(
        "duration of the last frame",
        f"{last} s",
        f"{now_last} s",
        "Matroska states no duration of a last frame" if unstated else "",
    )


def _moved_words(delivery: Delivery) -> str:
    """Why times are later than in the source; empty where they are not."""
    return f"moved by {delivery.moved} s, to begin at zero" if delivery.moved else ""


def _picture_laws(
    index: VideoIndex, timed: VideoIndex, after: _Looked, result: FrameShape, declared: str
) -> Iterable[Law]:
    was, now = index.video, after.video
    expected = f"{result.width} x {result.height}"
    found = f"{now.shape.width} x {now.shape.height}"
    size = f"{was.shape.width} x {was.shape.height}"
    holds = found == expected and (size == expected or bool(declared))
    yield Law("size", size, found, holds, declared if size != found else "")
    yield _law("bits per sample", was.shape.layout.depth, now.shape.layout.depth)
    yield _law("planes and chroma", planar_name(was.shape), planar_name(now.shape))
    yield _law("rotation", f"{was.rotation} degrees", f"{now.rotation} degrees")
    yield _law("display matrix", was.display_matrix or "none", now.display_matrix or "none")
    shape, due, shown = (_aspect(one.sample_aspect) for one in (was, timed.video, now))
    holds = shown == due and (shape == due or bool(declared))
    yield Law("sample aspect", shape, shown, holds, declared if shape != shown else "")
    for name in ("primaries", "transfer", "matrix"):
        old, due, new = (getattr(one.colour, name) for one in (was, timed.video, now))
        holds = new == due and (old == due or bool(declared))
        yield Law(name, str(old), str(new), holds, declared if old != new else "")


def _range_law(was: VideoFacts, now: VideoFacts, delivery: Delivery) -> Law:
    """The range of values as stated.

    R, G, B is full range whether or not it says so. H.264 and H.265 that say nothing are studio
    range (ITU-T H.264 and H.265, annex E, video_full_range_flag is inferred to be 0). FFV1 says
    nothing of colours, and MP4 has one field for all of them, range included (ISO/IEC 14496-12,
    ColourInformationBox).
    """
    old, new = _range(was.colour.full_range), _range(now.colour.full_range)
    if was.shape.layout.family is Family.RGB and "studio" not in (old, new):
        return _law("range", "full", "full")
    unsaid = not was.shape.layout.full_range and {old, new} == {"not stated", "studio"}
    declared = ""
    if unsaid and delivery.codec in ("libx264", "libx265"):
        declared = "H.264 and H.265 that state no range are studio range"
    elif unsaid and (delivery.codec, delivery.container, new) == ("ffv1", "mp4", "studio"):
        declared = "MP4 states a range with any colours"
    return _law("range", old, new, declared)


def _stream_laws(
    before: _Looked,
    after: _Looked,
    kept: list[int],
    index: VideoIndex,
    delivery: Delivery,
    sounds: Sequence[NewSound],
) -> Iterable[Law]:
    dropped = _left_out(before, delivery)
    yield _law("streams", len(before.streams), len(after.streams), dropped)
    adts = "mpegts" in index.format_name
    anew = {one.stream.index: one for one in sounds}
    for place, number in enumerate(kept):
        if number == index.video.stream.index or place >= len(after.streams):
            continue
        old, new = before.packets[number], after.packets[place]
        stream = next(one for one in before.streams if one.index == number)
        name = f"stream {number} ({stream.kind.value}, {stream.codec})"
        yield _law(f"{name}: language", _language(stream), _language(after.streams[place]))
        if number in anew:
            yield from sound_laws(anew[number], new, after.streams[place], delivery.moved)
            continue
        yield _law(f"{name}: packets", old["packets"], new["packets"])
        moves = adts and stream.codec == "aac"
        moved = "headers in the packets moved into the container" if moves else ""
        yield _law(f"{name}: payloads", old["payloads"], new["payloads"], moved)
        yield _packet_time_law(f"{name}: times", old, new, stream.sample_rate, delivery)


def _left_out(before: _Looked, delivery: Delivery) -> str:
    """Which streams are not in the result, and why; empty where all of them are."""
    empty = [one for one in delivery.dropped if before.packets.get(one, {}).get("packets") == 0]
    asked = [one for one in delivery.dropped if one not in empty]
    parts = []
    if asked:
        parts.append(f"left out on request: {', '.join(map(str, asked))}")
    if empty:
        parts.append(f"announced and without a packet: {', '.join(map(str, empty))}")
    return "; ".join(parts)


def _packet_time_law(
    name: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    sample_rate: int | None,
    delivery: Delivery,
) -> Law:
    """Times of copied packets are equal, or rounded to whole samples and declared as that."""
    now = _packet_times(new)
    was = [None if one is None else one + delivery.moved for one in _packet_times(old)]
    if was == now:
        why = _moved_words(delivery)
        return Law(name, "all equal", "as declared" if why else "all equal", True, why)
    same_places = len(was) == len(now) and all(
        (a is None) == (b is None) for a, b in zip(was, now, strict=True)
    )
    if not same_places:
        return Law(name, f"{len(was)} times", f"{len(now)}, others without", holds=False)
    pairs = [(a, b) for a, b in zip(was, now, strict=True) if a is not None and b is not None]
    worst = max(abs(a - b) for a, b in pairs)
    holds = sample_rate is not None and worst * sample_rate <= 1
    return Law(
        name,
        f"{len(was)} times",
        f"largest difference {float(worst):.9f} s",
        holds,
        "rounded to whole samples, which the container counts in" if holds else "",
    )


def _packet_times(looked: Mapping[str, Any]) -> list[Fraction | None]:
    base = Fraction(looked["time_base"])
    stated = np.frombuffer(base64.b64decode(looked["times"]), "<i8").tolist()
    return [None if pts == NO_TIME else pts * base for pts in stated]


def _language(stream: StreamFacts) -> str:
    """The stated language; containers write "undetermined" where they must write something."""
    return stream.language if stream.language not in ("", "und") else "not stated"


def _aspect(value: Fraction | None) -> str:
    """MP4 cannot leave it open: square samples and no statement are the same to every player."""
    return "1 or not stated" if value in (None, 1) else str(value)


def _range(full: bool | None) -> str:  # noqa: FBT001 - three states of one fact
    return {True: "full", False: "studio", None: "not stated"}[full]


def _law(name: str, source: object, result: object, declared: str = "") -> Law:
    same = source == result
    return Law(name, str(source), str(result), same or bool(declared), "" if same else declared)


def _listed(chapters: tuple[tuple[str, ...], ...]) -> str:
    return "; ".join(" ".join(one) for one in chapters) or "none"
