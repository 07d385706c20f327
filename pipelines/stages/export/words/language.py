"""The languages of a report, and how each writes numbers, amounts and times.

A number is written from its exact decimal digits; nothing is rounded here unless the caller asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language that reports are written in (ISO 639-1)."""

    EN = "en"
    RU = "ru"


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase in the forms that its number asks for; `{count}` stands for the number.

    `few` and `many` are the same in English. The forms are those of Unicode CLDR's plural rules
    (https://cldr.unicode.org/index/cldr-spec/plural-rules).
    """

    one: str
    few: str
    many: str


def english_form(count: int, phrase: Plural) -> str:
    """Return the form for `count`: 1 page, 0 or 2 pages."""
    return phrase.one if count == 1 else phrase.many


def russian_form(count: int, phrase: Plural) -> str:
    """Return the form for `count`: 1 and 21 кадр, 2 to 4 and 22 кадра, 0, 5 and 11 to 14 кадров."""
    tens, ones = abs(count) % 100, abs(count) % 10
    if ones == 1 and tens != 11:
        return phrase.one
    if ones in {2, 3, 4} and tens not in {12, 13, 14}:
        return phrase.few
    return phrase.many


@dataclass(frozen=True, slots=True)
class Forms:
    """How a language writes what is not a word.

    `group` stands between thousands, `point` before decimals, `comma` between the items of a
    list. `date` arranges `{year}`, `{month}` and `{day}`.
    """

    plural: Callable[[int, Plural], str]
    group: str
    point: str
    comma: str
    date: str

    def whole(self, number: int) -> str:
        """Write a whole number with its thousands apart."""
        return f"{number:,}".replace(",", self.group)

    def decimal(self, text: str) -> str:
        """Write a decimal string with this language's mark; anything else stays as it is."""
        return text.replace(".", self.point, 1) if is_number(text) else text

    def counted(self, count: int, phrase: Plural) -> str:
        """Write a phrase in the form of its number, with the number in it."""
        return self.plural(count, phrase).format(count=self.whole(count))

    def moment(self, utc: str) -> str:
        """Write a time in UTC (RFC 3339 with Z) as a date, the time of day, and `UTC`."""
        date, _, clock = utc.removesuffix("Z").partition("T")
        year, month, day = date.split("-")
        return f"{self.date.format(year=year, month=month, day=day)} {clock} UTC"


def is_number(text: str) -> bool:
    """Whether a text is a plain decimal number."""
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()
