"""The decode child's look at how a file is built: where its parts lie, and what lies beside them.

Nothing is decoded. Told are the outermost parts, bytes after the end, and places that players
skip and that hold something all the same. What was not looked for is said as well, so that
nothing found never reads as nothing there. Message, out: `{"structure": …}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.media.channel import Channel
from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.picture_tags import picture_tags
from pipelines.media.tasks.regular_file import descriptor_of
from pipelines.media.tasks.structure_boxes import read_boxes
from pipelines.media.tasks.structure_matroska import read_matroska
from pipelines.media.tasks.structure_notes import Notes
from pipelines.media.tasks.structure_pictures import read_bmp, read_jpeg, read_png
from pipelines.media.tasks.structure_streams import read_riff, read_transport

_HEAD_BYTES = 16
_TRANSPORT_PACKET = 188


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Look at one file. `arguments`: "path", "tags": whether to read EXIF tags."""
    with descriptor_of(Path(str(arguments["path"]))) as descriptor:
        data = FileBytes(descriptor, lambda: channel.send({"working": 1}))
        notes = Notes(data)
        _read(data, notes)
        tags = picture_tags(descriptor) if arguments["tags"] else {}
        channel.send({"structure": {**notes.message(), "tags": tags}})


def _read(data: FileBytes, notes: Notes) -> None:
    """Choose the reader by the first bytes."""
    head = data.read(0, _HEAD_BYTES)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        read_png(data, notes)
    elif head.startswith(b"\xff\xd8\xff"):
        read_jpeg(data, notes)
    elif head.startswith((b"RIFF", b"RF64")):
        read_riff(data, notes)
    elif head.startswith(b"BM"):
        read_bmp(data, notes)
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        read_matroska(data, notes)
    elif head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"moof"):
        read_boxes(data, notes)
    elif head[:1] == b"\x47" and data.read(_TRANSPORT_PACKET, 1) == b"\x47":
        read_transport(data, notes)
    else:
        notes.unsought("This format marks no end, so bytes after it cannot be told from its own.")
