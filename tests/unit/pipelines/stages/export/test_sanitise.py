"""Text from outside, wherever it is shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.stages.export.sanitise import for_paragraph, recordable, shown

ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=60)


@given(ANY_TEXT)
def test_shown_holds_nothing_hidden(text: str) -> None:
    """Whatever comes in, one line of visible characters comes out."""
    line = shown(text)
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [one for one in line if unicodedata.category(one) in hidden]
    assert len(line.splitlines()) <= 1


@given(ANY_TEXT, st.integers(min_value=30, max_value=200))
def test_shown_is_bounded(text: str, longest: int) -> None:
    """The result is never longer than its bound and the note that says what was cut."""
    assert len(shown(text * 20, longest=longest)) <= longest + len(" [… 99999999 characters …] ")


@given(ANY_TEXT)
def test_a_paragraph_gets_no_mark_up(text: str) -> None:
    """Angle brackets, ampersands and quotes of the text never reach the mark-up."""
    markup = for_paragraph(f"{text}<b>&")
    assert "<" not in markup
    assert ">" not in markup
    assert "&lt;b&gt;&amp;" in markup


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain name.mp4", "plain name.mp4"),
        ("invoice\u202egpj.exe", "invoice\\u{202e}gpj.exe"),
        ("two\nlines\r", "two\\u{a}lines\\u{d}"),
        ("\x1b[31mred", "\\u{1b}[31mred"),
        ("zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"),
        ("hard\u00a0space", "hard\\u{a0}space"),
        ("hangul\u3164filler", "hangul\\u{3164}filler"),
        ("  two   spaces ", "\\u{20}\\u{20}two \\u{20}\\u{20}spaces\\u{20}"),
        ("says \\u{202e} itself", "says \\u{5c}u{202e} itself"),
        ("e\u0301 composed", "é composed"),
        ("\u0301leading mark", "\\u{301}leading mark"),
        ("a\u0330\u0331\u0332\u0333", "a\u0330\u0331\\u{332}\\u{333}"),
        ("emoji \U0001f600\ufe0f", "emoji \U0001f600\\u{fe0f}"),
        ("Київ 監視", "Київ 監視"),
    ],
)
def test_known_lines(text: str, line: str) -> None:
    """Dangerous characters stand as their code points, harmless ones as themselves."""
    assert shown(text) == line


def test_characters_without_a_letter_are_escaped() -> None:
    """A character that the font cannot draw stands as its code point, not as an empty box."""
    assert shown("a監b", letters={ord("a"), ord("b")}) == "a\\u{76e3}b"


def test_a_long_name_keeps_its_suffix() -> None:
    """A long name is cut in the middle, and the number of characters left out is said."""
    line = shown("x" * 500 + ".mp4", longest=100)
    assert line.startswith("xxx")
    assert line.endswith("x.mp4")
    assert "[… 404 characters …]" in line


def test_recordable_writes_out_what_utf8_cannot_carry() -> None:
    """A raw byte of a file name and a lone surrogate are written out; all else is kept."""
    name = b"caf\xe9\n.mp4".decode("utf-8", "surrogateescape")
    assert recordable(name) == "caf\\x{e9}\n.mp4"
    assert recordable("\ud800") == "\\u{d800}"
    assert recordable("\u202eName") == "\u202eName"
