"""A network's card as it is read: one TOML file per network, read strictly.

Unknown keys, missing keys, wrong types and numbers without sense are refused with a
`CardError` that names the file and the key. A card with an `[official]` table describes a
network that does not ship: its `[files]` are optional, since they exist where it is installed.
`models.card_text` writes what is read here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models.errors import CardError
from models.spec import (
    Architecture,
    BlendRule,
    Channels,
    CompactArchitecture,
    DetectorArchitecture,
    ForeignArchitecture,
    KnownCopy,
    MemoryNeed,
    ModelId,
    NetworkCard,
    NetworkClass,
    OfficialFile,
    Parent,
    Precision,
    PReluArchitecture,
    SampleRange,
    Score,
    Sha256,
    Task,
    TilingKind,
    TilingRule,
    Training,
    Use,
    WeightsFile,
    WeightsFormat,
)
from models.strict_table import (
    StrictTable,
    digest,
    network_name,
    plain_file_name,
    sentences,
)

SUFFIX = {WeightsFormat.ONNX: ".onnx", WeightsFormat.SAFETENSORS: ".safetensors"}
UNKNOWN = "unknown"
"""What stands in the place of a digest that nobody publishes."""
TILING_NUMBERS: Mapping[TilingKind, tuple[str, ...]] = {
    TilingKind.EXACT: ("reach",),
    TilingKind.ALIGNED: ("window", "reach"),
    TilingKind.APPROXIMATE: ("tolerance", "reach"),
    TilingKind.FIXED: ("window", "reach"),
    TilingKind.WHOLE_FRAME: (),
}
"""The numbers that a rule of each kind is stated with."""


def parse(text: str, *, source: Path) -> NetworkCard:
    """Read the card in `text`, which came from the file `source`. Raises CardError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{source.name}: not TOML: {error}") from error
    try:
        return _card(StrictTable(document, source.name), source.parent)
    except CardError as error:
        raise CardError(str(error), next_step="Restore the card from the release.") from error


def _card(top: StrictTable, folder: Path) -> NetworkCard:
    present = frozenset(top.left)
    network = top.table("network")
    official = _official(top.table("official")) if "official" in top.left else None
    card = NetworkCard(
        name=ModelId(network.make("name", str, network_name)),
        version=network.text("version"),
        title=network.text("title"),
        task=network.make("task", str, Task),
        scale=network.count("scale"),
        channels=network.make("channels", str, Channels),
        network_class=network.make("class", str, NetworkClass),
        licence=network.text("licence"),
        use=network.make("use", str, Use) if "use" in network.left else Use.FREE,
        samples=(
            network.make("samples", str, SampleRange)
            if "samples" in network.left
            else SampleRange.UNIT
        ),
        origin=network.text("origin"),
        parameters=network.count("parameters", least=0),
        precisions=network.make("precisions", list, _precisions),
        architecture=_architecture(top.table("architecture")),
        tiling=_tiling(top.table("tiling")),
        memory=_memory(top.table("memory")),
        training=_training(top.table("training")),
        scores=tuple(_score(table) for table in top.tables("scores")),
        official=official,
        copies=tuple(_copy(table) for table in top.tables("copies")),
        blend=_blend(top.table("blend")) if "blend" in top.left else None,
        parents=tuple(_parent(table) for table in top.tables("parents")),
        files=_files(top, optional=official is not None or "parents" in present),
        folder=folder,
    )
    network.finish()
    top.finish()
    return card


def _files(top: StrictTable, *, optional: bool) -> Mapping[WeightsFormat, WeightsFile]:
    if optional and "files" not in top.left:
        return {}
    files = top.table("files")
    forms = [form for form in WeightsFormat if not optional or form.value in files.left]
    made = {form: _file(files.table(form.value), form) for form in forms}
    files.finish()
    return made


