"""The archive: one canonical form, read by any zip program, and no other form is read."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_form import (
    LIMIT_32,
    Member,
    central_header,
    end_of_archive,
    local_header,
)
from pipelines.evidence.archive_reader import MAX_MEMBERS, read_chunks, read_members
from pipelines.evidence.archive_writer import Measured, bytes_source, measure, write_archive
from pipelines.evidence.finding import BundleError

FILES = {"bundle/a.txt": b"alpha", "bundle/b/c.bin": bytes(range(256)), "bundle/empty": b""}


def archive(files: dict[str, bytes]) -> bytes:
    """Return the canonical archive of `files`."""
    out = BytesIO()
    write_archive(out, [(name, measure(bytes_source(data))) for name, data in files.items()])
    return out.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    """Return what our reader finds in an archive."""
    file = BytesIO(data)
    return {one.name: b"".join(read_chunks(file, one)) for one in read_members(file)}


def by_zipfile(
    change: Callable[[zipfile.ZipInfo], None] = lambda _: None,
    files: dict[str, bytes] | None = None,
    comment: bytes = b"",
) -> bytes:
    """Return an archive as Python's own zip writer makes it, in our form but for `change`."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.comment = comment
        for name, data in (FILES if files is None else files).items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            change(info)
            packed.writestr(info, data, compress_type=info.compress_type)
    return out.getvalue()


PART = st.text("abcdefgh\u00e9\u0416\U0001f600-_1", min_size=1, max_size=8)


@given(st.dictionaries(PART.map(lambda part: f"x/{part}"), st.binary(max_size=40), max_size=6))
@settings(max_examples=60, deadline=None)
def test_archive_round_trip(files: dict[str, bytes]) -> None:
    """What is written is read back by us and by Python's zip reader, in canonical order."""
    data = archive(files)
    assert contents(data) == files
    with zipfile.ZipFile(BytesIO(data)) as packed:
        assert packed.testzip() is None
        assert {name: packed.read(name) for name in packed.namelist()} == files
        names = [name.encode() for name in packed.namelist()]
        assert names == sorted(names)
        assert {info.date_time for info in packed.infolist()} <= {(1980, 1, 1, 0, 0, 0)}


def test_archive_golden_form() -> None:
    """The bytes of the smallest archive are fixed by the format."""
    assert archive({"x": b"hi"}).hex() == (
        "504b030414000008000000002100ac2a93d8020000000200000001000000786869"
        "504b0102140314000008000000002100ac2a93d80200000002000000010000000000000000000000a4810000000078"
        "504b050600000000010001002f000000210000000000"
    )


def test_order_of_input_does_not_matter() -> None:
    """The same files in any order give the same bytes."""
    assert archive(FILES) == archive(dict(reversed(FILES.items())))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda i: setattr(i, "date_time", (2026, 1, 1, 0, 0, 0)), id="date"),
        pytest.param(lambda i: setattr(i, "compress_type", zipfile.ZIP_DEFLATED), id="deflate"),
        pytest.param(lambda i: setattr(i, "external_attr", 0o120777 << 16), id="link"),
        pytest.param(lambda i: setattr(i, "external_attr", 0o100755 << 16), id="mode"),
        pytest.param(lambda i: setattr(i, "external_attr", 0x10), id="folder"),
        pytest.param(lambda i: setattr(i, "comment", b"x"), id="comment"),
        pytest.param(lambda i: setattr(i, "extra", b"\x99\x99\x00\x00"), id="extra"),
        pytest.param(lambda i: setattr(i, "create_system", 0), id="system"),
        pytest.param(lambda i: setattr(i, "internal_attr", 1), id="text"),
        pytest.param(lambda _: None, id="names-not-flagged"),
    ],
)
def test_other_zip_forms_are_refused(change: Callable[[zipfile.ZipInfo], None]) -> None:
    """A good zip of the same files in any other form is refused."""
    with pytest.raises(BundleError):
        read_members(BytesIO(by_zipfile(change)))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda d: d + b"\0", id="trailing"),
        pytest.param(lambda d: b"\0" + d, id="leading"),
        pytest.param(lambda d: d[:-1], id="cut"),
        pytest.param(lambda d: d[:-2] + b"\x01\x00x", id="archive-comment"),
        pytest.param(lambda d: d + d, id="twice"),
        pytest.param(lambda d: d[22:], id="beheaded"),
        pytest.param(lambda _: b"", id="empty-file"),
        pytest.param(lambda _: b"PK\x05\x06", id="stub"),
    ],
)
def test_bytes_around_the_archive_are_refused(spoil: Callable[[bytes], bytes]) -> None:
    """Nothing may stand before, between or after the files."""
    with pytest.raises(BundleError):
        read_members(BytesIO(spoil(archive(FILES))))


