"""A digest of coded pictures that does not depend on the container around them.

H.264 and H.265 are sequences of NAL units. A stream on its own puts start codes between them
(ITU-T H.264 and H.265, annex B), MP4 and Matroska a length before each (ISO/IEC 14496-15); a
muxer of FFmpeg turns the one into the other. So what is hashed is the units themselves, each
after its length. Packets of other codecs are hashed as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from av.packet import Packet

from pipelines.errors import DamagedError

_START = b"\0\0\1"
_LENGTH_AT = {"h264": 4, "hevc": 21}
"""Where avcC and hvcC (ISO/IEC 14496-15, 5.3.3 and 8.3.3) say how many bytes a length has."""


class CodedPackets:
    """Takes the packets of one stream in order, part by part.

    A part's digest is SHA-256 over the SHA-256 digests of its packets.
    """

    def __init__(self, stream: Any) -> None:
        context = stream.codec_context
        known = context is not None
        self._length_bytes = (
            _length_bytes(context.codec.canonical_name, context.extradata or b"") if known else None
        )
        self._part = hashlib.sha256()
        self.packets = 0

    def add_any(self, packet: Packet[Any]) -> None:
        """Take one packet of a stranger's: one whose lengths lead beyond it is taken as it is."""
        try:
            self.add(packet)
        except DamagedError:
            self._take(hashlib.sha256(packet))

    def add(self, packet: Packet[Any]) -> None:
        """Take one packet. Raises DamagedError where lengths lead beyond it."""
        digest = hashlib.sha256()
        if self._length_bytes is None:
            digest.update(packet)
        else:
            for unit in units(bytes(packet), self._length_bytes):
                digest.update(len(unit).to_bytes(4, "big"))
                digest.update(unit)
        self._take(digest)

    def _take(self, digest: hashlib._Hash) -> None:
        self._part.update(digest.digest())
        self.packets += 1

    def part(self) -> str:
        """End a part; returns its digest, lower-case hexadecimal."""
        digest, self._part = self._part.hexdigest(), hashlib.sha256()
        return digest


def units(payload: bytes, length_bytes: int) -> Iterator[bytes | memoryview]:
    """The NAL units of a packet; `length_bytes` is 0 where start codes part them.

    Raises DamagedError where lengths lead beyond the packet.
    """
    if not length_bytes:
        # What stands before the first start code is no unit, and a unit ends in no zero.
        yield from filter(None, (one.rstrip(b"\0") for one in payload.split(_START)[1:]))
        return
    whole, at = memoryview(payload), 0
    while at < len(payload):
        begin = at + length_bytes
        at = begin + int.from_bytes(payload[at:begin], "big")
        if at > len(payload):
            raise DamagedError("A packet of the result is cut off in the middle of a NAL unit.")
        if at > begin:
            yield whole[begin:at]


def _length_bytes(codec: str, extradata: bytes) -> int | None:
    """How a stream's packets are framed: by start codes (0), by lengths, or not at all (None)."""
    place = _LENGTH_AT.get(codec)
    if place is None:
        return None
    # A configuration record begins with its version, 1; parameter sets alone with a start code.
    if len(extradata) > place and extradata[0] == 1:
        return (extradata[place] & 3) + 1
    return 0
