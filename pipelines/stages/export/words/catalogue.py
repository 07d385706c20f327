"""What a report says, as one typed catalogue: a language is complete or it does not import.

Each group holds the words of one part of the document, its shape in `parts_*`. `{name}` in a text
is a gap that the document fills. The words themselves are in `en` and `ru`, one file per part.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.stages.export.words.language import Forms, Language
from pipelines.stages.export.words.parts_custody import (
    ClosingWords,
    CustodyWords,
    LimitWords,
    SentenceWords,
    SummaryWords,
)
from pipelines.stages.export.words.parts_document import (
    CourtWords,
    FileWords,
    FrontWords,
    PictureWords,
    ShortWords,
    StreamWords,
)
from pipelines.stages.export.words.parts_fusion import FusionWords
from pipelines.stages.export.words.parts_tracks import TrackWords
from pipelines.stages.export.words.parts_work import (
    MapWords,
    NetworkWords,
    NoteWords,
    RunWords,
    StepWords,
)
from pipelines.stages.export.words.phrase_book import PhraseBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything that a report says in one language."""

    language: Language
    forms: Forms
    phrases: PhraseBook
    front: FrontWords
    short: ShortWords
    court: CourtWords
    files: FileWords
    pictures: PictureWords
    streams: StreamWords
    steps: StepWords
    networks: NetworkWords
    notes: NoteWords
    maps: MapWords
    tracks: TrackWords
    fusion: FusionWords
    custody: CustodyWords
    run: RunWords
    closing: ClosingWords
    sentences: SentenceWords
    limits: LimitWords
    summary: SummaryWords

    def say(self, text: str) -> str:
        """Return a text that was stated in English, in this language or marked as English."""
        return self.phrases.say(text)
