"""The networks that a plan names, found by digest and run as the plan says they ran.

Weights of this machine's own catalog come first. Those that came with a bundle are taken where
the catalog has others and the bundle's signer is known: a file of weights meets an engine in
this process, and a stranger's file must not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from models import catalog, weights
from models.catalog import Catalog
from models.engines import choice
from models.engines.residency import WarmNetworks
from models.engines.selection import Workload
from models.engines.tiled import TiledNetwork
from models.errors import ModelError
from models.spec import NetworkCard, Precision, WeightsFormat
from pipelines.evidence.bundle_layout import Role
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_bundle import ReplayBundle
from pipelines.run.replay_plan import Tiles

Facts = Mapping[str, str | int]


class PlannedNetworks:
    """Networks under the conditions of a plan: engine, precision, threads and tile of each.

    `engine` and `threads` replace those of the plan where they are given; an engine that lacks the
    plan's precision runs in fp32, and the difference tells what that does. `tiles` are the
    smaller ones that were taken when memory ran out. It is a `pipelines.run.job.Networks`.
    """

    def __init__(
        self,
        planned: Sequence[Facts],
        catalogs: Mapping[str, Catalog],
        *,
        engine: str | None = None,
        threads: int | None = None,
        tiles: Tiles | None = None,
    ) -> None:
        self.threads = threads or max((int(facts["threads"]) for facts in planned), default=1)
        smaller = tiles or {}
        self._warm = {
            name: WarmNetworks(
                engine or str(facts["engine"]),
                threads=threads or int(facts["threads"]),
                precision=_precision(facts, engine),
                tile_pixels=smaller.get(name, int(facts["tile_pixels"])),
                batch=int(facts.get("batch", 1)),
                networks=catalogs[name],
            )
            for facts in planned
            for name in (str(facts["model"]),)
        }

    def network(self, model: str) -> TiledNetwork:
        """Return a network of the plan. Raises ModelError."""
        return self._warm[model].network(model)

    def facts(self, model: str) -> dict[str, str | int]:
        """State how a network runs here. Raises ModelError."""
        return self._warm[model].facts(model)

    def fallback(self, model: str) -> TiledNetwork:
        """Return a network of the plan in fp32. Raises ModelError."""
        return self._warm[model].fallback(model)

    def replans(self) -> tuple[str, ...]:
        """Tell what had to be planned anew during the replay."""
        return tuple(line for one in self._warm.values() for line in one.replans())

    def for_work(
        self,
        models: Iterable[str],  # noqa: ARG002 - the plan decided
        work: Workload,  # noqa: ARG002
    ) -> PlannedNetworks:
        """Decide nothing: a replay runs what is on record."""
        return self

    def reasons(self) -> Mapping[str, str]:
        """Tell nothing: a replay decides nothing."""
        return {}


def _precision(facts: Facts, engine: str | None) -> Precision:
    """The precision on record; fp32 where another engine was named that cannot run in it."""
    planned = Precision(str(facts["precision"]))
    able = [one.precisions for one in choice.listing() if one.name == engine]
    return planned if engine is None or any(planned in each for each in able) else Precision.FP32


def find_catalogs(
    planned: Sequence[Facts], bundle: ReplayBundle, *, known_signer: bool, other_engine: bool
) -> dict[str, Catalog]:
    """Find for every network of a plan the catalog that holds it.

    With `other_engine` the weights may be of another format, so the card alone has to be the one
    on record. Raises NotReplayableError naming the weights that are missing.
    """
    found = {}
    for facts in planned:
        name = str(facts["model"])
        if _is_ours(facts, other_engine=other_engine):
            found[name] = catalog.current()
        else:
            found[name] = _travelled(facts, bundle, known_signer=known_signer)
    return found


def cards_of(catalogs: Mapping[str, Catalog]) -> dict[str, NetworkCard]:
    """The card of every network. Raises NotReplayableError where one cannot be read."""
    try:
        return {name: one.card(name) for name, one in catalogs.items()}
    except ModelError as error:
        raise NotReplayableError(f"a card that this version can read ({error})") from error


def _is_ours(facts: Facts, *, other_engine: bool) -> bool:
    """Whether the catalog of this machine holds the network as it ran, unaltered."""
    try:
        card = catalog.card(str(facts["model"]))
        form = WeightsFormat(str(facts["weights_format"]))
        on_record = card.files[form].sha256 == facts["weights_sha256"]
        same = on_record and card.tiling.caption == facts["tiling"]
        if other_engine:
            return same
        return same and weights.digest_of(weights.path_of(card, form)) == facts["weights_sha256"]
    except (ModelError, ValueError, KeyError):
        return False


def _travelled(facts: Facts, bundle: ReplayBundle, *, known_signer: bool) -> Catalog:
    """The catalog of the bundle's own networks, with this one taken out of the archive."""
    name, wanted = str(facts["model"]), str(facts["weights_sha256"])
    paths = bundle.names(Role.NETWORK)
    card = [path for path in paths if Path(path).name == f"{name}.toml"]
    content = [path for path in paths if bundle.sha256_of(path) == wanted]
    if not card or not content:
        raise NotReplayableError(
            f"the weights of {name} with SHA-256 {wanted}: neither this machine's catalog nor the "
            "bundle holds them"
        )
    if not known_signer:
        raise NotReplayableError(
            f"a known signer: the weights of {name} are in the bundle alone, and weights of a "
            "stranger are not run; name the signer's key with --trust"
        )
    bundle.take(content[0])
    return Catalog(bundle.take(card[0]).parent)
