"""A report in English, the language in which facts are stated."""

from __future__ import annotations

from pipelines.stages.export.words.catalogue import Words
from pipelines.stages.export.words.en.custody import CLOSING, CUSTODY, SUMMARY
from pipelines.stages.export.words.en.document import (
    COURT,
    FILES,
    FRONT,
    PICTURES,
    SHORT,
    STREAMS,
)
from pipelines.stages.export.words.en.fusion import FUSION
from pipelines.stages.export.words.en.maps import MAPS
from pipelines.stages.export.words.en.tracks import TRACKS
from pipelines.stages.export.words.en.truths import LIMITS, SENTENCES
from pipelines.stages.export.words.en.work import NETWORKS, NOTES, RUN, STEPS
from pipelines.stages.export.words.language import Forms, Language, english_form
from pipelines.stages.export.words.phrase_book import PhraseBook

ENGLISH = Words(
    language=Language.EN,
    forms=Forms(plural=english_form, group=",", point=".", comma=", ", date="{year}-{month}-{day}"),
    phrases=PhraseBook(),
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
