"""A network's card as it is written: TOML 1.0 in one form, so that equal cards are equal texts.

`models.card_file` reads it back. What a card does not state (a use that is free, samples of 0 to 1)
is left out, so the text of a card stays what it was when a fact of other cards is added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from models.card_file import TILING_NUMBERS, UNKNOWN
from models.spec import (
    Architecture,
    CompactArchitecture,
    DetectorArchitecture,
    ForeignArchitecture,
    NetworkCard,
    OfficialFile,
    Precision,
    PReluArchitecture,
    SampleRange,
    Score,
    Use,
    WeightsFormat,
)


def render(card: NetworkCard) -> str:
    """Write the card as TOML 1.0, always in the same form; `parse` gives it back."""
    tiling = {key: getattr(card.tiling, key) for key in TILING_NUMBERS[card.tiling.kind]}
    tables: list[tuple[str, Mapping[str, object]]] = [
        ("[network]", _network_table(card)),
        ("[architecture]", _architecture_table(card.architecture)),
        ("[tiling]", {"rule": card.tiling.kind.value, **tiling}),
        (
            "[memory]",
            {
                "per_input_pixel_bytes": card.memory.per_input_pixel_bytes,
                "fixed_bytes": card.memory.fixed_bytes,
            },
        ),
        (
            "[training]",
            {
                "data": card.training.data,
                "degradation": card.training.degradation,
                "known_failures": list(card.training.known_failures),
            },
        ),
    ]
    if card.official is not None:
        tables.append(("[official]", _official_table(card.official)))
    if card.blend is not None:
        rule = {"twin": card.blend.twin, "effect": card.blend.effect}
        tables.append(("[blend]", rule))
    for form in (form for form in WeightsFormat if form in card.files):
        file = card.files[form]
        facts = {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes}
        tables.append((f"[files.{form.value}]", facts))
    tables.extend(("[[copies]]", {"sha256": one.sha256, "note": one.note}) for one in card.copies)
    tables.extend(
        ("[[parents]]", {"name": one.name, "sha256": one.sha256, "share": one.share})
        for one in card.parents
    )
    tables.extend(("[[scores]]", _score_table(score)) for score in card.scores)
    return "\n".join(_render_table(head, facts) for head, facts in tables)


def _network_table(card: NetworkCard) -> Mapping[str, object]:
    return {
        "name": card.name,
        "version": card.version,
        "title": card.title,
        "task": card.task.value,
        "scale": card.scale,
        "channels": card.channels.value,
        "class": card.network_class.value,
        "licence": card.licence,
        **({} if card.use is Use.FREE else {"use": card.use.value}),
        **({} if card.samples is SampleRange.UNIT else {"samples": card.samples.value}),
        "origin": card.origin,
        "parameters": card.parameters,
        "precisions": [each.value for each in Precision if each in card.precisions],
    }


def _architecture_table(architecture: Architecture) -> Mapping[str, object]:
    match architecture:
        case CompactArchitecture(features, depth):
            return {"kind": "compact", "features": features, "depth": depth}
        case PReluArchitecture(features, depth):
            return {"kind": "prelu-compact", "features": features, "depth": depth}
        case ForeignArchitecture(name):
            return {"kind": "foreign", "name": name}
        case DetectorArchitecture(family, height, width):
            return {"kind": "detector", "family": family, "height": height, "width": width}


def _official_table(official: OfficialFile) -> Mapping[str, object]:
    return {
        "url": official.url,
        "name": official.name,
        "sha256": official.sha256 or UNKNOWN,
        "bytes": official.size_bytes,
        "stated_by": official.stated_by,
        **({} if official.direct else {"direct": False}),
    }


def _score_table(score: Score) -> Mapping[str, object]:
    return {
        "judged_set": score.judged_set,
        "pictures": score.pictures,
        "psnr_db": score.psnr_db,
        "gain_db": score.gain_db,
        "reference": score.reference,
    }


def _render_table(head: str, facts: Mapping[str, object]) -> str:
    return "\n".join([head, *(f"{key} = {_render_value(v)}" for key, v in facts.items()), ""])


def _render_value(value: object) -> str:
    """Write a TOML value. JSON's texts and numbers are TOML's as well, but for the delete sign."""
    if isinstance(value, list):
        return "[\n" + "".join(f"    {_render_value(each)},\n" for each in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
