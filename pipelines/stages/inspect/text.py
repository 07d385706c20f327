"""What was found of a file as lines for a person. Every text from the file is made safe to show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from pipelines.stages.export.sanitise import shown

_WIDTH = 16
_MOST_TAGS = 30
_MOST_EVENTS = 10


def text(document: Mapping[str, Any]) -> str:
    """The document (`document.document`) as lines."""
    return "\n".join(_lines(document))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield shown(found["file"])
    yield _line("bytes", f"{found['bytes']:,}".replace(",", " "))
    for name in ("sha256", "sha1", "md5"):
        yield _line(name.upper().replace("SHA", "SHA-"), found["digests"][name])
    if found["reason"]:
        yield _line("not read", shown(found["reason"]))
        if found["next_step"]:
            yield _line("next", shown(found["next_step"]))
    if found["photo"] is not None:
        yield from _photo(found["kind"], found["photo"])
    if found["clip"] is not None:
        yield from _clip(found["clip"])
    yield from _structure(found["structure"])


def _photo(kind: str, photo: Mapping[str, Any]) -> Iterator[str]:
    opacity = ", opacity" if photo["alpha"] else ""
    yield _line("photograph", f"{kind}, {photo['family']}, {photo['depth']} bits{opacity}")
    upright = " x ".join(map(str, photo["upright"]))
    turned = f"; upright {upright} (orientation {photo['orientation']})"
    stored = f"{photo['width']} x {photo['height']}"
    yield _line("size", stored + (turned if photo["orientation"] != 1 else ""))
    held = [f"{name} {photo[key]} bytes" for name, key in _HELD if photo[key]]
    yield _line("metadata", ", ".join(held) or "none")
    for name, value in list(photo["tags"].items())[:_MOST_TAGS]:
        yield _line("tag", f"{shown(name)} = {shown(value)}")
    if photo["pages"] > 1:
        yield _line("pages", f"{photo['pages']}; the first is worked on")
    for sentence in (*photo["assumptions"], *photo["remarks"]):
        yield _line("note", shown(sentence))


_HELD = (("ICC", "icc_bytes"), ("EXIF", "exif_bytes"), ("XMP", "xmp_bytes"))


def _clip(clip: Mapping[str, Any]) -> Iterator[str]:
    container = clip["container"]
    yield _line("container", shown(f"{container['format']} ({container['format_words']})"))
    for name, value in list(container["metadata"].items())[:_MOST_TAGS]:
        yield _line("tag", f"{shown(name)} = {shown(value)}")
    for one in clip["streams"]:
        yield from _stream(one, chosen=one["index"] == container["stream"])
    if len(clip["items"]) > 1:
        listed = ", ".join(map(str, clip["items"]))
        yield _line("items", f"several video streams ({listed}): each is an item; --stream N")
    yield from _picture(clip)
    yield from _frames(clip)
    yield from _times(clip)
    yield _quantiser(clip["quantiser"])
    yield from _fields(clip["fields"])
    for sentence in clip["assumptions"]:
        yield _line("assumed", sentence)
    for sentence in clip["defects"]:
        yield _line("defect", shown(sentence))
    if clip["refusal"]:
        yield _line("a job refuses", shown(clip["refusal"]))


def _stream(one: Mapping[str, Any], *, chosen: bool) -> Iterator[str]:
    words = [shown(str(one["kind"])), shown(str(one["codec"]))]
    if one.get("profile"):
        words.append(shown(str(one["profile"])))
    picture = one.get("picture")
    if picture:
        words.append(f"{picture['width']} x {picture['height']}")
    if one["sample_rate"]:
        words.append(f"{one['sample_rate']} Hz, {one.get('channels', '?')} channels")
    if one["language"]:
        words.append(shown(one["language"]))
    words.append(f"{one['packets']} packets, {one['payload_bytes']} bytes")
    mark = " (inspected)" if chosen else ""
    yield _line(f"stream {one['index']}", ", ".join(words) + mark)
    for name, value in list(one["metadata"].items())[:_MOST_TAGS]:
        yield _line("  tag", f"{shown(name)} = {shown(value)}")


def _picture(clip: Mapping[str, Any]) -> Iterator[str]:
    picture, colour = clip["picture"], clip["colour"]
    if picture is not None:
        stated = {None: "not stated", "1/1": "square"}.get(
            picture["stated_sample_aspect"], picture["stated_sample_aspect"]
        )
        yield _line(
            "picture",
            f"stored {picture['width']} x {picture['height']}, pixels {stated}; displayed "
            f"{picture['displayed_width']} x {picture['displayed_height']} "
            f"({float(Fraction(picture['display_aspect'])):.3f} : 1)",
        )
        if picture["coded_sample_aspect"] not in (None, picture["stated_sample_aspect"]):
            yield _line("", f"the coded stream states pixels of {picture['coded_sample_aspect']}")
        if picture["remark"]:
            yield _line("note", picture["remark"])
        if picture["size_changes"]:
            changes = [f"{w} x {h} from frame {n}" for n, w, h in picture["sizes"][:_MOST_EVENTS]]
            yield _line("sizes", f"{picture['size_changes']} changes: {'; '.join(changes)}")
    if colour is not None:
        yield _line("colour", f"{colour['pixel_format']}, {colour['depth']} bits")
        yield _line("range", f"{colour['range']} ({colour['range_is']})")
        yield _line("matrix", f"{colour['matrix']} ({colour['matrix_is']})")


def _frames(clip: Mapping[str, Any]) -> Iterator[str]:
    frames = clip["frames"]
    types = ", ".join(f"{count} {name}" for name, count in frames["types"].items() if count)
    stated = frames["stated_count"]
    beside = f"; the container states {stated}" if stated not in (None, frames["count"]) else ""
    yield _line("frames", f"{frames['count']} ({types or 'none'}){beside}")
    if frames["keyframes"] > 1:
        yield _line(
            "key frames",
            f"{frames['keyframes']}, at most {frames['longest_key_distance']} frames apart",
        )
    repeated = frames["repeated"]
    run = f"; at most {frames['longest_repeat']} in a row" if repeated["count"] else ""
    yield _line("repeated", _picked(repeated, "none repeats the frame before") + run)
    yield _line("damaged", _picked(frames["damaged"], "none marked by the decoder"))
    if frames["concealed"]:
        near = "; ".join(
            f"{blocks} blocks near frame {frame}"
            for frame, blocks in frames["concealed"][:_MOST_EVENTS]
        )
        yield _line("concealed", near)


def _times(clip: Mapping[str, Any]) -> Iterator[str]:
    times = clip["times"]
    yield _line("timing", clip["timing"])
    if clip["timing"] == "assumed":
        return
    rate = "variable rate" if times["variable"] else "constant rate"
    usual = times["usual_step"]
    if usual is not None:
        rate += f", {float(1 / Fraction(usual)):.3f} frames per second as a rule"
    first = times["first"]
    begins = "" if first is None else f"; the first frame at {float(Fraction(first)):.6f} s"
    yield _line("times", rate + begins)
    for name, words in (("gaps", "widest"), ("backwards", "first")):
        if times[name]["count"]:
            events = sorted(times[name][words], key=lambda one: one["frame"])[:_MOST_EVENTS]
            listed = "; ".join(
                f"{float(Fraction(one['step'])):+.3f} s before frame {one['frame']}"
                for one in events
            )
            yield _line(name, f"{times[name]['count']}: {listed}")
    if times["backwards"]["wraps"]:
        yield _line("wraps", f"{times['backwards']['wraps']} look like a counter that began anew")
    for name, words in (
        ("shared", "share the time of the frame before"),
        ("missing", "carry no time"),
    ):
        if times[name]["count"]:
            yield _line(name, f"{_picked(times[name], '')} {words}")


def _quantiser(found: Mapping[str, Any]) -> str:
    if not found["known"]:
        return _line("quantiser", shown(found["scale"]))
    by_type = "; ".join(
        f"{name} {one['least']:g} to {one['most']:g}, mean {one['mean']:g}"
        for name, one in found["by_type"].items()
    )
    return _line("quantiser", f"{by_type} ({found['scale']})")


def _fields(fields: Mapping[str, Any] | None) -> Iterator[str]:
    if fields is None:
        return
    yield _line(
        "fields",
        f"stated {fields['stated']}, {fields['flagged_frames']} frames flagged; "
        f"measured {fields['measured']}",
    )
    if fields["contradiction"]:
        yield _line("", fields["contradiction"])


def _structure(structure: Mapping[str, Any]) -> Iterator[str]:
    for sentence in structure["wrong"]:
        yield _line("structure", shown(sentence))
    for one in structure["hidden"]:
        zero = ", all zero" if one["zero"] else f", begins {one['begins'][:32]}"
        yield _line(
            "beside",
            f"{one['bytes']} bytes {shown(one['where'])} at byte {one['at']}"
            f"{zero}; SHA-256 {one['sha256']}",
        )
    if not structure["hidden"]:
        yield _line("beside", "nothing found after the end or in free space")
    for sentence in structure["not_looked_for"]:
        yield _line("", sentence)


def _picked(picked: Mapping[str, Any], none: str) -> str:
    if not picked["count"]:
        return none
    first = picked["first"][:_MOST_EVENTS]
    more = picked["count"] - len(first)
    listed = ", ".join(map(str, first)) + (f" and {more} more" if more else "")
    return f"{picked['count']}: {listed}"


def _line(name: str, value: str) -> str:
    return f"  {name:<{_WIDTH}}{value}"
