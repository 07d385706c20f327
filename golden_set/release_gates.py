"""Gates every shipped network on every engine and precision here and signs the records.

Run in the development environment: `python golden_set/release_gates.py`. The signing key is made
for this release, used in this process and kept nowhere; its public half ships beside the records
(`pipelines/gates/shipped`), so a record can be checked and no further one can be made under it.
The known answers, by which other builds of an engine are admitted, are computed here as well.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models import catalog
from models.engines.choice import listing
from models.engines.residency import WarmNetworks
from models.spec import Precision
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.signature import public_pem
from pipelines.gates.answers import Plane, answer_name, pack, question
from pipelines.gates.book import ANSWERS, RELEASE_KEY, SHIPPED, SUFFIX
from pipelines.gates.results import from_json, to_json
from pipelines.gates.speed import measure_speed
from services.cli.gate_command import BASELINES, GOLDEN_SET, Asked, main
from services.provenance.keys import FileSigner
from services.settings.settings import Settings


def release() -> int:
    """Write the shelf anew; returns the exit code of the gates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--baselines", action="store_true", help="make the baselines anew instead of comparing"
    )
    parser.add_argument(
        "--speeds",
        action="store_true",
        help="measure speeds alone, with nothing else running, and put them into the baselines",
    )
    arguments = parser.parse_args()
    names = catalog.names()
    if arguments.speeds:
        return measure_speeds(names)
    SHIPPED.mkdir(exist_ok=True)
    for old in SHIPPED.glob(f"*{SUFFIX}"):
        old.unlink()
    # Networks must be admitted by nothing while they are judged; every gate job says so itself.
    with tempfile.TemporaryDirectory(prefix="evident-release-") as folder:
        home = Path(folder)
        signer = FileSigner(home / "keys")
        (SHIPPED / RELEASE_KEY).write_bytes(public_pem(signer.public_key))
        own = Settings(home=home, operator="release")
        codes = [
            main(asked(way, home / "out", anew=arguments.baselines), as_json=False, settings=own)
            for way in ways(names)
        ]
        for record in newest(home / "gates"):
            shutil.copy(record, SHIPPED / record.name)
    (SHIPPED / ANSWERS).write_bytes(pack(dict(known_answers(names))))
    return max(codes)


@dataclass(frozen=True, slots=True)
class ReleasedWay:
    """One network in one way of running."""

    network: str
    engine: str
    precision: Precision

    @property
    def baseline(self) -> Path:
        """Where its baseline lies. Every engine here runs on the processor."""
        name = f"{self.network}.{self.engine}.{self.precision.value}.cpu.json"
        return GOLDEN_SET / BASELINES / name


def ways(names: Sequence[str]) -> Iterator[ReleasedWay]:
    """Every engine of the processor that is installed, in every precision of every card."""
    for engine in listing():
        for precision in Precision:
            for name in names:
                able = precision in engine.precisions & catalog.card(name).precisions
                if engine.is_available and engine.device_class == "cpu" and able:
                    yield ReleasedWay(name, engine.name, precision)


def asked(way: ReleasedWay, out: Path, *, anew: bool) -> Asked:
    """The gate of a way; where it has no baseline yet, one is made."""
    return Asked(
        networks=(way.network,),
        engines=(way.engine,),
        golden=None,
        out=out,
        baseline=None,
        write_baseline=anew or not way.baseline.exists(),
        compare=False,
        precision=way.precision,
    )


def measure_speeds(names: Sequence[str]) -> int:
    """Time every way and write its figure into its baseline. The machine should be at rest."""
    for way in ways(names):
        warm = WarmNetworks(way.engine, precision=way.precision)
        speed = measure_speed(catalog.card(way.network), warm.network(way.network))
        earlier = from_json(parse_object(way.baseline.read_bytes()))
        way.baseline.write_bytes(canonical_bytes(to_json(replace(earlier, speed=speed))))
        print(f"{way.baseline.stem}: {earlier.speed.ratio:.3f} -> {speed.ratio:.3f}")
    return 0


def known_answers(names: Sequence[str]) -> Iterator[tuple[str, Plane]]:
    """One answer a network in fp32, and one for every engine in a reduced precision."""
    exact = WarmNetworks(threads=1)
    for name in names:
        yield name, exact.network(name).run(question())
    for way in ways(names):
        if way.precision is not Precision.FP32:
            warm = WarmNetworks(way.engine, threads=1, precision=way.precision)
            answer = warm.network(way.network).run(question())
            yield answer_name(way.network, way.engine, way.precision.value), answer


def newest(shelf: Path) -> list[Path]:
    """The last record of each network and engine."""
    found: dict[str, Path] = {}
    for path in sorted(shelf.glob(f"*{SUFFIX}"), key=lambda one: one.stat().st_mtime_ns):
        found[path.name.removesuffix(SUFFIX).rpartition(".")[0]] = path
    return list(found.values())


if __name__ == "__main__":
    raise SystemExit(release())
