"""The decode child's work on one photo: its header, then, when asked, its samples.

Messages: out, the header (`photo_message`); in, the memory for the planes of the wanted turn;
out, `{"remarks": [...]}`. Anything wrong with the file is raised as an error of ours.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import UnsupportedError
from pipelines.media.photo_header import read_header
from pipelines.media.photo_message import Channel, header_message, limits_from
from pipelines.media.photo_planes import plane_views, stored_view
from pipelines.media.scratch_pages import GivingBack
from pipelines.media.tasks.regular_file import descriptor_of


def run(arguments: Mapping[str, object], channel: Channel) -> None:
    """Serve one photo.

    `arguments`: "path"; "limits" (`limits_message`); "want", "header" or "planes"; and
    "orientation", "apply" or "keep".
    """
    limits = arguments["limits"]
    if not isinstance(limits, Mapping):
        raise UnsupportedError("The photo task needs its limits as a mapping.")
    with opened(Path(str(arguments["path"]))) as data:
        header = read_header(data, limits_from(limits))
        channel.send(header_message(header))
        if arguments["want"] == "header":
            return
        from pipelines.media.photo_decode import decode  # noqa: PLC0415  (libvips, only here)

        upright = arguments["orientation"] == "apply"
        turn = header.metadata.orientation if upright else 1
        planes = plane_views(channel.receive_memory(), header.upright if upright else header.shape)
        with GivingBack() as pages:
            pages.watch(planes)
            remarks = decode(data, header, tuple(stored_view(plane, turn) for plane in planes))
    channel.send({"remarks": list(remarks)})


@contextmanager
def opened(path: Path) -> Iterator[memoryview]:
    """Map a regular file for reading. Raises `UnreadableError` where there is none, or no byte."""
    with descriptor_of(path) as descriptor:
        mapping = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    yield memoryview(mapping)
