"""The command line's front door: verbs, their help, and exit codes.

Nothing heavy is imported here: each verb imports what it needs when it runs, so `--help` answers
at once. Exit code 0 is good, 1 a failed job or a negative verdict, 2 wrong use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from services.cli import (
    api_keys_verbs,
    bundle_verbs,
    client_verbs,
    compute_verbs,
    copy_verbs,
    fuse_verb,
    gate_verb,
    inspect_verb,
    keys_verbs,
    log_add_verbs,
    log_verbs,
    models_verbs,
    orchestrator_verb,
    probe_verb,
    provenance_verb,
    queue_verbs,
    replay_verb,
    report_verb,
    rewrap_verb,
    run_verb,
    serve_verb,
    stills_verb,
    trace_verb,
    verify_verb,
    watcher_verb,
)
from services.cli.every_verb import AsJson

app = typer.Typer(
    name="evident",
    help="Enhance photographs and video, and prove what was done to them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 good, 1 a failed job or a negative verdict, 2 wrong use. The signing key "
    "and the evidence log live under EVIDENT_HOME; EVIDENT_OPERATOR, EVIDENT_CASE, EVIDENT_ITEM, "
    "EVIDENT_EXHIBIT, EVIDENT_NOTE, EVIDENT_REQUESTED_BY and EVIDENT_REVIEWER are printed in "
    "reports, EVIDENT_LANGUAGE is theirs.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
log_verbs.app.add_typer(log_add_verbs.app)
log_verbs.app.command("import")(log_add_verbs.import_events)
keys_verbs.app.command("create")(api_keys_verbs.create)
keys_verbs.app.command("list")(api_keys_verbs.list_keys)
keys_verbs.app.command("revoke")(api_keys_verbs.revoke)

_VERBS: dict[str, tuple[Callable[..., None] | typer.Typer, ...]] = {
    "Enhance, and check what was done": (
        run_verb.run,
        inspect_verb.inspect,
        verify_verb.verify,
        replay_verb.replay,
        report_verb.report,
        bundle_verbs.app,
    ),
    "Stills and copies": (
        stills_verb.stills,
        fuse_verb.fuse,
        rewrap_verb.rewrap,
        copy_verbs.app,
    ),
    "Evidence": (log_verbs.app, trace_verb.trace, keys_verbs.app),
    "Networks": (models_verbs.app, gate_verb.gate),
    "Ask a gateway": (
        client_verbs.submit,
        client_verbs.status,
        client_verbs.watch,
        client_verbs.cancel,
    ),
    "Run the platform": (
        serve_verb.serve,
        serve_verb.gateway,
        orchestrator_verb.orchestrator,
        compute_verbs.app,
        provenance_verb.provenance,
        watcher_verb.watcher,
        probe_verb.probe,
        queue_verbs.app,
    ),
}
"""Every verb but `doctor`, as help groups them."""

for _panel, _verbs in _VERBS.items():
    for _verb in _verbs:
        if isinstance(_verb, typer.Typer):
            app.add_typer(_verb, rich_help_panel=_panel)
        else:
            app.command(rich_help_panel=_panel)(_verb)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from services.cli.evidence_wiring import version  # noqa: PLC0415 - see the module docstring

        typer.echo(f"evident {version()}")
        raise typer.Exit


@app.callback()
def _evident(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _print_version(wanted=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    del show_version


@app.command(rich_help_panel="Run the platform")
def doctor(
    *,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Measure anew which engine is fastest for each network; kept."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what this machine has and lacks: engines, networks, codecs, services, memory, disk."""
    from services.cli import doctor_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(doctor_command.main(as_json=as_json, measure=measure))


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="evident")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
