"""Translations of texts that reach a report in English: summaries, meanings, remarks, laws.

The facts are kept in the words in which they were stated. A report in another language shows a
translation where the book has one for exactly these words, and otherwise the words themselves
behind a mark that says which language they are in: a text is never silently left, guessed or
dropped. Because the English words are the key, a report of an older version cannot be shown with
the translation of words that were changed since.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

_SLOT = re.compile(r"\{([a-z_]+)\}")
_FILLED = re.compile(r"\{([a-z_]+)(!t)?\}")
_SENTENCES = re.compile(r"(?<=[.]) (?=[A-Z])")
_NUMBERS = r"-?[0-9][-0-9 ,./]*"
_SMALL = r"[a-z][a-z0-9_ ]*"
_WORDS = r"(?:(?!\. [A-Z]).)+?"
_KINDS = {"n_": _NUMBERS, "w_": _SMALL}
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Template:
    """An English text with named gaps, and the same in another language."""

    pattern: re.Pattern[str]
    translation: str


@dataclass(frozen=True)
class PhraseBook:
    """Phrases by their English words; `{name}` in a phrase is a gap that is filled as found.

    A gap whose name begins with `n_` takes numbers only, one with `w_` words in small letters; no
    gap reaches over the end of a sentence. Where the translation writes a gap as `{name!t}`, what
    fills it must be in the book as well. `mark` goes before a text that the book does not know,
    as `{text}` in it. An empty book is that of the language in which the texts were stated, and
    changes nothing.
    """

    phrases: Mapping[str, str] = field(default_factory=dict)
    mark: str = "{text}"

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """The phrases with gaps, made ready when the first of them is needed."""
        return tuple(
            Template(_compiled(english), other)
            for english, other in self.phrases.items()
            if _SLOT.search(english)
        )

    def known(self, text: str) -> str | None:
        """Return the translation of `text`, None where the book has none."""
        if not self.phrases or not any(one.isalpha() for one in text):
            return text
        exact = self.phrases.get(text)
        if exact is not None:
            return exact
        # Gaps are searched for in short texts only: what a hostile file makes long stays English.
        for template in self.templates if len(text) <= _LONGEST else ():
            found = template.pattern.fullmatch(text)
            filled = None if found is None else self._filled(template, found)
            if filled is not None:
                return filled
        return self._sentence_by_sentence(text)

    def say(self, text: str) -> str:
        """Return the translation of a text, or the text behind the mark of its language."""
        translated = self.known(text)
        return self.mark.format(text=text) if translated is None else translated

    def value(self, text: str) -> str:
        """Return the translation of a value, or the value: names and numbers have no language."""
        translated = self.known(text)
        return text if translated is None else translated

    def _filled(self, template: Template, found: re.Match[str]) -> str | None:
        values = found.groupdict()
        for name, translated in _FILLED.findall(template.translation):
            if translated:
                known = self.known(values[name])
                if known is None:
                    return None
                values[name] = known
        return _FILLED.sub(lambda gap: values[gap[1]], template.translation)

    def _sentence_by_sentence(self, text: str) -> str | None:
        """Return the translations of all sentences of `text`, None where one is unknown."""
        sentences = _SENTENCES.split(text)
        if len(sentences) == 1:
            return None
        known = [one for one in map(self.known, sentences) if one is not None]
        return " ".join(known) if len(known) == len(sentences) else None


def _compiled(english: str) -> re.Pattern[str]:
    pieces = _SLOT.split(english)
    pattern = "".join(
        f"(?P<{piece}>{_KINDS.get(piece[:2], _WORDS)})" if place % 2 else re.escape(piece)
        for place, piece in enumerate(pieces)
    )
    return re.compile(pattern, re.DOTALL)
