"""A report in Russian: its own words, and translations of what is stated in English."""

from __future__ import annotations

from pipelines.stages.export.words.catalogue import Words
from pipelines.stages.export.words.language import Forms, Language, russian_form
from pipelines.stages.export.words.phrase_book import PhraseBook
from pipelines.stages.export.words.ru.cards import CARD_PHRASES
from pipelines.stages.export.words.ru.custody import CLOSING, CUSTODY, SUMMARY
from pipelines.stages.export.words.ru.document import (
    COURT,
    FILES,
    FRONT,
    PICTURES,
    SHORT,
    STREAMS,
)
from pipelines.stages.export.words.ru.field_cards import FIELD_CARD_PHRASES
from pipelines.stages.export.words.ru.fusion import FUSION, FUSION_PHRASES
from pipelines.stages.export.words.ru.intake_phrases import INTAKE_PHRASES
from pipelines.stages.export.words.ru.maps import MAP_PHRASES, MAPS
from pipelines.stages.export.words.ru.media_phrases import MEDIA_PHRASES
from pipelines.stages.export.words.ru.operations import OPERATION_PHRASES
from pipelines.stages.export.words.ru.run_phrases import RUN_PHRASES
from pipelines.stages.export.words.ru.tracks import TRACK_PHRASES, TRACKS
from pipelines.stages.export.words.ru.truths import LIMITS, SENTENCES
from pipelines.stages.export.words.ru.work import NETWORKS, NOTES, RUN, STEPS

RUSSIAN = Words(
    language=Language.RU,
    forms=Forms(plural=russian_form, group=" ", point=",", comma="; ", date="{day}.{month}.{year}"),
    phrases=PhraseBook(
        phrases={
            **OPERATION_PHRASES,
            **CARD_PHRASES,
            **FIELD_CARD_PHRASES,
            **MAP_PHRASES,
            **INTAKE_PHRASES,
            **MEDIA_PHRASES,
            **RUN_PHRASES,
            **TRACK_PHRASES,
            **FUSION_PHRASES,
        },
        mark="[текст на английском языке] {text}",
    ),
    front=FRONT,
    short=SHORT,
    court=COURT,
    files=FILES,
    pictures=PICTURES,
    streams=STREAMS,
    steps=STEPS,
    networks=NETWORKS,
    notes=NOTES,
    maps=MAPS,
    tracks=TRACKS,
    fusion=FUSION,
    custody=CUSTODY,
    run=RUN,
    closing=CLOSING,
    sentences=SENTENCES,
    limits=LIMITS,
    summary=SUMMARY,
)
