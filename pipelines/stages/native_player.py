"""What is said of a file that no decoder here reads: the player of its maker is required.

What was seen is told, by the first bytes alone: a format that is known by its signature, or the
bytes themselves. Nothing is guessed from a name.
"""

from __future__ import annotations

from pipelines.errors import DamagedError, EvidentError, UnknownFormatError

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "gzip data"),
    (0, b"MZ", "a Windows program; exports of recorders are often wrapped in a player"),
    (0, b"\x7fELF", "a program"),
    (0, b"%PDF", "a PDF document"),
    (0, b"IMKH", "a Hikvision recording (IMKH)"),
    (0, b"HKMI", "a Hikvision recording (HKMI)"),
    (0, b"4HKH", "a Hikvision recording (4HKH)"),
    (0, b"DHII", "a Dahua recording (DHII)"),
    (0, b"DHAV", "a Dahua recording (DHAV)"),
    (0, b"HXVS", "a HiSilicon recording (HXVS)"),
    (0, b"HXVT", "a HiSilicon recording (HXVT)"),
    (0, b"BM", "a bitmap"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (4, b"ftyp", "an ISO base media file (MP4, QuickTime)"),
    (0, b"RIFF", "a RIFF file"),
    (0, b"\x1a\x45\xdf\xa3", "an EBML file (Matroska, WebM)"),
    (0, b"\0\0\1\xba", "an MPEG program stream"),
    (0, b"\0\0\0\1", "coded video without a container"),
    (0, b"\0\0\1", "coded video without a container"),
)
_OPENED = (
    "an ISO base",
    "a RIFF",
    "an EBML",
    "an MPEG program",
    "coded video",
    "a HiSilicon",
    "a Dahua recording (DHAV)",
)
_SHOWN_BYTES = 16


def not_read(name: str, head: bytes, error: EvidentError) -> EvidentError:
    """The refusal for a file that nothing here opens, with what was seen of it.

    `head` are its first bytes. A format that is read otherwise is damaged here; only one that is
    not needs its maker's player. Any other error keeps its own reason.
    """
    if not isinstance(error, UnknownFormatError):
        return error
    words = seen(head)
    if words.startswith(_OPENED):
        return DamagedError(
            f"{name} begins as {words} and does not open: it is cut off or damaged.",
            next_step="Obtain the complete file from its source; do not repair the only copy.",
        )
    return UnknownFormatError(
        f"{name}: native player required. Nothing here reads it. Seen: {words}.",
        next_step="Open it with the player of the recorder's maker, export it from there in a "
        "common format, and keep both files.",
    )


def seen(head: bytes) -> str:
    """What the first bytes of a file are, in words."""
    for at, signature, words in _SIGNATURES:
        if head[at : at + len(signature)] == signature:
            return words
    if not any(head):
        return f"{len(head)} first bytes that are all zero"
    if all(32 <= one < 127 or one in b"\r\n\t" for one in head):
        return "text"
    return f"bytes that begin with {head[:_SHOWN_BYTES].hex(' ')}, a signature unknown here"
