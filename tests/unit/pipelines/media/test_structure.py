"""How files are built, and what lies after their end or in places that players skip."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image

from pipelines.media.pool import DecodePool
from pipelines.media.structure import Structure, read_structure
from tests.unit.pipelines.media.clip_kit import write_clip

SECRET = b"not for everybody"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=2) as made:
        yield made


def look(pool: DecodePool, folder: Path, data: bytes) -> Structure:
    """The structure of a file of these bytes."""
    path = folder / "file.bin"
    path.write_bytes(data)
    return read_structure(pool, path)


def picture(kind: str) -> bytes:
    """A small picture of a kind."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(out, kind)
    return out.getvalue()


def clip(folder: Path, suffix: str) -> bytes:
    """A small clip in a container."""
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    return write_clip(folder / f"clip{suffix}", codec=codec, times=range(0, 480, 40)).read_bytes()


def whole(folder: Path, kind: str) -> bytes:
    """A file of a kind, with nothing hidden."""
    return clip(folder, kind) if kind.startswith(".") else picture(kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", ".mp4", ".mov", ".mkv", ".avi"])
def test_bytes_after_the_end_are_found_with_their_digest(
    pool: DecodePool, tmp_path: Path, kind: str
) -> None:
    """Whatever is put behind a file is found at its place; without it there is nothing."""
    plain = whole(tmp_path, kind)
    assert not [one for one in look(pool, tmp_path, plain).hidden if "after" in one.where]
    hidden = look(pool, tmp_path, plain + SECRET).hidden
    (found,) = [one for one in hidden if "after" in one.where]
    assert (found.at, found.size) == (len(plain), len(SECRET))
    assert found.sha256 == hashlib.sha256(SECRET).hexdigest()
    assert found.begins == SECRET


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_free_boxes_with_content_are_found_in_any_depth(
    pool: DecodePool, tmp_path: Path, depth: int
) -> None:
    """A free box of zeros is padding; one that holds something is told."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + name + content

    def file(content: bytes) -> bytes:
        free = box(b"free", content)
        for name in (b"udta", b"moov")[:depth]:
            free = box(name, free)
        return box(b"ftyp", b"isom\0\0\2\0isom") + free

    assert not look(pool, tmp_path, file(bytes(30))).hidden
    (found,) = look(pool, tmp_path, file(SECRET)).hidden
    assert found.begins == SECRET
    assert "free" in found.where


UNSEEN = "media data (mdat) that no sample refers to"


def with_hidden(plain: bytes, *, before: bool) -> tuple[bytes, int]:
    """An MP4 whose media data holds more than its samples, and where: in front or behind."""
    at = plain.index(b"mdat") - 4
    size = int.from_bytes(plain[at : at + 4], "big")
    longer = struct.pack(">I", size + len(SECRET)) + b"mdat"
    place = at + 8 if before else at + size
    made = plain[:at] + longer + plain[at + 8 : place] + SECRET + plain[place:]
    if not before:
        return made, place
    table = made.index(b"stco") + 4
    while table > 4:
        count = int.from_bytes(made[table + 4 : table + 8], "big")
        places = struct.unpack_from(f">{count}I", made, table + 8)
        moved = struct.pack(f">{count}I", *(one + len(SECRET) for one in places))
        made = made[: table + 8] + moved + made[table + 8 + len(moved) :]
        table = made.find(b"stco", table) + 4
    return made, place


@pytest.mark.parametrize("audio", [None, "aac"])
@pytest.mark.parametrize("before", [True, False])
def test_media_data_that_no_sample_refers_to_is_found(
    pool: DecodePool, tmp_path: Path, *, before: bool, audio: str | None
) -> None:
    """Bytes put before or after the samples are told with place and digest; without, nothing."""
    plain = write_clip(tmp_path / "clip.mp4", audio=audio).read_bytes()
    found = look(pool, tmp_path, plain)
    assert not [one for one in found.hidden if one.where == UNSEEN]
    assert not found.unsought
    made, place = with_hidden(plain, before=before)
    (hidden,) = [one for one in look(pool, tmp_path, made).hidden if one.where == UNSEEN]
    assert (hidden.at, hidden.size, hidden.begins) == (place, len(SECRET), SECRET)


def test_raw_sound_of_quicktime_is_covered_by_its_table(pool: DecodePool, tmp_path: Path) -> None:
    """Samples of one length for all are followed as well."""
    plain = write_clip(tmp_path / "clip.mov", audio="pcm_s16le").read_bytes()
    assert not [one for one in look(pool, tmp_path, plain).hidden if one.where == UNSEEN]


def test_fragments_are_not_followed_and_that_is_said(pool: DecodePool, tmp_path: Path) -> None:
    """A file of fragments refers to its media data otherwise, so nothing was looked for."""
    path = tmp_path / "fragments.mp4"
    plain = write_clip(tmp_path / "clip.mp4")
    options = {"movflags": "frag_keyframe+empty_moov"}
    with av.open(str(plain)) as source, av.open(str(path), "w", options=options) as out:
        own = source.streams.video[0]
        copy = out.add_stream_from_template(own)
        for packet in source.demux(own):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    assert "moof" in look(pool, tmp_path, path.read_bytes()).unsought[0]


def test_tables_that_lie_lead_nowhere(pool: DecodePool, tmp_path: Path) -> None:
    """Whatever the tables claim, the look ends, and what it could not follow is said."""
    plain = write_clip(tmp_path / "clip.mp4").read_bytes()
    for name in (b"stco", b"stsz", b"stsc"):
        at = plain.index(name) + 4
        for wrong in (b"\xff" * 12, b"\0" * 12, b"\0\0\0\0" + b"\xff" * 8):
            found = look(pool, tmp_path, plain[:at] + wrong + plain[at + 12 :])
            assert found.part_count >= 3
    at = plain.index(b"stsz") + 12
    assert look(pool, tmp_path, plain[:at] + b"\x7f" * 4 + plain[at + 4 :]).unsought


def test_a_private_chunk_of_a_png_is_found(pool: DecodePool, tmp_path: Path) -> None:
    """A chunk that only its writer knows holds what no viewer shows."""
    plain = picture("PNG")
    body = b"prVt" + SECRET
    chunk = struct.pack(">I", len(SECRET)) + body + struct.pack(">I", zlib.crc32(body))
    (found,) = look(pool, tmp_path, plain[:33] + chunk + plain[33:]).hidden
    assert found.where == "a private chunk (prVt)"


def test_a_second_jpeg_behind_the_first_is_trailing(pool: DecodePool, tmp_path: Path) -> None:
    """The end is that of the first picture, not the last two bytes of the file."""
    plain = picture("JPEG")
    (found,) = look(pool, tmp_path, plain + plain).hidden
    assert (found.at, found.size) == (len(plain), len(plain))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", ".mp4", ".mkv", ".avi"])
def test_no_cut_hides_itself_or_crashes(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    """A file that is cut anywhere is looked at to its end, and a cut in its parts is told."""
    plain = whole(tmp_path, kind)
    for part in range(1, 8):
        cut = plain[: len(plain) * part // 8]
        found = look(pool, tmp_path, cut)
        assert found.wrong or found.hidden or found.part_count, part


def test_a_format_without_an_end_says_so(pool: DecodePool, tmp_path: Path) -> None:
    """Nothing found never reads as nothing there."""
    found = look(pool, tmp_path, b"\0\0\0\1\x67" + bytes(500))
    assert "marks no end" in found.unsought[0]


def test_boxes_that_name_impossible_sizes_end_the_search(pool: DecodePool, tmp_path: Path) -> None:
    """Sizes of nothing, or beyond everything, lead nowhere and take no time."""
    for size in (0, 1, 7, 2**31, 2**32 - 1):
        data = b"\0\0\0\x10ftypisom\0\0\2\0" + struct.pack(">I", size) + b"moov" + bytes(64)
        assert look(pool, tmp_path, data).part_count >= 1
