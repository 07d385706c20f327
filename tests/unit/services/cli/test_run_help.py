"""The help of `evident run` teaches: every option is shown as it is typed, and is taken so."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

from services.cli.main import app

RUN = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]
OPTIONS = {
    one.name: one for one in RUN.params if one.param_type_name == "option" and one.name != "as_json"
}


def example(name: str) -> list[str]:
    """The words of an option's example: what follows its last colon."""
    shown = re.split(r"(?:: |with )(?=--)", str(OPTIONS[name].help).removesuffix("."))[-1]
    return shlex.split(shown.replace(", --", " --"))


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_the_help_of_every_option_shows_it_in_use(name: str) -> None:
    """An example names the option itself, and is taken by the verb as it stands."""
    words = example(name)
    assert set(words) & {*OPTIONS[name].opts, *OPTIONS[name].secondary_opts}
    context = RUN.make_context("run", ["photo.png", "--out", "results", *words])
    assert context.params[name] not in (None, False, [], ())
