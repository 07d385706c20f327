"""Archives that are not the canonical one: lies in headers, links, bombs, names, zip64."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from pipelines.evidence.archive_form import (
    CENTRAL,
    LOCAL,
    Member,
    central_header,
    end_of_archive,
    local_header,
)
from pipelines.evidence.archive_reader import read_members

_SLIPS = ("../../etc/x", "/etc/x", "bundle/../x", "C:/x", "bundle\\x", "bundle//x", "bundle/./x")
_LINK = 0o120777 << 16


def archives(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every forgery of the archive `good`."""
    yield from _ends(good)
    yield from _orders(good)
    yield from _lies(good)
    yield from _names(good)
    yield from _other_forms(good)
    yield from _zip64(good)


def _ends(good: bytes) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(20261101)  # noqa: S311 - repeatable, no secret
    for size in [0, 1, 21, 22, *chance.sample(range(len(good)), 200), len(good) - 1]:
        yield f"cut to {size} bytes", good[:size]
        yield f"last {size} bytes", good[len(good) - size :]
    for tail in (b"\0", b"\n", b"PK\x05\x06", good[-22:], good):
        yield f"{len(tail)} bytes behind", good + tail
        yield f"{len(tail)} bytes before", tail + good
    for at in chance.sample(range(len(good)), 100):
        yield f"a byte inserted at {at}", good[:at] + b"\0" + good[at:]
        yield f"a byte taken out at {at}", good[:at] + good[at + 1 :]


def _orders(good: bytes) -> Iterator[tuple[str, bytes]]:
    members = read_members(BytesIO(good))
    yield "files turned around", _written(good, members[::-1])
    yield "first file last", _written(good, [*members[1:], members[0]])
    for member in members:
        yield f"{member.name} twice", _written(good, [*members, member])
        behind = [one for one in members if one is not member]
        if member is not members[-1]:
            yield f"{member.name} last", _written(good, [*behind, member])
        listed = _written(good, members, hidden=member)
        yield f"{member.name} not listed", listed


def _lies(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Every field of every header, one at a time: off by one, zero, and as large as it can be."""
    members = read_members(BytesIO(good))
    places = [(one.offset, LOCAL) for one in members]
    at = members[-1].end
    for one in members:
        places.append((at, CENTRAL))
        at += len(central_header(one))
    for start, form in places:
        fields = form.unpack_from(good, start)
        for number, value in enumerate(fields):
            if not isinstance(value, int):
                continue
            for lie in {value + 1, value ^ 0x8000, 0, 0xFFFF, 0xFFFFFFFF, _LINK} - {value}:
                try:
                    changed = form.pack(*fields[:number], lie, *fields[number + 1 :])
                except struct.error:
                    continue
                forged = good[:start] + changed + good[start + form.size :]
                yield f"field {number} of the header at {start} is {lie}", forged


def _names(good: bytes) -> Iterator[tuple[str, bytes]]:
    members = read_members(BytesIO(good))
    for name in (*_SLIPS, "bundle/con", "bundle/a\u202eb", "bundle/e\u0301", members[1].name):
        yield f"a file named {name!a}", _written(good, members, names={members[0].name: name})
        extra = _written(good, members, added=(name, b"x"))
        yield f"a file named {name!a} besides", extra


def _other_forms(good: bytes) -> Iterator[tuple[str, bytes]]:
    """The same files as other zip programs write them, and deflated bombs."""
    with zipfile.ZipFile(BytesIO(good)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    for name, how in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        out = BytesIO()
        with zipfile.ZipFile(out, "w", how) as packed:
            for path, data in files.items():
                packed.writestr(path, data)
        yield f"{name} by another program", out.getvalue()
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, data in files.items():
            with packed.open(path, "w") as file:
                file.write(data if not path.startswith("bundle/data/result/") else bytes(1 << 26))
    yield "a bomb", out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.comment = b"comment"
        for path, data in files.items():
            packed.writestr(path, data)
    yield "a comment", out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.mkdir("bundle")
        for path, data in files.items():
            packed.writestr(path, data)
    yield "a folder", out.getvalue()


def _zip64(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Fields of zip64 where nothing is large, true and untrue, and an end that points elsewhere."""
    members = read_members(BytesIO(good))
    start = members[-1].end
    size = sum(len(central_header(one)) for one in members)
    plain = end_of_archive(len(members), size, start)
    large = end_of_archive(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    yield "a zip64 end for a small archive", good[: -len(plain)] + large
    for count, length, offset in (
        (len(members), size, start),
        (len(members), size, start - 1),
        (0, 0, 0),
        (1 << 40, size, start),
        (len(members), 1 << 62, start),
        (len(members), size, 1 << 63),
    ):
        record = struct.pack(
            "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 0x032D, 45, 0, 0, count, count, length, offset
        )
        locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
        for end in (plain, plain[:8] + b"\xff" * 12 + plain[20:]):
            forged = good[: -len(plain)] + record + locator + end
            yield f"zip64 end of {count} files, {length} bytes at {offset}", forged
    for member in members[:3]:
        huge = replace(member, size=0xFFFFFFFF)
        body = good[member.data_offset : member.end]
        rest = good[member.end : start]
        yield f"{member.name} said to be huge", local_header(huge) + body + rest + good[start:]


def _written(
    good: bytes,
    members: list[Member],
    *,
    hidden: Member | None = None,
    names: dict[str, str] | None = None,
    added: tuple[str, bytes] | None = None,
) -> bytes:
    """Write an archive of `members` in this order, headers true but for what is asked for."""
    out = BytesIO()
    listed = []
    contents = [(one, good[one.data_offset : one.end]) for one in members]
    if added is not None:
        contents.append((Member(added[0], len(added[1]), 0, 0), added[1]))
    for member, data in contents:
        name = (names or {}).get(member.name, member.name)
        placed = replace(member, name=name, offset=out.tell())
        out.write(local_header(placed) + data)
        if member is not hidden:
            listed.append(placed)
    start = out.tell()
    for member in listed:
        out.write(central_header(member))
    out.write(end_of_archive(len(listed), out.tell() - start, start))
    return out.getvalue()
