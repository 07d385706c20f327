"""Makes the larger golden set from pictures that are fetched, or that lie on the disk already.

    python -m golden_set.make_larger_set --out larger --fetch
    python -m golden_set.make_larger_set --out larger --photos kodak --photos downloads

`larger.toml` pins every picture by SHA-256; a file of that digest is taken whatever its name.
The degradations, sheets of characters and the clip are those of the small set. The manifest is
written last: a set that was interrupted is not one. Then: `evident gate NAME --set larger`.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from golden_set.degradations import Rgb
from golden_set.make_golden_set import PIXELS, chart, clip_case, sheet_cases
from golden_set.set_writer import SetWriter
from models.errors import ModelError
from models.install.fetching import Fetching, fetch_file
from models.install.origin import official_origin
from models.spec import OfficialFile, Sha256

HERE = Path(__file__).parent
SOURCES = HERE / "larger.toml"
THRESHOLDS = HERE / "larger_thresholds.toml"
SIDE = 512
"""Pictures are cut to at most this, from their middle, so that a gate takes minutes."""


@dataclass(frozen=True)
class Source:
    """A published picture, pinned."""

    name: str
    url: str
    sha256: str
    licence: str


def main() -> int:
    """Make the set; returns the exit code: 1 where pictures are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the set, made anew")
    parser.add_argument("--photos", type=Path, action="append", default=[], help="look here too")
    parser.add_argument("--fetch", action="store_true", help="get what is missing from its origin")
    arguments = parser.parse_args()
    sources = [Source(**row) for row in tomllib.loads(SOURCES.read_text("utf-8"))["photo"]]
    shipped = Path(str(resources.files("skimage"))) / "data"
    kept = arguments.out / "pictures"
    kept.mkdir(parents=True, exist_ok=True)
    found = by_digest(sources, [kept, shipped, *arguments.photos])
    if arguments.fetch:
        for source in sources:
            if source.sha256 not in found:
                print(source.url)
                try:
                    found[source.sha256] = fetched(source, kept)
                except ModelError as error:
                    print(f"{error}\n{error.next_step}")
                    return 1
    missing = [source.url for source in sources if source.sha256 not in found]
    if missing:
        print("Missing; get them with --fetch, or lay them into a folder named by --photos:")
        print("\n".join(missing))
        return 1
    make(arguments.out, sources, found)
    return 0


def fetched(source: Source, folder: Path) -> Path:
    """Get a picture from where it is published, checked; goes on where it was broken off."""
    official = OfficialFile(
        source.url, source.name, Sha256(source.sha256), 0, stated_by="golden_set/larger.toml"
    )
    part = fetch_file(Fetching(official, folder, official_origin(source.url)))
    return part.rename(folder / source.name)


def by_digest(sources: list[Source], folders: list[Path]) -> dict[str, Path]:
    """Return the files in `folders` that are pinned pictures, by SHA-256."""
    wanted = {source.sha256 for source in sources}
    found = {}
    for folder in folders:
        for path in sorted(one for one in folder.iterdir() if one.is_file()):
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 in wanted:
                found[sha256] = path
    return found


def make(out: Path, sources: list[Source], found: dict[str, Path]) -> None:
    """Degrade the pictures and write the set into `out`."""
    golden = SetWriter(out, "larger", made_by="make_larger_set.py")
    for number, source in enumerate(sources):
        golden.photo(number, source.name, middle(found[source.sha256]), source.licence)
    golden.photo(len(sources), "chart", chart(), "Apache-2.0 (computed)")
    for scale, sizes in PIXELS.items():
        for pixels in sizes:
            sheet_cases(golden, scale, pixels)
    clip_case(golden)
    shutil.copyfile(THRESHOLDS, out / "thresholds.toml")
    shutil.copyfile(HERE / "class_thresholds.toml", out / "class_thresholds.toml")
    golden.finish()


def middle(path: Path) -> Rgb:
    """Return the middle of a picture, (H, W, 3) with sides that divide by 4, `SIDE` at most."""
    with Image.open(path) as picture:
        samples = np.asarray(picture.convert("RGB"), np.float64)
    height, width = (min(SIDE, side) // 4 * 4 for side in samples.shape[:2])
    top, left = (samples.shape[0] - height) // 2, (samples.shape[1] - width) // 2
    return samples[top : top + height, left : left + width]


if __name__ == "__main__":
    raise SystemExit(main())
