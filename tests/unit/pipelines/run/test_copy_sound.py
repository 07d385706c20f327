"""Sound that not every player knows is coded anew in a copy, at its own time, and that is said."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.errors import UnsupportedError
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.sound import NewSound, encode_sound, sound_laws
from pipelines.media.video import StreamKind
from pipelines.ports import SilentProgress
from pipelines.run.copies import CopyWish, MadeCopy, make_copy
from tests.unit.pipelines.media.clip_kit import write_clip
from tests.unit.pipelines.media.damage_kit import MILLISECOND

IN_MATROSKA: dict[str, Any] = {"base": MILLISECOND, "times": range(0, 480, 40)}
SOUNDS: dict[str, tuple[str, dict[str, Any]]] = {
    "raw": ("mov", {"audio": "pcm_s24le", "audio_rate": 44_100}),
    "a-law": ("mov", {"audio": "pcm_alaw", "audio_rate": 8000}),
    "mu-law": ("mov", {"audio": "pcm_mulaw", "audio_rate": 8000}),
    "AMR": ("3gp", {"audio": "libopencore_amrnb", "audio_rate": 8000}),
    "ADPCM": (
        "avi",
        {
            "audio": "adpcm_ms",
            "audio_rate": 16_000,
            "base": Fraction(1, 25),
            "times": range(12),
            "options": {"bf": "0"},
        },
    ),
    "Opus": ("mkv", {"audio": "libopus", **IN_MATROSKA}),
    "AC-3": ("mp4", {"audio": "ac3"}),
}
RATE = 48_000


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One pool for all."""
    with DecodePool() as made:
        yield made


def court(pool: DecodePool, path: Path, out: Path) -> MadeCopy:
    """A court copy of a clip."""
    return make_copy(
        pool, path, index_video(pool, path), out, CopyWish("court copy"), SilentProgress()
    )


def heard(path: Path) -> np.ndarray:
    """The sound of a file, mono at `RATE`, from moment zero on."""
    resampler = av.AudioResampler("flt", "mono", RATE)
    track = np.zeros(2 * RATE, np.float32)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                at = round(part.pts * part.time_base * RATE)
                begin = max(0, at)
                kept = part.to_ndarray()[0][begin - at :][: len(track) - begin]
                track[begin : begin + len(kept)] = kept
    return track


def lag(one: np.ndarray, other: np.ndarray) -> float:
    """By how many seconds the second is later, by their best match within half a wave."""
    reach = RATE // 600
    middle = slice(RATE // 10, RATE // 3)
    begin, end = middle.start, middle.stop
    scores = [
        float(np.dot(one[middle], other[begin + by : end + by])) for by in range(-reach, reach)
    ]
    return (int(np.argmax(scores)) - reach) / RATE


@pytest.mark.parametrize("kind", SOUNDS)
def test_other_sound_is_coded_anew_in_time_and_said(kind, pool, tmp_path):
    """The copy holds AAC that sounds as the source does at the same moment, by law and by ear."""
    suffix, how = SOUNDS[kind]
    path = write_clip(tmp_path / f"clip.{suffix}", **how)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    made = court(pool, path, tmp_path / "court.mp4")
    with av.open(str(made.path)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == "aac"
    assert made.left_out == ()
    assert any("coded anew as AAC" in said for said in made.conversions)
    named = [law for law in made.laws if "coding" in law.name or "begin and end" in law.name]
    assert len(named) == 2
    assert all(law.holds and law.declared for law in named)
    was, now = heard(path), heard(made.path)
    assert abs(lag(was, now)) <= 0.0005
    middle = slice(RATE // 10, RATE // 3)
    assert 0.7 < now[middle].std() / was[middle].std() < 1.3
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def write_late(path: Path, *, gap: float) -> Path:
    """A clip whose raw sound, a steady 300 Hz, begins after 0.25 s and pauses for `gap` seconds."""
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound: Any = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 90, np.uint8), "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for number in range(8):
            begin = RATE // 4 + number * 4800 + (round(gap * RATE) if number >= 4 else 0)
            tone = 8000 * np.sin(2 * np.pi * 300 * (begin + np.arange(4800)) / RATE)
            part = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], "s16", "mono")
            part.sample_rate, part.pts, part.time_base = RATE, begin, Fraction(1, RATE)
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    return path


def test_sound_begins_when_it_did_and_a_pause_is_silence(pool, tmp_path):
    """Sound that starts late and pauses does so in the copy as well."""
    path = write_late(tmp_path / "late.mkv", gap=0.3)
    now = heard(court(pool, path, tmp_path / "court.mp4").path)
    assert np.abs(now[: round(0.24 * RATE)]).max() < 0.02
    assert now[round(0.30 * RATE) : round(0.60 * RATE)].std() > 0.1
    assert np.abs(now[round(0.68 * RATE) : round(0.92 * RATE)]).max() < 0.02
    assert now[round(0.97 * RATE) : round(1.30 * RATE)].std() > 0.1


def test_sound_without_a_decoder_is_left_out_and_named(pool, tmp_path, monkeypatch):
    """What cannot be decoded does not go along, and the copy says why."""
    path = write_clip(tmp_path / "clip.mov", audio="pcm_s16le")

    def refused(*_: object) -> NewSound:
        raise UnsupportedError("The sound of stream 1 cannot be coded anew: no decoder knows it.")

    monkeypatch.setattr("pipelines.run.copies.encode_sound", refused)
    made = court(pool, path, tmp_path / "court.mp4")
    assert made.left_out == (
        "The sound of stream 1 cannot be coded anew: no decoder knows it. It is left out.",
    )
    with av.open(str(made.path)) as container:
        assert not container.streams.audio


def test_a_stream_that_holds_no_sound_is_refused(pool, tmp_path):
    """A stream of pictures is no sound: the child says so and writes nothing that counts."""
    path = write_clip(tmp_path / "clip.mov", audio="pcm_s16le")
    index = index_video(pool, path)
    pictures = replace(index.streams[1], index=0)
    with pytest.raises(UnsupportedError, match="cannot be coded anew"):
        encode_sound(pool, path, pictures, tmp_path / "out.nut")


def test_sound_at_another_moment_breaks_the_law(pool, tmp_path):
    """A copy whose sound began elsewhere than the source's, or lost packets, is not handed over."""
    path = write_clip(tmp_path / "clip.mov", audio="pcm_s16le")
    stream = next(one for one in index_video(pool, path).streams if one.kind is StreamKind.AUDIO)
    sound = encode_sound(pool, path, stream, tmp_path / "sound.nut")
    times = np.arange(sound.packets, dtype="<i8") * sound.priming + sound.start
    held = {True: times, False: times + 100}
    aac = replace(stream, codec="aac")
    for holds, moved in held.items():
        after = seen(sound, moved)
        assert all(one.holds for one in sound_laws(sound, after, aac, Fraction(0))) is holds
    short = seen(sound, times[:-4])
    assert not all(one.holds for one in sound_laws(sound, short, aac, Fraction(0)))


def seen(sound: NewSound, times: np.ndarray) -> dict[str, Any]:
    """What a look at the copy would tell of its sound."""
    return {
        "packets": len(times),
        "payloads": sound.payloads,
        "time_base": str(Fraction(1, sound.rate)),
        "times": base64.b64encode(times.astype("<i8").tobytes()).decode(),
    }
