"""English words about the maps that hold a result against its input."""

from __future__ import annotations

from pipelines.stages.export.facts_quality import MapKind, Standing
from pipelines.stages.export.words.parts_work import MapWords

MAPS = MapWords(
    heading="Held against the input",
    titles={
        MapKind.CONTRADICTION: "Contradiction: the result, degraded again, minus the input",
        MapKind.SUPPLIED: "Supplied: the result minus a plain reconstruction of the input",
    },
    scale="Black: no difference that is drawn. From dark blue to light yellow: more than 0 up to "
    "{full_scale} 8-bit code values and above. The scale is the same in every report.",
    units="Differences are in 8-bit code values (1/255 of full scale), the largest over the "
    "colour planes at each sample. The noise of the input is estimated from the input itself; "
    "fine texture raises the estimate, and then less counts as beyond it.",
    not_asked="The graph left the maps out; nothing was held against the input.",
    standings={
        Standing.MEASURED: "Measured.",
        Standing.NOT_APPLICABLE: "Not applicable: {reason}",
        Standing.UNAVAILABLE: "Unavailable: {reason}",
    },
    not_measured="Not measured.",
    frame="Frame {frame}. ",
    picture="{file}, {width} x {height} samples; here {made}.",
    elsewhere="The picture is the file {file}; it is not drawn in this document.",
    one_sample="every dot is one sample",
    strongest="every dot is the strongest of {dots} x {dots} samples",
    largest="Largest difference",
    percentile="99 of 100 samples differ by at most",
    noise="Estimated noise of the input",
    allowed="Explained by noise and rounding",
    allowed_value="up to {planes}",
    beyond="Samples beyond that",
    beyond_value="{beyond} of {samples}",
    columns=("Frame", "Largest", "99 of 100 at most", "Noise", "Explained up to", "Samples beyond"),
    unrest="Unrest of brightness",
    unrest_meaning="How far the mean brightness of a part of the picture lies from midway between "
    "the frames before and after, over 18 x 32 parts and all frames within segments. Flicker "
    "raises it; removed noise lowers it, and so does smearing.",
    codes="{value} code values",
    drift="Embedding drift per face track",
    drift_meaning="1 minus the cosine between the embeddings of a face as received and as "
    "delivered: how differently a network sees the two. Faces are cut out by their boxes and not "
    "aligned.",
    drift_by="Embedding: {embedding}.",
    drift_columns=("Track", "Pictures", "Shorter side", "Mean drift", "Largest drift"),
    too_small="below {side} samples: not applicable",
    no_comparison="Not a facial comparison.",
)