def forged(members: list[tuple[Member, bytes]], listed: list[Member] | None = None) -> bytes:
    """Return an archive of these headers as they are, true or not."""
    body = b"".join(local_header(member) + data for member, data in members)
    lines = [member for member, _ in members] if listed is None else listed
    directory = b"".join(central_header(member) for member in lines)
    return body + directory + end_of_archive(len(lines), len(directory), len(body))


def member(name: str, data: bytes, offset: int = 0) -> Member:
    """Return a true header of `data`."""
    found = measure(bytes_source(data))
    return Member(name, found.size, found.crc, offset)


def test_overlapping_files_are_refused() -> None:
    """Two directory lines over the same bytes are refused (the quoted-overlap bomb)."""
    one = member("a", b"data")
    with pytest.raises(BundleError):
        read_members(BytesIO(forged([(one, b"data")], [one, member("b", b"data")])))


def test_hidden_files_are_refused() -> None:
    """Bytes that the directory does not list are refused."""
    one, two = member("a", b"data"), member("b", b"hidden", 35)
    good = forged([(one, b"data"), (two, b"hidden")])
    assert [m.name for m in read_members(BytesIO(good))] == ["a", "b"]
    with pytest.raises(BundleError):
        read_members(BytesIO(forged([(one, b"data"), (two, b"hidden")], [one])))


@pytest.mark.parametrize("size", [3, 5, 0, LIMIT_32, 1 << 40, (1 << 64) - 1])
def test_lying_sizes_are_refused(size: int) -> None:
    """A size that is not that of the bytes is refused before anything is read."""
    lie = Member("a", size, member("a", b"data").crc, 0)
    with pytest.raises(BundleError):
        read_members(BytesIO(forged([(lie, b"data")])))


def test_lying_checksums_are_named() -> None:
    """A checksum that is not that of the bytes is found on reading, and the file named."""
    lie = Member("a", 4, 1, 0)
    file = BytesIO(forged([(lie, b"data")]))
    with pytest.raises(BundleError) as caught:
        list(read_chunks(file, read_members(file)[0]))
    assert caught.value.file == "a"


@pytest.mark.parametrize(
    "names",
    ["b a", "a a", "A a", "stra\xdfe strasse", "a a/b", "CAF\xc9 caf\xe9"],
)
def test_names_that_meet_are_refused(names: str) -> None:
    """Names out of order, doubled, or one on some file system are refused."""
    members, offset = [], 0
    for name in names.split():
        one = member(name, b"", offset)
        members.append((one, b""))
        offset = one.end
    with pytest.raises(BundleError):
        read_members(BytesIO(forged(members)))


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a\\b", "C:x", "CON", "a/nul.txt",
     "COM1.png", "lpt\xb9", "a.", "a ", " a", "a\nb", "a\x00", "a\u202eb", "cafe\u0301", "a%b",
     "a*",     "x" * 201, "a/" * 600 + "a"],
)  # fmt: skip
def test_names_that_lead_out_or_mislead_are_refused(name: str) -> None:
    """A name that leaves its folder or is another file elsewhere is neither read nor written."""
    with pytest.raises(BundleError):
        read_members(BytesIO(forged([(member(name, b""), b"")])))
    with pytest.raises(EvidenceError):
        archive({name: b""})


def test_names_that_are_not_utf8_are_refused() -> None:
    """A name in another encoding is refused."""
    data = forged([(member("\xe9", b""), b"")]).replace("\xe9".encode(), b"\xe9\xe9")
    with pytest.raises(BundleError):
        read_members(BytesIO(data))


