"""What is noted of a file's structure, bounded in number and in length."""

from __future__ import annotations

from typing import Any

from pipelines.media.tasks.file_bytes import FileBytes

_MOST_PARTS = 200
_MOST_HIDDEN = 100
_SHOWN_BYTES = 32


class Notes:
    """Collects parts, hidden places, what is wrong, and what was not looked for."""

    def __init__(self, data: FileBytes) -> None:
        self._data = data
        self._parts: list[dict[str, Any]] = []
        self._part_count = 0
        self._hidden: list[dict[str, Any]] = []
        self._hidden_count = 0
        self._wrong: list[str] = []
        self._unsought: list[str] = []

    def part(self, name: str, at: int, count: int) -> None:
        """A part of the file by its own name."""
        self._part_count += 1
        if len(self._parts) < _MOST_PARTS:
            self._parts.append({"name": name, "at": at, "bytes": count})

    def hidden(self, where: str, at: int, stop: int, *, even_zero: bool = False) -> None:
        """Bytes that players skip; noted where they are not all zero, or `even_zero`."""
        stop = min(stop, self._data.size)
        if at >= stop:
            return
        sha256, something = self._data.digest(at, stop)
        if not (something or even_zero):
            return
        self._hidden_count += 1
        if len(self._hidden) < _MOST_HIDDEN:
            begins = self._data.read(at, min(_SHOWN_BYTES, stop - at))
            self._hidden.append(
                {
                    "where": where,
                    "at": at,
                    "bytes": stop - at,
                    "sha256": sha256,
                    "begins": begins.hex(),
                    "zero": not something,
                }
            )

    def trailing(self, end_of: str, at: int) -> None:
        """Everything from `at` on lies after the end of the file's own parts."""
        self.hidden(f"after {end_of}", at, self._data.size, even_zero=True)

    def wrong(self, sentence: str) -> None:
        """Something that the format does not allow."""
        if len(self._wrong) < _MOST_HIDDEN:
            self._wrong.append(sentence)

    def unsought(self, sentence: str) -> None:
        """Something that was not looked for."""
        self._unsought.append(sentence)

    def message(self) -> dict[str, Any]:
        """Everything, as a message."""
        return {
            "parts": self._parts,
            "part_count": self._part_count,
            "hidden": self._hidden,
            "hidden_count": self._hidden_count,
            "wrong": self._wrong,
            "unsought": self._unsought,
        }
