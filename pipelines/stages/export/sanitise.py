r"""Text from outside made safe to show: file names, notes, tags and messages.

Promised: what comes back has no control character, no direction override, no invisible or
unassigned character and no line break, so it cannot change how the text around it reads, on a
terminal or in a document. Such a character stands as `\u{202e}`, its code point in hexadecimal,
and a `\u{` that the text itself holds as `\u{5c}u{`; nothing is dropped in silence. Texts are
brought to NFC first (https://www.unicode.org/reports/tr15/).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from html import escape

LONGEST = 600
"""The most characters that one piece of text may take where it is shown."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Me"})
_MARKS = frozenset({"Mn", "Mc"})
_MOST_MARKS = 2
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATION_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_RAW_BYTES = range(0xDC80, 0xDD00)


def shown(text: str, *, letters: Container[int] | None = None, longest: int = LONGEST) -> str:
    """Return `text` as one line that is safe to show.

    `letters` holds the code points that the font can draw (None: all of them); others are
    escaped. More than `longest` characters are cut in the middle, and how many is said, so that
    a file name keeps its suffix.
    """
    plain = unicodedata.normalize("NFC", text).replace("\\u{", "\\u{5c}u{")
    pieces: list[str] = []
    marks = _MOST_MARKS
    for one in plain:
        # A mark joins the letter before it: none may reach into the text around, none may pile up.
        marks = marks + 1 if unicodedata.category(one) in _MARKS else 0
        hidden = marks > _MOST_MARKS or _is_hidden(one, letters)
        pieces.append(_code_point(one) if hidden else one)
    return _shortened(_with_visible_spaces("".join(pieces)), longest)


def for_paragraph(
    text: str, *, letters: Container[int] | None = None, longest: int = LONGEST
) -> str:
    """Return `text` safe to show inside XML mark-up, such as a paragraph of the document."""
    return escape(shown(text, letters=letters, longest=longest), quote=True)


def recordable(text: str) -> str:
    r"""Return `text` as JSON in UTF-8 can carry it.

    Lone surrogates are written out: the raw byte FF of a file name that is not UTF-8 (PEP 383)
    as `\x{ff}`, any other as `\u{d800}`. Everything else stays as it is.
    """
    return "".join(_surrogate(one) if "\ud800" <= one <= "\udfff" else one for one in text)


def _surrogate(one: str) -> str:
    code = ord(one)
    return f"\\x{{{code - 0xDC00:x}}}" if code in _RAW_BYTES else _code_point(one)


def _code_point(one: str) -> str:
    return f"\\u{{{ord(one):x}}}"


def _is_hidden(one: str, letters: Container[int] | None) -> bool:
    code = ord(one)
    if " " <= one <= "~":
        return one != " " and letters is not None and code not in letters
    return (
        unicodedata.category(one) in _HIDDEN
        or one in _BLANK_LETTERS
        or any(code in block for block in _VARIATION_SELECTORS)
        or (letters is not None and code not in letters)
    )


def _with_visible_spaces(text: str) -> str:
    """Write out the spaces at either end and all but the first of a run."""
    text = re.sub(r"(?<= ) ", r"\\u{20}", text)
    text = re.sub(r"^ ", r"\\u{20}", text)
    return re.sub(r" $", r"\\u{20}", text)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = min(longest // 3, 60)
    left_out = len(text) - longest
    return f"{text[: longest - tail]} [… {left_out} characters …] {text[-tail:]}"
