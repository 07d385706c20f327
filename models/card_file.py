"""The card's form on disk: one TOML file per network, read strictly and written in one form.

Unknown keys, missing keys, wrong types and numbers without sense are refused with a
`CardError` that names the file and the key: a fact that is misspelt must not vanish.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from models.errors import CardError
from models.spec import (
    Channels,
    CompactArchitecture,
    MemoryNeed,
    ModelId,
    NetworkCard,
    NetworkClass,
    Precision,
    Score,
    Sha256,
    Task,
    TilingKind,
    TilingRule,
    Training,
    WeightsFile,
    WeightsFormat,
)

T = TypeVar("T")
Table = Mapping[str, Any]

SUFFIX = {WeightsFormat.ONNX: ".onnx", WeightsFormat.SAFETENSORS: ".safetensors"}
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TILING_NUMBERS: Mapping[TilingKind, tuple[str, ...]] = {
    TilingKind.EXACT: ("reach",),
    TilingKind.ALIGNED: ("window", "reach"),
    TilingKind.APPROXIMATE: ("tolerance", "reach"),
    TilingKind.WHOLE_FRAME: (),
}


class _Reader:
    """Takes typed values out of one table and refuses what nobody took."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, dict):
            raise CardError(f"{where}: a table is missing")
        self.left: dict[str, Any] = dict(table)
        self.where = where

    def take(self, key: str, kind: type[T]) -> T:
        """Return the value of `key`; whole numbers pass for reals, and true is no number."""
        if key not in self.left:
            raise CardError(f"{self.where}: `{key}` is missing")
        value = self.left.pop(key)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise CardError(f"{self.where}: `{key}` must be {kind.__name__}, not {value!r}")
        return value

    def make(self, key: str, kind: type[Any], maker: Callable[[Any], T]) -> T:
        """Return the value of `key` put through `maker`, whose ValueError becomes a CardError."""
        value = self.take(key, kind)
        try:
            return maker(value)
        except ValueError as error:
            raise CardError(f"{self.where}: `{key}` = {value!r} is refused: {error}") from error

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        return self.make(key, str, _not_empty)

    def count(self, key: str, *, least: int = 1) -> int:
        """Return a whole number that is `least` or more."""
        return self.make(key, int, lambda value: _at_least(value, least))

    def table(self, key: str) -> _Reader:
        """Return the table under `key`."""
        return _Reader(self.take(key, dict), f"{self.where} [{key}]")

    def finish(self) -> None:
        """Refuse the card when a key is left that nobody asked for."""
        if self.left:
            raise CardError(f"{self.where}: unknown key `{min(self.left)}`")


def parse(text: str, *, source: Path) -> NetworkCard:
    """Read the card in `text`, which came from the file `source`. Raises CardError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{source.name}: not TOML: {error}") from error
    top = _Reader(document, source.name)
    network, files = top.table("network"), top.table("files")
    try:
        card = NetworkCard(
            name=ModelId(network.make("name", str, _name)),
            version=network.text("version"),
            title=network.text("title"),
            task=network.make("task", str, Task),
            scale=network.count("scale"),
            channels=network.make("channels", str, Channels),
            network_class=network.make("class", str, NetworkClass),
            licence=network.text("licence"),
            origin=network.text("origin"),
            parameters=network.count("parameters"),
            precisions=network.make("precisions", list, _precisions),
            architecture=_architecture(top.table("architecture")),
            tiling=_tiling(top.table("tiling")),
            memory=_memory(top.table("memory")),
            training=_training(top.table("training")),
            scores=tuple(
                _score(_Reader(table, f"{source.name} [[scores]]"))
                for table in (top.take("scores", list) if "scores" in top.left else ())
            ),
            files={form: _file(files.table(form.value), form) for form in WeightsFormat},
            folder=source.parent,
        )
        for reader in (network, files, top):
            reader.finish()
    except CardError as error:
        raise CardError(str(error), next_step="Restore the card from the release.") from error
    return card


def _architecture(reader: _Reader) -> CompactArchitecture:
    reader.make("kind", str, _compact)
    made = CompactArchitecture(features=reader.count("features"), depth=reader.count("depth"))
    reader.finish()
    return made


def _tiling(reader: _Reader) -> TilingRule:
    kind = reader.make("rule", str, TilingKind)
    wanted = _TILING_NUMBERS[kind]
    reach = reader.take("reach", int) if "reach" in wanted else 0
    window = reader.take("window", int) if "window" in wanted else 1
    tolerance = reader.take("tolerance", float) if "tolerance" in wanted else 0.0
    reader.finish()
    try:
        return TilingRule(kind, reach=reach, window=window, tolerance=tolerance)
    except ValueError as error:
        raise CardError(f"{reader.where}: {error}") from error


def _memory(reader: _Reader) -> MemoryNeed:
    made = MemoryNeed(
        per_input_pixel_bytes=reader.count("per_input_pixel_bytes"),
        fixed_bytes=reader.count("fixed_bytes", least=0),
    )
    reader.finish()
    return made


def _training(reader: _Reader) -> Training:
    made = Training(
        data=reader.text("data"),
        degradation=reader.text("degradation"),
        known_failures=reader.make("known_failures", list, _sentences),
    )
    reader.finish()
    return made


def _score(reader: _Reader) -> Score:
    made = Score(
        judged_set=reader.text("judged_set"),
        pictures=reader.count("pictures"),
        psnr_db=reader.take("psnr_db", float),
        gain_db=reader.take("gain_db", float),
        reference=reader.text("reference"),
    )
    reader.finish()
    return made


def _file(reader: _Reader, form: WeightsFormat) -> WeightsFile:
    made = WeightsFile(
        name=reader.make("name", str, lambda name: _plain_file_name(name, SUFFIX[form])),
        sha256=Sha256(reader.make("sha256", str, _digest)),
        size_bytes=reader.count("bytes"),
    )
    reader.finish()
    return made


def _not_empty(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty")
    return value


def _at_least(value: int, least: int) -> int:
    if value < least:
        raise ValueError(f"it must be {least} or more")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("lower-case letters, digits and single separators only")
    return value


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise ValueError("not 64 lower-case hexadecimal digits")
    return value


def _compact(value: str) -> str:
    if value != "compact":
        raise ValueError("only `compact` is known")
    return value


def _plain_file_name(value: str, suffix: str) -> str:
    stem = value.removesuffix(suffix)
    if stem == value or not _NAME.fullmatch(stem):
        raise ValueError(f"a plain file name that ends in {suffix} is needed")
    return value


def _precisions(values: list[Any]) -> frozenset[Precision]:
    made = frozenset(Precision(value) for value in values)
    if Precision.FP32 not in made or len(made) != len(values):
        raise ValueError("fp32 and each other precision once")
    return made


def _sentences(values: list[Any]) -> tuple[str, ...]:
    if not values or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError("one or more sentences are needed")
    return tuple(values)


def render(card: NetworkCard) -> str:
    """Write the card as TOML 1.0, always in the same form; `parse` gives it back."""
    tiling = {key: getattr(card.tiling, key) for key in _TILING_NUMBERS[card.tiling.kind]}
    tables: list[tuple[str, Mapping[str, object]]] = [
        ("[network]", _network_table(card)),
        (
            "[architecture]",
            {
                "kind": "compact",
                "features": card.architecture.features,
                "depth": card.architecture.depth,
            },
        ),
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
    for form in WeightsFormat:
        file = card.files[form]
        facts = {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes}
        tables.append((f"[files.{form.value}]", facts))
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
        "origin": card.origin,
        "parameters": card.parameters,
        "precisions": [each.value for each in Precision if each in card.precisions],
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
