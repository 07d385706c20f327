"""The platform as the watcher reaches it: through the gateway, with a key for each project.

Files are streamed, never held. What the gateway refuses because of the file or the rule is an
error of the input or of the request, and rejects the file; a gateway that is down, busy, or does
not know the key is `ResourceError`, and the file waits. A gateway that did not answer several
times is left alone for a while.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlsplit

from pipelines.errors import InputError, RequestError, ResourceError
from services.telemetry.breaker import Breaker
from services.watcher.intake import Made, Standing, Stored
from services.watcher.rules import Rule

_PREFIX = "sha256:"
_MATTER = ("case", "item", "exhibit", "note")
_MOST_ANSWER_BYTES = 8 << 20
_LATER = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class GatewayIntake:
    """An `Intake` at `url` (`http://127.0.0.1:8700`); `keys` are API keys by project."""

    def __init__(
        self,
        url: str,
        keys: Mapping[str, str],
        clock: Callable[[], float],
        *,
        timeout_seconds: float = 60.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise RequestError(
                "The address of the gateway is not one.",
                next_step="Write it like http://127.0.0.1:8700.",
            )
        self._parts = parts
        self._keys = dict(keys)
        self._timeout_seconds = timeout_seconds
        self._breaker = Breaker("gateway", clock)

    def store(self, source: BinaryIO, *, name: str, rule: Rule) -> Stored:
        """Upload the bytes; the digest is the gateway's."""
        spelt = quote(name.rsplit("/", 1)[-1].encode("utf-8", "replace")[:255])
        result = self._asked(
            "POST",
            f"/v1/artifacts?name={spelt}",
            rule.project,
            body=source,
            headers={"Content-Type": "application/octet-stream"},
            refused=InputError,
        )
        return Stored(
            str(result["artifact"]).removeprefix(_PREFIX), str(result.get("media_type", ""))
        )

    def submit(self, stored: Stored, *, rule: Rule, key: str) -> str:
        """Ask for a job; its id here names the project as well."""
        pipeline = rule.pipeline
        if pipeline == "auto":
            pipeline = "photo" if stored.media_type.startswith("image/") else "video"
        wish: dict[str, Any] = {
            "pipeline": pipeline,
            "preset": rule.preset,
            "inputs": {"source": {"artifact": f"{_PREFIX}{stored.sha256}"}},
            "params": rule.params,
            "priority": rule.priority,
        }
        wish |= {word: value for word in _MATTER if (value := getattr(rule, word))}
        result = self._asked(
            "POST",
            "/v1/jobs",
            rule.project,
            body=json.dumps(wish).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": key},
            refused=RequestError,
        )
        return f"{rule.project}/{result['job_id']}"

    def standing(self, job: str) -> Standing:
        """Ask how a job stands; one that the gateway does not know has failed."""
        project, _, number = job.rpartition("/")
        try:
            result = self._asked("GET", f"/v1/jobs/{number}", project, refused=RequestError)
        except RequestError as error:
            return Standing(is_final=True, is_done=False, reason=str(error))
        fault = result.get("error") or {}
        return Standing(
            is_final=bool(result["is_final"]),
            is_done=result["state"] == "done",
            reason=_sentence(fault) or f"The job was {result['state']}.",
            made=tuple(
                Made(str(one["name"]), str(one["artifact"]).removeprefix(_PREFIX))
                for one in result["outputs"]
            ),
        )

    @contextmanager
    def open(self, job: str, made: Made) -> Iterator[BinaryIO]:
        """Download a result, as a stream."""
        project = job.rpartition("/")[0]
        path = f"/v1/artifacts/{_PREFIX}{made.sha256}"
        with self._answering("GET", path, project) as answer:
            if answer.status != HTTPStatus.OK:
                raise self._refusal(answer, ResourceError)
            yield cast(BinaryIO, answer)

    def _asked(
        self,
        method: str,
        path: str,
        project: str,
        *,
        refused: type[InputError | RequestError],
        body: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        with self._answering(method, path, project, body=body, headers=headers) as answer:
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise self._refusal(answer, refused)
            document = _document(answer)
        result = document.get("result")
        if not isinstance(result, dict):
            raise ResourceError("The gateway gave an answer that is none of its own.")
        return result

    @contextmanager
    def _answering(
        self,
        method: str,
        path: str,
        project: str,
        *,
        body: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        key = self._keys.get(project)
        if key is None:
            raise ResourceError(
                f"There is no key for the project {project}.",
                next_step="Make one with `evident keys create` and name it in the keys file.",
            )
        words = {**(headers or {}), "Authorization": f"Bearer {key}"}
        with self._breaker.call(), closing(self._connection()) as connection:
            try:
                # Where it refuses before it has read everything, its answer says why.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(
                        method, self._parts.path.rstrip("/") + path, body, words,
                        encode_chunked=body is not None and not isinstance(body, bytes),
                    )  # fmt: skip
                yield connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise ResourceError(
                    f"The gateway does not answer: {type(error).__name__}.",
                    next_step="See whether it runs; the file waits.",
                ) from error

    def _connection(self) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self._timeout_seconds, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, port, timeout=self._timeout_seconds)

    def _refusal(
        self,
        answer: http.client.HTTPResponse,
        refused: type[InputError | RequestError | ResourceError],
    ) -> Exception:
        problem = _document(answer).get("error") or {}
        reason = _sentence(problem) or f"The gateway answered {answer.status}."
        if answer.status in _LATER or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ResourceError(reason, next_step="The file waits.")
        return refused(reason)


def _document(answer: http.client.HTTPResponse) -> dict[str, Any]:
    try:
        document = json.loads(answer.read(_MOST_ANSWER_BYTES))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _sentence(problem: Mapping[str, Any]) -> str:
    """Say what an error object of the gateway says."""
    words = [str(problem.get(word) or "") for word in ("reason", "detail", "next_step")]
    return " ".join(word for word in words if word)[:1000]
