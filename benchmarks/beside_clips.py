"""Operations on several frames, and covers, beside OpenCV and FFmpeg; see `benchmarks.operations`.

Operations on fields are measured by `benchmarks.fields`.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.beside import HEIGHT, WIDTH, Pair, codes_of, filtered, picture, window
from pipelines.media.picture import Region
from pipelines.run.hidden_regions import Hidden
from pipelines.run.redaction import Cover, Redactor

BOX = Region(300, 600, 240, 320)


def pairs() -> Iterator[Pair]:
    """What looks at neighbouring frames, and what covers a region of each."""
    clip = [picture(shift) for shift in (0, 3, 1, 4, 2)]
    codes = [codes_of(one) for one in clip]

    def steadied() -> object:
        points = cv2.goodFeaturesToTrack(codes[2], 200, 0.01, 20)
        for other in (codes[0], codes[1], codes[3], codes[4]):
            moved, kept, _ = cv2.calcOpticalFlowPyrLK(codes[2], other, points, None)
            found = kept.ravel() == 1
            motion, _ = cv2.estimateAffinePartial2D(points[found], moved[found])
        return cv2.warpAffine(clip[2], motion, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)

    def laid() -> object:
        flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        total = clip[2].copy()
        for number in (0, 1, 3, 4):
            moved = flow.calc(codes[2], codes[number], None)
            total += cv2.remap(clip[number], x + moved[..., 0], y + moved[..., 1], 1)
        return total / 5

    # The fourth of every five sketches is new in a running clip; here all five are.
    own = window(clip, "stabilise", radius=2, border="black")
    yield "stabilise, 5 frames", "OpenCV features, LK flow and warpAffine", own, steadied
    yield "steady, 5 frames", "OpenCV DIS flow and remap", window(clip, "steady"), laid
    yield (
        "denoise_temporal, 3 frames",
        "OpenCV fastNlMeansDenoisingMulti",
        window(clip[1:4], "denoise_temporal"),
        lambda: cv2.fastNlMeansDenoisingMulti(codes, 2, 3, None, 4, 5, 11),
    )
    redactor = Redactor([Hidden(BOX, 0, 1 << 30)], Cover.SOLID)
    box = f"{BOX.left}:{BOX.top}:{BOX.width}:{BOX.height}:black:fill"
    yield (
        "redaction, a solid cover",
        "FFmpeg drawbox",
        lambda: redactor.draw(0, (codes[0].copy(),)),
        filtered(codes[0], "drawbox", box),
    )
