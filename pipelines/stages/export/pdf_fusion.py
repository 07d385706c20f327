"""The document's part about fused frames: what was asked, what came of it, and every frame.

The same blocks make up `fusion.pdf`, so the two cannot say different things.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, Spacer, Table

from pipelines.stages.export.facts_fusion import FusionFacts, FusionLine
from pipelines.stages.export.pdf_blocks import Row, fact_list, grid
from pipelines.stages.export.pdf_style import GAP, HEADING, SMALL, paragraph
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.sentences import fused_sentence
from pipelines.stages.export.words import Words

NAMES = 130.0
_WIDTHS = (9, 10, 7, 11, 14, 14, 18, 10, 28)
_LONGEST_REASON = 200


def fusion_section(fusions: Sequence[FusionFacts], words: Words) -> list[Flowable]:
    """Return every fusion of a job; nothing at all where none was asked for."""
    story: list[Flowable] = []
    for one in fusions:
        heading = words.fusion.heading.format(frame=words.forms.whole(one.frame))
        outcome: Row = (words.fusion.outcome, " ".join(outcome_words(one, words)))
        story += [
            paragraph(heading, HEADING),
            paragraph(words.fusion.content),
            fact_list([*asked_rows(one, words), outcome, *_file_rows(one, words)], label=NAMES),
            Spacer(1, GAP / 2),
            frame_table(one, words),
            Spacer(1, GAP / 2),
            paragraph(words.fusion.reading, SMALL),
        ]
    return story


def outcome_words(fusion: FusionFacts, words: Words) -> list[str]:
    """Return the product's sentence or why nothing was made, then what there is to remark."""
    said = words.say(fusion.declined) if fusion.declined else fused_sentence(fusion, words)
    return [said, *([words.say(fusion.remark)] if fusion.remark else [])]


def asked_rows(fusion: FusionFacts, words: Words) -> list[Row]:
    """Return what was asked for, and how much of it was independent."""
    said, whole = words.fusion, words.forms.whole
    left, top, width, height = (whole(one) for one in fusion.box)
    region = said.region_value.format(left=left, top=top, width=width, height=height)
    looked = said.looked_at_value.format(radius=whole(fusion.radius), scale=whole(fusion.scale))
    independent = said.independent_value.format(frames=words.forms.decimal(fusion.independent))
    return [
        (said.chosen, said.chosen_value.format(frame=whole(fusion.frame))),
        (said.region, region),
        (said.looked_at, looked),
        (said.independent, independent),
    ]


def frame_table(fusion: FusionFacts, words: Words) -> Table:
    """Return every frame that was looked at, in the order of the clip."""
    return grid(words.fusion.columns, [_row(one, words) for one in fusion.frames], _WIDTHS)


def _file_rows(fusion: FusionFacts, words: Words) -> list[Row]:
    said = words.fusion
    return [
        (said.files[one.role], said.file_value.format(file=one.file_name, sha256=one.sha256))
        for one in fusion.files
    ]


def _row(one: FusionLine, words: Words) -> tuple[str, ...]:
    decimal = words.forms.decimal
    reason = shown(words.say(one.reason), longest=_LONGEST_REASON) if one.reason else ""
    return (
        str(one.frame),
        str(one.pts),
        one.picture_type,
        *(decimal(part) for part in one.shift),
        decimal(one.residual),
        decimal(one.independent),
        decimal(one.share),
        reason or words.fusion.used,
    )
