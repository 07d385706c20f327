"""The validation pack: everything that a laboratory needs to repeat a gate on its own machine.

A zip of the golden set (manifest, files, thresholds, baselines), the cards and weights of the
networks as they were judged, their signed records with the key, and a page that says what to
run. The same inputs give the same bytes.

A network that does not ship with the product is imported there from the pack; its records are
those that this machine made, with this machine's key. Whether its weights may be handed on is a
matter of its licence, which the page prints.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models import weights
from models.card_text import render
from models.spec import NetworkCard, WeightsFormat
from pipelines.gates.book import RELEASE_KEY, SHIPPED, SUFFIX
from pipelines.gates.faces import FILE as FACES
from pipelines.gates.golden_set import MANIFEST, read_set
from pipelines.gates.thresholds import CLASS_FILE, FILE

_DATE = (1980, 1, 1, 0, 0, 0)
_BASELINES = "baselines"
OWN_KEY = "machine.pub.pem"

_PAGE = """Validation pack of Evident for: {names}

What this is: the pictures, truths and thresholds that these networks were judged by, the weights
and cards, and the signed records of that judgement (records/; ours under the key in
records/{key}, those of whoever made this pack under records/{own}).

To repeat the gate on your own machine, with Evident installed there:

    unzip PACK.zip
{commands}
Each command scores every case through the pipeline as your machine runs it, prints every line of
the verdict, ends with 0 where all hold and 1 where one does not, and writes gate.html, gate.json
and gate.dsse.json: your own signed record, which is yours to keep. Where golden_set/baselines has
what we measured for that engine and precision, every case is compared with it.

Before you begin, check that the files are those of the manifest: the command refuses any other.
Performance on this set is not an error rate for any image.
"""


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """The shelf of this machine, and its public key as PEM."""

    folder: Path
    public_pem: bytes


def write_pack(
    out: Path, cards: Sequence[NetworkCard], golden: Path, own: OwnRecords | None = None
) -> int:
    """Write the pack to `out`; returns its size in bytes. `own` adds records made here.

    Raises InputError where a file of the set is not the one its manifest names, OSError where
    something cannot be read or written.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(cards, golden, own)):
            archive.writestr(_entry(name), content)
    return out.stat().st_size


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"pack/{name}", _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _files(
    cards: Sequence[NetworkCard], golden: Path, own: OwnRecords | None
) -> Iterator[tuple[str, bytes]]:
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
        for path in [] if own is None else sorted(own.folder.glob(f"{card.name}.*{SUFFIX}")):
            yield f"records/{path.name}", path.read_bytes()
        yield f"networks/{card.name}.toml", render(card).encode("utf-8")
        for form in card.files:
            path = weights.path_of(card, form)
            yield f"networks/{path.name}", path.read_bytes()
    yield f"records/{RELEASE_KEY}", (SHIPPED / RELEASE_KEY).read_bytes()
    if own is not None:
        yield f"records/{OWN_KEY}", own.public_pem


def _baselines(card: NetworkCard, golden: Path) -> list[Path]:
    return sorted((golden / _BASELINES).glob(f"{card.name}.*.json"))


def _page(cards: Sequence[NetworkCard], golden: Path) -> str:
    names = ", ".join(f"{card.name} {card.version} ({card.licence})" for card in cards)
    commands = "".join(f"    {line}\n" for card in cards for line in _commands(card, golden))
    return _PAGE.format(names=names, key=RELEASE_KEY, own=OWN_KEY, commands=commands)


def _commands(card: NetworkCard, golden: Path) -> Iterator[str]:
    """One gate for every way that has a baseline; one alone for a network that has none."""
    gate = f"evident gate {card.name} --set pack/golden_set --out gates"
    if card.files and not any(SHIPPED.glob(f"{card.name}.*{SUFFIX}")):
        tensors = WeightsFormat.SAFETENSORS
        form = tensors if tensors in card.files else next(iter(card.files))
        name = weights.path_of(card, form).name
        yield f"evident models import pack/networks/{name} --as {card.name}"
    ways = [path.name.removeprefix(f"{card.name}.").split(".") for path in _baselines(card, golden)]
    for engine, precision, *_ in ways:
        yield f"{gate} --engine {engine} --precision {precision}"
    if not ways:
        yield gate