def test_too_many_files_are_refused() -> None:
    """An archive that lists more files than any bundle has is refused before they are read."""
    count = MAX_MEMBERS + 1
    line = central_header(Member("a", 0, 0, 0))
    data = line * count + end_of_archive(count, len(line) * count, 0)
    with pytest.raises(BundleError):
        read_members(BytesIO(data))


class Sparse(BytesIO):
    """An archive whose large file is zeros that nobody stores."""

    def __init__(self, head: bytes, hole: int, tail: bytes) -> None:
        super().__init__()
        self.parts, self.at = (head, hole, tail), 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; from the start or the end."""
        head, hole, tail = self.parts
        self.at = offset + (len(head) + hole + len(tail) if whence == 2 else 0)
        return self.at

    def read(self, size: int | None = -1) -> bytes:
        """Read within the head or the tail; the hole reads as zeros."""
        head, hole, tail = self.parts
        assert size is not None
        if self.at < len(head):
            data = head[self.at : self.at + size]
        elif self.at < len(head) + hole:
            data = bytes(min(size, len(head) + hole - self.at))
        else:
            start = self.at - len(head) - hole
            data = tail[start : start + size]
        self.at += len(data)
        return data


def test_zip64_where_the_rule_says_so() -> None:
    """A file beyond 4 GiB and what follows it get zip64 fields, and are read back."""
    large = Member("a", LIMIT_32 + 10, 0, 0)
    small = member("b", b"after", large.end)
    directory = central_header(large) + central_header(small)
    end = end_of_archive(2, len(directory), small.end)
    tail = local_header(small) + b"after" + directory + end
    file: BinaryIO = Sparse(local_header(large), large.size, tail)
    assert read_members(file) == [large, small]
    assert b"".join(read_chunks(file, small)) == b"after"
    assert struct.pack("<HHQQ", 1, 16, large.size, large.size) in local_header(large)
    assert len(end) == 98
    assert len(local_header(small)) == 31
    changed = tail.replace(struct.pack("<Q", small.offset), struct.pack("<Q", small.offset + 1))
    with pytest.raises(BundleError):
        read_members(Sparse(local_header(large), large.size, changed))


def test_zip64_where_the_rule_does_not_say_so_is_refused() -> None:
    """A small archive with zip64 fields is not canonical."""

    def force(info: zipfile.ZipInfo) -> None:
        info.extract_version = 45

    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        info = zipfile.ZipInfo("a")
        force(info)
        with packed.open(info, "w", force_zip64=True) as file:
            file.write(b"x")
    with pytest.raises(BundleError):
        read_members(BytesIO(out.getvalue()))


@pytest.mark.parametrize("second", [b"other", b"longer than it was", b"", b"shor"])
def test_a_file_that_changes_between_passes_stops_the_writer(second: bytes) -> None:
    """What is packed is what was measured, or the archive is not finished."""
    passes = iter([b"first", second])
    found: Measured = measure(lambda: BytesIO(next(passes)))
    with pytest.raises(EvidenceError):
        write_archive(BytesIO(), [("a", found)])


def test_memory_is_flat_in_the_size_of_a_file() -> None:
    """A large source passes in chunks, never as a whole."""

    class Zeros(BytesIO):
        """Many zeros, handed out in pieces that are asked for."""

        left = 40 << 20

        def read(self, size: int | None = -1) -> bytes:
            """Refuse to hand out everything at once."""
            assert size is not None
            assert 0 < size <= 1 << 20
            data = bytes(min(size, self.left))
            self.left -= len(data)
            return data

    class Drain:
        """Counts what is written and the largest piece."""

        total = largest = 0

        def write(self, data: bytes, /) -> None:
            """Take and forget."""
            self.total += len(data)
            self.largest = max(self.largest, len(data))

    drain = Drain()
    facts = write_archive(drain, [("a", measure(Zeros))])
    assert facts.bytes == drain.total > 40 << 20
    assert drain.largest <= 1 << 20
