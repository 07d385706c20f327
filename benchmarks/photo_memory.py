"""Peak memory and time of a 100-megapixel photo: `python -m benchmarks.photo_memory`.

For each kind of file a picture of 12288 x 8192 RGB samples of 8 bits is written, decoded through
a real decode child and written again at twice the size (402 megapixels) from planes in a scratch
file. What counts is memory that cannot be given back: the kernel's count of anonymous pages
(RssAnon), watched every 20 ms in this process and its child. It must stay below what
`photo_ceiling` computes from the header alone. Pages of the scratch file are not counted: the
system drops them when it needs to.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.machine import describe
from pipelines.media.identify import Kind
from pipelines.media.photo import PhotoMetadata, header, new_planes, read_photo, write_photo
from pipelines.media.photo_ceiling import photo_ceiling
from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples
from pipelines.media.pool import DecodePool

RESULT = Path(__file__).with_name("results") / "photo_memory.json"
SHAPE = FrameShape(8192, 12_288, PixelLayout(Family.RGB))
TWICE = FrameShape(2 * SHAPE.height, 2 * SHAPE.width, SHAPE.layout)
KINDS = (Kind.PNG, Kind.JPEG, Kind.TIFF, Kind.BMP)
TILE = 512
STRIP = 256
MIB = 1 << 20


class Watch:
    """The largest anonymous memory seen, in bytes, of this process and of all its children."""

    def __init__(self) -> None:
        self.parent = 0
        self.children = 0
        self._stop = threading.Event()

    def run(self) -> None:
        """Look every 20 ms until told to stop."""
        own = os.getpid()
        while not self._stop.wait(0.02):
            self.parent = max(self.parent, _anonymous(own))
            self.children = max(self.children, sum(map(_anonymous, _children(own))))

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch while the context lasts."""
    watch = Watch()
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


def _anonymous(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon")), 0)


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text(encoding="ascii").split()]


def draw(planes: tuple[Samples, ...]) -> None:
    """Fill planes with ramps and noise, a strip at a time."""
    rng = np.random.default_rng(1)
    columns = np.arange(SHAPE.width) * 200 // SHAPE.width
    for number, plane in enumerate(planes):
        for top in range(0, SHAPE.height, STRIP):
            rows = np.arange(top, top + STRIP)[:, None] * 40 // SHAPE.height
            noise = rng.integers(0, 12, (STRIP, SHAPE.width), np.uint8)
            plane[top : top + STRIP] = (columns + rows + number + noise).astype(np.uint8)


def enlarge(source: tuple[Samples, ...], result: tuple[Samples, ...]) -> None:
    """Repeat every sample twice along both axes, a strip at a time."""
    for small, large in zip(source, result, strict=True):
        for top in range(0, SHAPE.height, STRIP):
            strip = small[top : top + STRIP]
            large[2 * top : 2 * (top + STRIP)] = strip.repeat(2, axis=0).repeat(2, axis=1)


def measure(kind: Kind, folder: Path) -> dict[str, object]:
    """Run one kind through reading and writing."""
    path = folder / f"source{kind.suffix}"
    made = new_planes(SHAPE, scratch=folder)
    draw(made)
    write_photo(path, made, SHAPE, PhotoMetadata(kind), kind=kind)
    del made
    with DecodePool() as pool, watched() as watch:
        head = header(pool, path)
        started = time.perf_counter()
        photo = read_photo(pool, path, scratch=folder, orientation="apply")
        read_seconds = time.perf_counter() - started
        result = new_planes(TWICE, scratch=folder)
        enlarge(photo.planes, result)
        started = time.perf_counter()
        write_photo(folder / "result", result, TWICE, photo.metadata, kind=kind)
        write_seconds = time.perf_counter() - started
    need = photo_ceiling(SHAPE, TWICE, tile=TILE, decoder_bytes=head.decoder_bytes, kind=kind)
    written = (folder / "result").stat().st_size
    (folder / "result").unlink()
    path.unlink()
    return {
        "kind": kind.value,
        "file_mib": round(head.file_bytes / MIB, 1),
        "result_mib": round(written / MIB, 1),
        "read_seconds": round(read_seconds, 1),
        "write_seconds": round(write_seconds, 1),
        "peak_parent_mib": round(watch.parent / MIB),
        "peak_children_mib": round(watch.children / MIB),
        "ceiling_mib": round(need.memory_bytes / MIB),
        "scratch_mib": round(need.scratch_bytes / MIB),
        "kept": watch.parent + watch.children <= need.memory_bytes,
    }


def main() -> int:
    """Measure, write the result, print it; 1 where a ceiling is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, help="a folder on a disk with 4 GB free")
    arguments = parser.parse_args()
    measured = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            measured.append(measure(kind, Path(folder)))
        print(json.dumps(measured[-1]), flush=True)
    document = {
        "machine": describe("numpy", "pyvips", "pyvips-binary", "pillow"),
        "source": f"{SHAPE.width}x{SHAPE.height}, 3 channels of 8 bits",
        "result": f"{TWICE.width}x{TWICE.height}",
        "measured": measured,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return int(not all(each["kept"] for each in measured))


if __name__ == "__main__":
    sys.exit(main())
