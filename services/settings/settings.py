"""The settings of a process, read from the environment once, by its `main` and by nobody else.

Every variable begins with `EVIDENT_`; `evident doctor` prints what is in force.
"""

from __future__ import annotations

import getpass
import os
import platform
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.spec import Precision
from pipelines.errors import RequestError


def _home() -> Path:
    return user_data_path("evident")


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


class WitnessSetting(BaseModel):
    """A witness of the log: its verifier key (`name+hash+key`) and where it takes submissions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    url: str


class Settings(BaseSettings):
    """What one machine is told.

    `home` holds the signing key and the evidence log. `threads` and `memory_bytes` None mean
    what this process may use. `engine` None means that the fastest of those that gates admit is
    taken, `precision` likewise. `tile_pixels` is the side of a tile as a person sets it; it never
    gets smaller. `network_memory_bytes` is what warm networks may keep on each device, half of
    what is available unless given. `preload` (a JSON list) are networks to load at the start.
    `requested_by` and `reviewer` are people, `Name; function; organisation`. `language` is that
    of reports. `credentials_key` and `credentials_chain` (PEM) sign content credentials in place
    of a self-made certificate. `tsa_url` is a time-stamping authority (RFC 3161) that every
    statement is sent to by digest; stamps must lead to a certificate in `tsa_ca` where it is set.
    `signer_command` (a JSON list of words) is the program that holds the
    signing key, where that is not a file; it is heeded when a home is new.
    `witnesses` (a JSON list of `{"key", "url"}`) are asked to sign each new head of the log, for
    `witness_seconds` at most. `records` is the address of the records' database (None: a file in
    the home), `artifacts` where artifacts are kept: a folder, or `s3://bucket/prefix` on
    `s3_endpoint` (None: a folder in the home). `broker` is where wake-ups of lanes go (None: no
    further than this process). `slots` is how many stages run here at once, `lease_seconds` how
    long a stage is another's after its process was last heard of, `stage_hours` how long an
    attempt at a stage may run at all, `grace_hours` how long bytes stay that nobody holds. What
    jobs rendered is kept for others that ask for the same,
    `reuse_bytes` of it at most (0: nothing), each for `reuse_days` since it was last of use.
    `upload_bytes` is how long a file may be that is sent to the gateway; whoever holds a key asks
    `requests_per_second` for good and `requests_burst` at once: of all gateways together where
    `broker` is a Redis, else of each. `metrics_port` is where workers and keepers show their counts
    (None: nowhere), on `metrics_host`. Every `log_copy_seconds` (0: never) the log's public files
    are copied into `artifacts` where that is set, locked for `log_lock_days` if given.
    `provenance` is the address of the provenance service on the host of the log: workers and
    gateways with it seal, sign and ask there and have no log of their own (None: this home's).
    `provenance_token` is the file of the token that it admits, `provenance_ca` the certificates
    to trust for it in place of the system's.
    `compute` is where samples are computed: `ray` on this machine's
    processors, `ray://HOST:PORT` by the pool whose token is in the file `compute_token` (None: in
    this process); a worker has `compute_threads`, there are `compute_actors` of them (None: as
    many as the pool has room for), and without a frame for `compute_silent_seconds` they are
    given up. `face_embedding` is an ONNX network by which the drift of faces is measured, its input
    `face_embedding_side` samples wide; faces that are smaller than `face_embedding_least_side` are
    too small for it.
    """

    model_config = SettingsConfigDict(env_prefix="EVIDENT_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_home)
    threads: int | None = Field(default=None, ge=1, le=1024)
    engine: str | None = None
    precision: Precision | None = None
    tile_pixels: int | None = Field(default=None, ge=16, le=65536)
    network_memory_bytes: int | None = Field(default=None, ge=0)
    preload: tuple[str, ...] = ()
    memory_bytes: int | None = Field(default=None, ge=1)
    operator: str = Field(default_factory=_operator, min_length=1, max_length=200)
    host: str = Field(default_factory=platform.node, max_length=200)
    case: str | None = Field(default=None, max_length=200)
    item: str | None = Field(default=None, max_length=200)
    exhibit: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=4000)
    requested_by: str | None = Field(default=None, max_length=600)
    reviewer: str | None = Field(default=None, max_length=600)
    language: str = Field(default="en", max_length=10)
    credentials_key: Path | None = None
    credentials_chain: Path | None = None
    tsa_url: str | None = None
    tsa_ca: Path | None = None
    tsa_timeout_seconds: float = Field(default=15.0, gt=0, le=600)
    signer_command: tuple[str, ...] | None = None
    witnesses: tuple[WitnessSetting, ...] = ()
    witness_seconds: float = Field(default=5.0, gt=0, le=60)
    compute: str | None = None
    compute_threads: int = Field(default=1, ge=1, le=1024)
    compute_actors: int | None = Field(default=None, ge=1, le=4096)
    compute_token: Path | None = None
    compute_silent_seconds: float = Field(default=900.0, ge=1, le=86_400)
    records: str | None = Field(default=None, repr=False)
    artifacts: str | None = None
    broker: str | None = Field(default=None, repr=False)
    slots: int = Field(default=1, ge=1, le=64)
    lease_seconds: float = Field(default=30.0, ge=1, le=3600)
    reuse_bytes: int = Field(default=8 << 30, ge=0)
    reuse_days: float = Field(default=7.0, gt=0, le=3650)
    stage_hours: float = Field(default=24.0, gt=0, le=87_600)
    grace_hours: float = Field(default=24.0, ge=1, le=87_600)
    upload_bytes: int = Field(default=200 << 30, ge=1, le=1 << 50)
    requests_per_second: float = Field(default=100.0, ge=0.1, le=1e6)
    requests_burst: int = Field(default=400, ge=1, le=1_000_000)
    metrics_host: str = Field(default="127.0.0.1", min_length=1, max_length=200)
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    log_copy_seconds: float = Field(default=60.0, ge=0, le=86_400)
    log_lock_days: int | None = Field(default=None, ge=1, le=36_500)
    provenance: str | None = Field(default=None, max_length=2000)
    provenance_token: Path | None = None
    provenance_ca: Path | None = None
    face_embedding: Path | None = None
    face_embedding_side: int = Field(default=112, ge=16, le=1024)
    face_embedding_least_side: int = Field(default=40, ge=8, le=1024)
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None

    @property
    def records_url(self) -> str:
        """The address of the records' database."""
        return self.records or f"sqlite:///{self.home.absolute() / 'records.db'}"


def read_settings() -> Settings:
    """Read the settings; raises `RequestError` naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise RequestError(
            f"EVIDENT_{name}: {first['msg']}", next_step="Correct or unset the variable."
        ) from error
