"""`evident submit`, `status`, `watch` and `cancel`: what a client of a gateway does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.text import Text

from pipelines.errors import EvidentError, RequestError, UnreadableError
from pipelines.evidence.archive_name import safe_part
from pipelines.stages.export.sanitise import shown
from services.cli.evidence_wiring import settings_for
from services.cli.gateway_client import DEFAULT_GATEWAY, GatewayClient, key_from
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
    wrong_use,
)

GATEWAY_VARIABLE = "EVIDENT_GATEWAY"

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Gateway:
    """Which gateway, and whose key."""

    url: str | None
    home: Path | None

    def client(self) -> GatewayClient:
        """Return a client of it."""
        url = self.url or os.environ.get(GATEWAY_VARIABLE) or DEFAULT_GATEWAY
        return GatewayClient(url, key_from(settings_for(self.home).home))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with every input."""

    preset: str
    scale: int | None
    model: str | None
    graph: Path | None
    case: str | None
    item: str | None
    exhibit: str | None
    note: str | None
    language: str | None
    priority: str

    def request(self, uploaded: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request for one file that was uploaded."""
        inputs = {"source": {"artifact": uploaded["artifact"]}}
        words = {
            "case": self.case,
            "item": self.item,
            "exhibit": self.exhibit,
            "note": self.note,
            "language": self.language,
        }
        matter = {"priority": self.priority} | {k: v for k, v in words.items() if v is not None}
        if self.graph is not None:
            return {**matter, "graph": {"inputs": inputs, **_document(self.graph)}}
        params = {"scale": self.scale, "model": self.model}
        return {
            **matter,
            "pipeline": uploaded["media"],
            "preset": self.preset,
            "inputs": inputs,
            "params": {k: v for k, v in params.items() if v is not None},
        }


def submit(
    asked: Gateway, inputs: Sequence[Path], wish: Wish, out: Path | None, *, as_json: bool
) -> int:
    """Upload and ask for work, one file after another; returns the exit code."""
    jobs: list[dict[str, Any]] = []
    code = GOOD
    try:
        client = asked.client()
        for path in inputs:
            jobs.append(_submitted(client, path, wish))
            if not as_json and out is None:
                print_text(f"{jobs[-1]['job_id']}  {shown(str(path), longest=_LONGEST)}")
        if out is not None:
            for job in jobs:
                job.update(_finished(client, job, out))
                code = max(code, GOOD if job["state"] == "done" else FAILED)
                if not as_json:
                    _print_job(job)
    except EvidentError as error:
        if as_json:
            print_json({"jobs": jobs, "error": _told(error)})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError) else FAILED
    if as_json:
        print_json({"jobs": jobs})
    return code


def status(asked: Gateway, job: str | None, *, as_json: bool) -> int:
    """Print how a job stands, or the newest ones; returns the exit code."""
    try:
        client = asked.client()
        found = client.ask("GET", "/v1/jobs" if job is None else _path(job))
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json(found)
        return GOOD
    for one in found["jobs"] if job is None else [found]:
        _print_job(one)
    return GOOD


def watch(asked: Gateway, job: str, *, as_json: bool) -> int:
    """Print what happens until the job is final; returns the exit code."""
    events: list[dict[str, Any]] = []
    try:
        client = asked.client()
        for event in client.events(job):
            events.append(event)
            if not as_json:
                _print_event(event)
        found = client.ask("GET", _path(job))
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"job": found, "events": events})
    else:
        _print_job(found)
    return GOOD if found["state"] == "done" else FAILED


def cancel(asked: Gateway, job: str, *, as_json: bool) -> int:
    """Call a job off; returns the exit code."""
    try:
        found = asked.client().ask("POST", f"{_path(job)}/cancel")
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json(found)
    else:
        _print_job(found)
    return GOOD


def _submitted(client: GatewayClient, path: Path, wish: Wish) -> dict[str, Any]:
    console = console_on_stderr()

    def said(sent: int, size: int) -> None:
        if sent and console.is_terminal:
            console.print(Text(f"{shown(path.name, longest=_LONGEST)}: {sent} of {size} bytes"))

    try:
        uploaded = client.upload(path, said=said)
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Check the path."
        ) from error
    job = client.ask("POST", "/v1/jobs", body=wish.request(uploaded))
    return {"input": str(path.absolute()), "artifact": uploaded["artifact"], **job}


def _finished(client: GatewayClient, job: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Wait until a job is final, and fetch what it made into a folder of its own."""
    for _ in client.events(str(job["job_id"])):
        pass
    found = client.ask("GET", _path(str(job["job_id"])))
    folder = _new_folder(out, safe_part(Path(str(job["input"])).name))
    fetched = []
    for one in found["outputs"]:
        path = folder / safe_part(str(one["name"]))
        client.download(str(one["artifact"]), path)
        fetched.append({**one, "path": str(path.absolute())})
    return {**found, "outputs": fetched}


def _new_folder(out: Path, name: str) -> Path:
    """Make the folder of one input; a number is added where the name is taken."""
    for number in range(1, 10_000):
        folder = out / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise RequestError(
                f"{folder} cannot be made: {error.strerror or error}.",
                next_step="Name a folder that you can write to.",
            ) from error
        return folder
    raise RequestError(f"{out} holds too many folders called {name}.")


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} holds no graph.", next_step="Name a JSON file.") from error
    if not isinstance(document, dict):
        raise RequestError(f"{path} holds no graph.", next_step="Write a JSON object.")
    return document


def _path(job: str) -> str:
    return f"/v1/jobs/{quote(job, safe='')}"


def _print_job(job: Mapping[str, Any]) -> None:
    print_text(f"{job['job_id']}  {job['state']}  {job['pipeline']}  {job['preset']}")
    for one in job["outputs"]:
        print_text(f"  {shown(str(one.get('path') or one['name']), longest=_LONGEST)}")
    if job.get("error"):
        error = job["error"]
        said = f"{error['reason']} {error.get('next_step') or ''}".strip()
        print_text(f"  {shown(said, longest=_LONGEST)}")


def _print_event(event: Mapping[str, Any]) -> None:
    data = " ".join(f"{name}={value}" for name, value in event["data"].items())
    print_text(f"{event['at']}  {event['kind']}  {shown(data, longest=_LONGEST)}")


def _told(error: EvidentError) -> dict[str, str]:
    return {"reason": str(error), "next_step": error.next_step}
