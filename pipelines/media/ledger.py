"""The ledger of a clip: one line per frame with the digests of what came in and what went out.

JSON Lines in canonical form (`pipelines.evidence.ledger_form`). The header says what the digests
are over, so that anybody can compute them again:

  source_sha256     the decoder's planes of the file as received; FFmpeg's framehash prints it
  encoder_sha256    the samples handed to the encoder, planes as a decoder of the result gives
                    them
  delivered_sha256  the planes that decoding the delivered stream gives; equal to the former
                    where the coding is lossless
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.json_value import Json
from pipelines.media.video import Delivery, VideoIndex

FORMAT = "evident-ledger/1"

_DIGEST_BYTES = 32

_DIGESTS = (
    "SHA-256 over the planes of a frame in the decoder's order, rows without padding, samples "
    "little-endian; FFmpeg's framehash with -hash sha256 and -noautorotate prints the same"
)
_CHAIN = (
    "SHA-256 over, per packet in file order, SHA-256 of its payload, then pts and dts as signed "
    "64-bit big-endian numbers (the smallest such number where a packet has none)"
)


def write_ledger(
    path: Path,
    *,
    index: VideoIndex,
    delivery: Delivery,
    encoder: Sequence[bytes],
    delivered: Sequence[bytes],
) -> None:
    """Write the ledger of one clip to `path`, whole or not at all.

    `encoder` and `delivered` hold one digest of 32 bytes per frame. Raises EvidenceError where
    they do not, OSError where the file cannot be written; an earlier file then stays as it is.
    """
    if not len(encoder) == len(delivered) == index.frames:
        raise EvidenceError(
            f"A ledger of {index.frames} frames was given {len(encoder)} digests of encoded and "
            f"{len(delivered)} of delivered frames."
        )
    for digests in (encoder, delivered):
        _require_digests(digests)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(canonical_bytes(_header(index, delivery)) + b"\n")
            for frame in range(index.frames):
                line: dict[str, Json] = {
                    "index": frame,
                    "pts": int(index.pts[frame]),
                    "source_sha256": bytes(index.digest[frame]).hex(),
                    "encoder_sha256": encoder[frame].hex(),
                    "delivered_sha256": delivered[frame].hex(),
                }
                file.write(canonical_bytes(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _require_digests(digests: Sequence[bytes]) -> None:
    for frame, digest in enumerate(digests):
        if len(digest) != _DIGEST_BYTES:
            raise EvidenceError(
                f"The digest of frame {frame} has {len(digest)} bytes, not {_DIGEST_BYTES}."
            )


def _header(index: VideoIndex, delivery: Delivery) -> dict[str, Json]:
    base = index.video.stream.time_base
    return {
        "version": 1,
        "format": FORMAT,
        "frames": index.frames,
        "stream": index.video.stream.index,
        "time_base": f"{base.numerator}/{base.denominator}",
        "timing": index.video.timing.value,
        "source_pixel_format": index.video.pixel_format,
        "encoder": delivery.codec,
        "encoder_pixel_format": delivery.pixel_format,
        "lossless": delivery.lossless,
        "digests": _DIGESTS,
        "packets": [
            {
                "stream": one.stream,
                "packets": one.packets,
                "bytes": one.payload_bytes,
                "chain": one.chain.hex(),
            }
            for one in index.packets
        ],
        "chain": _CHAIN,
    }
