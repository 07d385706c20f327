"""What a clip's job can need of memory and disk, said before any of it runs."""

from __future__ import annotations

from fractions import Fraction

from pipelines.graph.plan import PlannedCeilings
from pipelines.graph.validate import CheckedGraph
from pipelines.media.credentials import memory_bytes as credential_memory_bytes
from pipelines.media.credentials import scratch_bytes as credential_scratch_bytes
from pipelines.media.reader import SLOTS
from pipelines.media.video import Delivery, VideoIndex
from pipelines.run.clip_pixels import FRAMES_WAITING
from pipelines.run.clip_taps import FRAMES_KEPT
from pipelines.run.fusing import fusing_bytes
from pipelines.stages.enhance import Chain
from pipelines.stages.ingest import Received

_MIB = 1 << 20
_PROCESS_BYTES = 400 * _MIB
_DECODER_FRAMES = 40
_ENCODER_FRAMES = 64
_BYTES_PER_FRAME = 512

# What coded video takes of its raw size. No bound exists before it is coded; these are generous
# for footage, and a disk that fills up all the same ends the run in a state that can be resumed.
_CODED_SHARE = {True: Fraction(1, 2), False: Fraction(1, 8)}


def clip_ceilings(
    received: Received,
    checked: CheckedGraph,
    chain: Chain,
    index: VideoIndex,
    delivery: Delivery,
    *,
    network_bytes: int,
    at_once: int,
) -> PlannedCeilings:
    """Say what the job can need. Nothing here grows with the length but the ledger's digests.

    memory = the largest of what signing, rendering and fusing take;
    rendering = 400 MiB of process + frames in flight (decoder and its slots, operations, queue,
    encoder, those kept for maps) + the networks + 512 bytes per frame of the clip;
    fusing = process, decoder and its slots + the luma of the frames that are looked at.
    """
    source, result = chain.source.frame_bytes, chain.result.frame_bytes
    decoding = _PROCESS_BYTES + (_DECODER_FRAMES + SLOTS) * source
    rendering = (
        decoding
        + FRAMES_KEPT * source
        + at_once * chain.frame_memory_bytes()
        + (FRAMES_WAITING + at_once + 2) * 4 * result
        + _ENCODER_FRAMES * result
        + network_bytes
    )
    fusing = decoding + fusing_bytes(checked, chain.source)
    listed = _BYTES_PER_FRAME * index.frames
    coded = int(index.frames * result * _CODED_SHARE[delivery.lossless]) + received.size
    signing = _PROCESS_BYTES + credential_memory_bytes(coded)
    return PlannedCeilings(
        memory_bytes=max(rendering + listed, fusing + listed, signing),
        scratch_bytes=0,
        disk_bytes=max(received.size + 2 * coded, credential_scratch_bytes(coded)),
    )
