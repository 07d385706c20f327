"""The design's fixed sentences and the limits of what may be concluded, in English.

The words are fixed. They are neither shortened nor softened anywhere.
"""

from __future__ import annotations

from pipelines.evidence.verdict import SENTENCE as VERIFY
from pipelines.stages.export.words.parts_custody import LimitWords, SentenceWords

SENTENCES = SentenceWords(
    presets={
        "forensic-safe": "Conventional-processing profile. It limits which operations were "
        "allowed; it says nothing about accuracy or admissibility.",
        "balanced": "Balanced preset. It allows conventional operations and networks trained for "
        "fidelity; it says nothing about accuracy or admissibility.",
        "presentation": "Presentation preset. It allows generative operations, which may invent "
        "content; it says nothing about accuracy or admissibility.",
    },
    trained="Contains content predicted from other images. Not for reading characters or for "
    "identifying or comparing persons.",
    consistency="Shows where the result, reduced by the stated degradation, disagrees with the "
    "input. A low value does not show that detail is genuine.",
    supplied="Shows where the result differs from a plain reconstruction of the input: detail that "
    "the input neither supports nor refutes. Detail that never was in the scene can agree with the "
    "input exactly; this map shows it no differently from detail that was.",
    fusion="Combines frames {frames}; registration residual {residual}; improvement is not "
    "guaranteed.",
    fusion_frames="{first} to {last} for each frame n",
    gate="Performance on validation set {judged_set} (n = {pictures}); not an error rate for this "
    "image.",
    time="The file carries no timing; {rate} fps assumed. Derive no duration, speed or time of "
    "event.",
    verify=VERIFY,
)

LIMITS = LimitWords(
    before_receipt="Nothing is said about the time before receipt: who recorded the file, when "
    "and where, and whether it was altered before.",
    not_the_recording="The result is a processed copy, not the recording. Where the two differ, "
    "look at the file as received.",
    not_measured="No size, distance, speed, colour or time was measured, and no person or object "
    "was compared or identified.",
    repeatable="That the same plan gives the same samples again shows what was done. It does not "
    "show that what was done was right.",
    display="The pictures in this report are converted for display and may look different on "
    "paper and on other screens. Judge from the files.",
    ungated="At least one network has not been judged on a golden set for this engine, precision "
    "and device: it is ungated.",
    lossy="The delivered file is coded with loss: its samples differ slightly from those that the "
    "operations computed.",
    mixed="A frame of the result holds samples of neighbouring frames. What moves, appears or "
    "disappears between them may leave traces or be weakened.",
    agreement="Where the result agrees with the input it may still be wrong: what is shown beyond "
    "the input's own detail was computed, and many pictures agree with one input.",
    estimated="Some parameters were estimated by software from the picture itself.",
    enlarged="The result has more samples than the source. Samples that were added were computed, "
    "not recorded.",
    no_operation="No operation was applied. The samples handed to the encoder are those that were "
    "decoded.",
)