def _architecture(reader: StrictTable) -> Architecture:
    made: Architecture
    kind = reader.text("kind")
    if kind == "compact":
        made = CompactArchitecture(features=reader.count("features"), depth=reader.count("depth"))
    elif kind == "prelu-compact":
        made = PReluArchitecture(features=reader.count("features"), depth=reader.count("depth"))
    elif kind == "foreign":
        made = ForeignArchitecture(name=reader.text("name"))
    elif kind == "detector":
        made = DetectorArchitecture(
            family=reader.text("family"),
            height=reader.count("height", least=0),
            width=reader.count("width", least=0),
        )
    else:
        raise CardError(f"{reader.where}: `kind` = {kind!r} is refused: no such architecture")
    reader.finish()
    return made


def _tiling(reader: StrictTable) -> TilingRule:
    kind = reader.make("rule", str, TilingKind)
    wanted = TILING_NUMBERS[kind]
    reach = reader.take("reach", int) if "reach" in wanted else 0
    window = reader.take("window", int) if "window" in wanted else 1
    tolerance = reader.take("tolerance", float) if "tolerance" in wanted else 0.0
    reader.finish()
    try:
        return TilingRule(kind, reach=reach, window=window, tolerance=tolerance)
    except ValueError as error:
        raise CardError(f"{reader.where}: {error}") from error


def _memory(reader: StrictTable) -> MemoryNeed:
    made = MemoryNeed(
        per_input_pixel_bytes=reader.count("per_input_pixel_bytes"),
        fixed_bytes=reader.count("fixed_bytes", least=0),
    )
    reader.finish()
    return made


def _training(reader: StrictTable) -> Training:
    made = Training(
        data=reader.text("data"),
        degradation=reader.text("degradation"),
        known_failures=reader.make("known_failures", list, sentences),
    )
    reader.finish()
    return made


def _official(reader: StrictTable) -> OfficialFile:
    made = OfficialFile(
        url=reader.make("url", str, _https),
        name=reader.make("name", str, plain_file_name),
        sha256=reader.make("sha256", str, _digest_or_unknown),
        size_bytes=reader.count("bytes", least=0),
        stated_by=reader.text("stated_by"),
        direct=reader.take("direct", bool) if "direct" in reader.left else True,
    )
    reader.finish()
    return made


def _copy(reader: StrictTable) -> KnownCopy:
    made = KnownCopy(
        sha256=Sha256(reader.make("sha256", str, digest)),
        note=reader.text("note"),
    )
    reader.finish()
    return made


def _blend(reader: StrictTable) -> BlendRule:
    made = BlendRule(
        twin=ModelId(reader.make("twin", str, network_name)),
        effect=reader.text("effect"),
    )
    reader.finish()
    return made


def _parent(reader: StrictTable) -> Parent:
    made = Parent(
        name=ModelId(reader.make("name", str, network_name)),
        sha256=Sha256(reader.make("sha256", str, digest)),
        share=reader.text("share"),
    )
    reader.finish()
    return made


def _score(reader: StrictTable) -> Score:
    made = Score(
        judged_set=reader.text("judged_set"),
        pictures=reader.count("pictures"),
        psnr_db=reader.take("psnr_db", float),
        gain_db=reader.take("gain_db", float),
        reference=reader.text("reference"),
    )
    reader.finish()
    return made


def _file(reader: StrictTable, form: WeightsFormat) -> WeightsFile:
    made = WeightsFile(
        name=reader.make("name", str, lambda name: _weights_name(name, SUFFIX[form])),
        sha256=Sha256(reader.make("sha256", str, digest)),
        size_bytes=reader.count("bytes"),
    )
    reader.finish()
    return made


def _https(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError("an https address without a user is needed")
    return value


def _digest_or_unknown(value: str) -> Sha256 | None:
    return None if value == UNKNOWN else Sha256(digest(value))


def _weights_name(value: str, suffix: str) -> str:
    stem = value.removesuffix(suffix)
    if stem == value:
        raise ValueError(f"a plain file name that ends in {suffix} is needed")
    network_name(stem)
    return value


def _precisions(values: list[Any]) -> frozenset[Precision]:
    made = frozenset(Precision(value) for value in values)
    if Precision.FP32 not in made or len(made) != len(values):
        raise ValueError("fp32 and each other precision once")
    return made
