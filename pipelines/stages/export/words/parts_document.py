"""The shape of the words of the front page, the questions, files, pictures and streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.stages.export.fact_types import MediaKind
from pipelines.stages.export.facts_media import StreamFate
from pipelines.stages.export.words.language import Plural


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontWords:
    """The first page, and the head and foot of every page."""

    enhanced: str
    generative: str
    title: str
    subtitle: str
    case: str
    item: str
    exhibit: str
    job: str
    created: str
    preset: str
    rendering: str
    note: str
    read_first: str
    about_map: str
    page: str
    job_line: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortWords:
    """The whole job in a few sentences. Mixing of parts follows `plain_words.in_short`."""

    received: Mapping[MediaKind, str]
    no_operation: str
    operations: Plural
    no_network: str
    networks: Plural
    no_law: str
    laws_hold: Plural
    laws_broken: Plural


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtWords:
    """The questions that were put to enhanced recordings before, and the answers."""

    heading: str
    introduction: str
    training: str
    training_none: str
    training_network: str
    detail: str
    detail_none: str
    detail_enlarged: str
    detail_mixed: str
    detail_trained: str
    detail_generative: str
    detail_mapped: str
    detail_unmapped: str
    repeat: str
    repeat_yes: str
    repeat_no_weights: str
    repeat_same: str
    repeat_elsewhere: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWords:
    """What was received and what was delivered."""

    heading: str
    received_statement: str
    original_path: str
    bundle_path: str
    as_received: str
    as_delivered: str
    remarks_received: str
    remarks_delivered: str
    file_name: str
    size: str
    kind: str
    kinds: Mapping[MediaKind, str]
    picture: str
    picture_value: str
    with_opacity: str
    coding: str
    lossless: str
    lossy: str
    samples: str
    file_kind: str
    palette: str
    orientation: str
    orientations: Mapping[int, str]
    profile: str
    icc: str
    metadata: str
    resolution: str
    pages: str
    container: str
    frames: str
    timing: str
    timing_assumed: str
    timing_stated: str
    timing_proprietary: str
    timing_variable: str
    timing_constant: str
    duration: str
    seconds: str
    rate: str
    rate_value: str
    turn: str
    turn_value: str
    aspect: str
    colour: str
    colour_names: Mapping[str, str]
    colour_value: str
    fields: str
    fields_value: str
    field_orders: Mapping[str, str]
    weaves: Mapping[str, str]
    encoder: str
    credentials: str
    credentials_none: str
    credentials_found: str
    credentials_inside: str
    credentials_beside: str
    credentials_unvouched: str
    not_stated: str
    none: str
    bytes: Plural
    units: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWords:
    """Before and after."""

    heading: str
    introduction: str
    none: str
    absent: str
    before: str
    after: str
    still: str
    frame: str
    part: str
    dot: str
    dots: str
    conversion: str
    turned: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWords:
    """Streams and conservation laws."""

    heading: str
    columns: tuple[str, str, str, str, str, str]
    fates: Mapping[StreamFate, str]
    laws_heading: str
    laws_introduction: str
    laws_none: str
    laws_columns: tuple[str, str, str, str, str]
    holds: str
    broken: str
