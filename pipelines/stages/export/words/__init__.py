"""What a report says, in every language that it is written in.

All words of a language are in its folder; nothing else in this room holds a sentence. Importing
this package imports every language: they are small, and one that is incomplete fails here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.stages.export.words.catalogue import Words
from pipelines.stages.export.words.en import ENGLISH
from pipelines.stages.export.words.language import Language
from pipelines.stages.export.words.ru import RUSSIAN

__all__ = ["WORDS", "Language", "Words", "words_in"]

WORDS: Mapping[Language, Words] = MappingProxyType({Language.EN: ENGLISH, Language.RU: RUSSIAN})
"""The words by language."""


def words_in(language: Language) -> Words:
    """Return the words of a language."""
    return WORDS[language]
