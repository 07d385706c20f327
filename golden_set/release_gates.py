"""Gates every shipped network on every engine installed and signs the records for a release.

Run in the development environment: `python golden_set/release_gates.py`. The signing key is made
for this release, used in this process and kept nowhere; its public half ships beside the records
(`pipelines/gates/shipped`), so a record can be checked and no further one can be made under it.
The known answers, by which other builds of an engine are admitted, are computed here as well.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from models import catalog
from models.engines.choice import listing
from models.engines.residency import WarmNetworks
from pipelines.evidence.signature import public_pem
from pipelines.gates.answers import pack, question
from pipelines.gates.book import ANSWERS, RELEASE_KEY, SHIPPED, SUFFIX
from services.cli.gate_command import Asked, main
from services.provenance.keys import FileSigner
from services.settings.settings import Settings


def release() -> int:
    """Write the shelf anew; returns the exit code of the gates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--baselines", action="store_true", help="make the baselines anew instead of comparing"
    )
    arguments = parser.parse_args()
    names, engines = catalog.names(), tuple(one.name for one in listing() if one.is_available)
    SHIPPED.mkdir(exist_ok=True)
    for old in SHIPPED.glob(f"*{SUFFIX}"):
        old.unlink()
    # Networks must be admitted by nothing while they are judged; every gate job says so itself.
    with tempfile.TemporaryDirectory(prefix="evident-release-") as folder:
        home = Path(folder)
        signer = FileSigner(home / "keys")
        (SHIPPED / RELEASE_KEY).write_bytes(public_pem(signer.public_key))
        asked = Asked(
            networks=tuple(names),
            engines=engines,
            golden=None,
            out=home / "out",
            baseline=None,
            write_baseline=arguments.baselines,
            compare=False,
        )
        own = Settings(home=home, operator="release")
        code = main(asked, as_json=False, settings=own)
        for record in newest(home / "gates"):
            shutil.copy(record, SHIPPED / record.name)
    warm = WarmNetworks(threads=1)
    answers = {name: warm.network(name).run(question()) for name in names}
    (SHIPPED / ANSWERS).write_bytes(pack(answers))
    return code


def newest(shelf: Path) -> list[Path]:
    """The last record of each network and engine."""
    found: dict[str, Path] = {}
    for path in sorted(shelf.glob(f"*{SUFFIX}"), key=lambda one: one.stat().st_mtime_ns):
        found[path.name.removesuffix(SUFFIX).rpartition(".")[0]] = path
    return list(found.values())


if __name__ == "__main__":
    raise SystemExit(release())
