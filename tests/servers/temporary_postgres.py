"""A real PostgreSQL of one test session: on loopback, in a folder of its own, gone at the end.

PostgreSQL refuses to run as root, so root becomes the user `postgres` that Debian's package
makes. Nothing of a system-wide server is touched.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers.missing import free_port, missing

_PACKAGES = "Debian's postgresql"


class TemporaryPostgres:
    """A server of its own; `database` makes a new database in it."""

    def __init__(self, folder: Path, programs: Path, *, durable: bool) -> None:
        self.port = free_port()
        self._folder = folder
        self._programs = programs
        self._names = (f"records_{number}" for number in itertools.count(1))
        fast = () if durable else ("fsync=off", "full_page_writes=off")
        settings = (
            "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={folder}",
            "max_connections=120", "shared_buffers=32MB", *fast,
        )  # fmt: skip
        self._options = " ".join(f"-c {setting}" for setting in settings)
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "--no-sync")

    @property
    def data(self) -> str:
        """The folder of the data."""
        return str(self._folder / "data")

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = str(self._folder / "server.log")
        self._run("pg_ctl", "-D", self.data, "-w", "-l", log, "-o", self._options, "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it: `immediate` is what a crash is, `fast` breaks connections in order."""
        self._run("pg_ctl", "-D", self.data, "-m", how, "-w", "stop")

    def database(self) -> str:
        """Make a database and return its address."""
        name = next(self._names)
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(
            [*_as_postgres(), *command],
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[TemporaryPostgres]:
    """Hand out a running server; skip or fail where PostgreSQL is not installed."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="evident-postgres-"))
    try:
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = TemporaryPostgres(folder, programs, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).parent)
    folders = [folder for folder in folders if (folder / "pg_ctl").exists()]
    if not folders:
        missing("PostgreSQL", _PACKAGES)
    if os.getuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            missing("the user that PostgreSQL runs as", _PACKAGES)
    return folders[-1]


def _as_postgres() -> Sequence[str]:
    return ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
