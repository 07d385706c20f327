"""One stream's packets in file order, as one digest and a few numbers; memory does not grow."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from av.packet import Packet

NO_TIME = -(2**63)
_TIMES = struct.Struct(">qq")


class PacketChain:
    """One stream's packets: see `pipelines.media.video.PacketDigests`."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._number = 0
        self._bytes = 0
        self._chain = hashlib.sha256()

    def add(self, packet: Packet[Any]) -> None:
        """Take one packet."""
        payload = bytes(packet)
        self._number += 1
        self._bytes += len(payload)
        self._chain.update(hashlib.sha256(payload).digest())
        pts = NO_TIME if packet.pts is None else packet.pts
        dts = NO_TIME if packet.dts is None else packet.dts
        self._chain.update(_TIMES.pack(pts, dts))

    def summary(self) -> dict[str, Any]:
        """Spell it as a message."""
        return {
            "stream": self._stream,
            "packets": self._number,
            "bytes": self._bytes,
            "chain": self._chain.hexdigest(),
        }
