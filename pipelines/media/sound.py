"""Sound that is coded anew as AAC for a copy that has to play anywhere, and the laws it is held to.

A copy may do so and says it; a result and the file as received keep their sound packet for packet.
The work is done in a decode child, which may write one file of a bounded size.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import ConservationError
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import DecodePool
from pipelines.media.video import Law, StreamFacts

MOST_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class NewSound:
    """One stream coded anew, in a file of its own.

    `first` and `end` are the moments, in seconds of the source, at which sound was received from
    and to. The encoder begins `priming` samples before the sound, which players skip. `payloads`
    is the digest of its packets, `unread` how many packets of the source did not decode.
    """

    stream: StreamFacts
    path: Path
    packets: int
    payloads: str
    rate: int
    channels: int
    was_rate: int
    was_channels: int
    first: Fraction
    end: Fraction
    priming: int
    unread: int

    @property
    def start(self) -> int:
        """Where the first packet begins, in samples: whole ones are what the copy counts in."""
        return round(self.first * self.rate) - self.priming

    @property
    def sentence(self) -> str:
        """What was done to it, for a person."""
        parts = [f"Stream {self.stream.index} (audio, {self.stream.codec}) is coded anew as AAC"]
        if self.rate != self.was_rate:
            parts.append(f"with {self.rate} samples a second instead of {self.was_rate}")
        if self.channels != self.was_channels:
            parts.append(f"mixed down from {self.was_channels} channels to {self.channels}")
        said = ", ".join(parts) + ", so that every player knows it; pauses in it are silence."
        if self.unread:
            said += f" {self.unread} packets of it do not decode; silence stands for them."
        return said


def encode_sound(pool: DecodePool, source: Path, stream: StreamFacts, out: Path) -> NewSound:
    """Code `stream` of the file at `source` anew into `out`.

    Raises UnsupportedError where it cannot be decoded, DiskFullError, DecodeChildError.
    """
    arguments = {"path": str(source), "stream": stream.index, "out": str(out)}
    with pool.session("sound_encode", arguments, limits=DecodeLimits(file_bytes=MOST_BYTES)) as it:
        while "end" not in (message := it.receive()):
            pass
    found = message["end"]
    made = NewSound(
        stream=stream,
        path=out,
        packets=int(found["packets"]),
        payloads=str(found["payloads"]),
        rate=int(found["rate"]),
        channels=int(found["channels"]),
        was_rate=int(found["was_rate"]),
        was_channels=int(found["was_channels"]),
        first=Fraction(found["first"]),
        end=Fraction(found["end"]),
        priming=int(found["priming"]),
        unread=int(found["unread"]),
    )
    if made.packets < 1 or made.rate < 1:
        raise ConservationError("The sound of the copy is empty.")
    return made


def as_arguments(sounds: Iterable[NewSound]) -> dict[str, Any]:
    """What the child that joins has to know, by the number of the source's stream."""
    return {
        str(one.stream.index): {
            "path": str(one.path),
            "rate": one.rate,
            "start": one.start,
            "samples": one.priming,
        }
        for one in sounds
    }


def sound_laws(
    sound: NewSound, after: Mapping[str, Any], stream: StreamFacts, moved: Fraction
) -> Iterable[Law]:
    """Hold the copy's sound to what was coded for it, and its moments to the source's."""
    name = f"stream {sound.stream.index} (audio, {sound.stream.codec})"
    why = "coded anew as AAC for players"
    yield Law(f"{name}: coding", sound.stream.codec, stream.codec, stream.codec == "aac", why)
    same = sound.payloads == after["payloads"] and sound.packets == after["packets"]
    yield Law(f"{name}: payloads, as coded anew", sound.payloads, str(after["payloads"]), same)
    base = Fraction(after["time_base"])
    times = np.frombuffer(base64.b64decode(after["times"]), "<i8")
    lead = Fraction(sound.priming, sound.rate)
    begin = int(times[0]) * base + lead - moved
    # Sample rates are converted over a few dozen samples; a packet is as fine as an end can be.
    end = int(times[-1]) * base + lead - moved
    slack = Fraction(2, sound.rate)
    exact = abs(begin - sound.first) <= slack
    whole = -lead <= end - sound.end <= 2 * lead
    declared = "within two samples; the end within two packets"
    yield Law(
        f"{name}: begin and end",
        f"{_seconds(sound.first)} to {_seconds(sound.end)}",
        f"{_seconds(begin)} to {_seconds(end)}",
        exact and whole,
        declared if exact and whole else "",
    )


def _seconds(moment: Fraction) -> str:
    return f"{float(moment):.6f} s"
