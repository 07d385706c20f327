"""`evident log`: the verbs about the evidence log, and what each may be asked.

Light on purpose: help needs no import of the log.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson, HomeOfLog

app = typer.Typer(
    name="log",
    help="The evidence log: who did what, and when.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


class Form(StrEnum):
    """How a listing is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@app.command()
def query(  # noqa: PLR0913 - one parameter per option of the verb
    *,
    user: Annotated[
        str | None,
        typer.Option(metavar="U", help="Made by U, or naming U (who took, who handed over)."),
    ] = None,
    session: Annotated[str | None, typer.Option(metavar="S", help="Of one run.")] = None,
    host: Annotated[str | None, typer.Option(metavar="H", help="Made on one machine.")] = None,
    job: Annotated[str | None, typer.Option(metavar="J", help="Of one job.")] = None,
    case: Annotated[str | None, typer.Option(metavar="C", help="Of one case.")] = None,
    item: Annotated[str | None, typer.Option(metavar="N", help="Of one item.")] = None,
    project: Annotated[str | None, typer.Option(metavar="P", help="Of one project.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="K", help="Of one kind: access, transfer, export…")
    ] = None,
    digest: Annotated[
        str | None, typer.Option(metavar="D", help="Naming this SHA-256 in any way.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="From this time on; UTC where no zone is given."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="T", help="Before this time; a day alone is meant whole."),
    ] = None,
    stated: Annotated[
        bool,
        typer.Option("--stated", help="Times are those that a person stated, not of recording."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most entries.")] = 100,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on after this entry of a listing.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    home: HomeOfLog = None,
    as_json: AsJson = False,
) -> None:
    """List entries of the log, oldest first: who did what, when, and where it is sealed.

    [dim]evident log query --user anna --since 2026-11-01 --kind access --format csv[/dim]
    """
    from services.cli import log_query_command  # noqa: PLC0415 - see the module docstring

    asked = log_query_command.Asked(
        user=user,
        session=session,
        host=host,
        job=job,
        case=case,
        item=item,
        project=project,
        kind=kind,
        digest=digest,
        since=since,
        until=until,
        stated=stated,
    )
    chosen = Form.JSON if as_json else form
    raise typer.Exit(
        log_query_command.main(asked, chosen.value, limit=limit, after=after, home=home)
    )


@app.command()
def fsck(
    *,
    bodies: Annotated[
        bool,
        typer.Option("--bodies", help="Check the private database against the log as well."),
    ] = False,
    home: HomeOfLog = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A log's folder, or a copy of its public folder, instead of a home."
        ),
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="KEY",
            help="A file of public keys, witnesses' too, that you know by another way; any other "
            "key of the log fails.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a whole log from its public files, and say the first thing that is wrong.

    [dim]evident log fsck --bodies --trust signing-ed25519.pub.pem[/dim]
    """
    from services.cli import log_command  # noqa: PLC0415 - see the module docstring

    where = log_command.Where(home=home, log=log)
    raise typer.Exit(log_command.fsck(where, tuple(trust or ()), bodies=bodies, as_json=as_json))


@app.command()
def copy(*, home: HomeOfLog = None, as_json: AsJson = False) -> None:
    """Copy the log's public files into the store of artifacts, as the keeper of a deployment does.

    Fails where the store holds another log, or a later head of this one.

    [dim]evident log copy[/dim]
    """
    from services.cli import log_copy_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(log_copy_command.copy(home=home, as_json=as_json))


@app.command()
def fetch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder, new or empty.")],
    *,
    home: HomeOfLog = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the store's copy of the log's public files, for `evident log fsck --log DIR`.

    [dim]evident log fetch copied-log[/dim]
    """
    from services.cli import log_copy_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(log_copy_command.fetch(folder, home=home, as_json=as_json))


@app.command()
def erase(
    *,
    job: Annotated[str, typer.Option("--job", metavar="JOB", help="The job whose entries go.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; one line, kept for good.")
    ],
    sequence: Annotated[
        int | None,
        typer.Option("--sequence", min=0, metavar="N", help="Only entry N of the job."),
    ] = None,
    home: HomeOfLog = None,
    as_json: AsJson = False,
) -> None:
    """Erase bodies and salts of a job's entries for good; the log stays provable and says so.

    Bundles that were made before, and backups, are not touched by this.

    [dim]evident log erase --job 2f6c1a --sequence 3 --reason "asked for by the person"[/dim]
    """
    from services.cli import log_erase_command  # noqa: PLC0415 - see the module docstring

    asked = log_erase_command.Asked(home=home, job=job, sequence=sequence, reason=reason)
    raise typer.Exit(log_erase_command.main(asked, as_json=as_json))


@app.command()
def witness(
    *,
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="The witness's name, like a URL without http."),
    ],
    log_key: Annotated[
        list[Path],
        typer.Option(
            "--log-key", metavar="FILE", help="A log's `vkey` file: the logs that are known."
        ),
    ],
    state: Annotated[
        Path, typer.Option("--state", metavar="DIR", help="Its key and what it signed last.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="A port of 127.0.0.1.")] = 8701,
) -> None:
    """Be a witness of other logs: sign a head only if it extends the one signed last.

    Runs until it is stopped; prints its key and address first.

    [dim]evident log witness --name witness.example/w1 --log-key vkey --state witness[/dim]
    """
    from services.cli import log_witness_command  # noqa: PLC0415 - see the module docstring

    asked = log_witness_command.Asked(name=name, logs=tuple(log_key), state=state, port=port)
    raise typer.Exit(log_witness_command.main(asked))
