"""The validation pack: everything that a laboratory needs to repeat a gate on its own machine.

A zip of the golden set (manifest, files, thresholds, baselines), the cards and weights of the
networks as they were judged, their signed records with the key, and a page that says what to
run. The same inputs give the same bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from models import weights
from models.card_text import render
from models.spec import NetworkCard
from pipelines.gates.book import RELEASE_KEY, SHIPPED, SUFFIX
from pipelines.gates.faces import FILE as FACES
from pipelines.gates.golden_set import MANIFEST, read_set
from pipelines.gates.thresholds import CLASS_FILE, FILE

_DATE = (1980, 1, 1, 0, 0, 0)
_BASELINES = "baselines"

_PAGE = """Validation pack of Evident for: {names}

What this is: the pictures, truths and thresholds that these networks were judged by, the weights
and cards, and the signed records of that judgement (records/, key in records/{key}).

To repeat the gate on your own machine, with Evident installed there:

    unzip PACK.zip -d pack
{commands}
Each command scores every case through the pipeline as your machine runs it, prints every line of
the verdict, ends with 0 where all hold and 1 where one does not, and writes gate.html, gate.json
and gate.dsse.json: your own signed record, which is yours to keep. `--baseline` compares case by
case with what we measured.

Before you begin, check that the files are those of the manifest: the command refuses any other.
Performance on this set is not an error rate for any image.
"""


def write_pack(out: Path, cards: Sequence[NetworkCard], golden: Path) -> int:
    """Write the pack to `out`; returns its size in bytes.

    Raises InputError where a file of the set is not the one its manifest names, OSError where
    something cannot be read or written.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(cards, golden)):
            archive.writestr(_entry(name), content)
    return out.stat().st_size


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"pack/{name}", _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _files(cards: Sequence[NetworkCard], golden: Path) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _page(cards, golden).encode("utf-8")
    yield f"golden_set/{MANIFEST}", (golden / MANIFEST).read_bytes()
    yield f"golden_set/{FILE}", (golden / FILE).read_bytes()
    for beside in (CLASS_FILE, FACES):
        if (golden / beside).exists():
            yield f"golden_set/{beside}", (golden / beside).read_bytes()
    found = read_set(golden)
    files = {
        file.path: file
        for case in (*found.photos, *found.characters, *found.clips)
        for file in (case.truth, case.source)
    }
    files.update({sheet.glyphs.path: sheet.glyphs for sheet in found.characters})
    for path, file in files.items():
        yield f"golden_set/{path.relative_to(golden).as_posix()}", file.read()
    for card in cards:
        for path in _baselines(card, golden):
            yield f"golden_set/{_BASELINES}/{path.name}", path.read_bytes()
        for path in sorted(SHIPPED.glob(f"{card.name}.*{SUFFIX}")):
            yield f"records/{path.name}", path.read_bytes()
        yield f"networks/{card.name}.toml", render(card).encode("utf-8")
        for form in card.files:
            path = weights.path_of(card, form)
            yield f"networks/{path.name}", path.read_bytes()
    yield f"records/{RELEASE_KEY}", (SHIPPED / RELEASE_KEY).read_bytes()


def _baselines(card: NetworkCard, golden: Path) -> list[Path]:
    return sorted((golden / _BASELINES).glob(f"{card.name}.*.json"))


def _page(cards: Sequence[NetworkCard], golden: Path) -> str:
    lines = []
    for card in cards:
        for path in _baselines(card, golden):
            engine = path.name.removeprefix(f"{card.name}.").split(".")[0]
            lines.append(
                f"    evident gate {card.name} --engine {engine} --set pack/golden_set "
                f"--out gates\n"
            )
    names = ", ".join(card.name for card in cards)
    return _PAGE.format(names=names, key=RELEASE_KEY, commands="".join(lines))
