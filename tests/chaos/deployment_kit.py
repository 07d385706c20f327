"""A deployment on loopback: servers, processes of every duty, and the ways in which they die.

Everything that is killed gets SIGKILL, so nothing is said goodbye to. A process that died is
started again at once under the same address, as whatever supervises a deployment does. With a
head among its processes, a deployment has its clips rendered by a pool of Ray.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import func, select

from pipelines.evidence.entry import Actor
from pipelines.run.work_folder import WORK_NAME
from services.auth.api_keys import ensure_project
from services.auth.credentials import make_key
from services.auth.scopes import DEFAULT_PROJECT
from services.auth.token_file import own_token
from services.database.database import Database
from services.database.migrate import upgrade
from services.database.tables import stages
from services.jobs.artifacts import Artifacts
from services.jobs.jobs import Jobs
from services.storage.opening import open_folder, open_s3
from services.storage.port import Storage
from tests.chaos.conftest import Servers
from tests.chaos.pool_kit import POOL, Pool, killed
from tests.servers.missing import free_port
from tests.servers.temporary_ray import family
from tests.servers.temporary_s3 import new_bucket

ROOT = Path(__file__).resolve().parents[2]
PROJECT = DEFAULT_PROJECT
ELSEWHERE = "elsewhere"
"""The duty of a worker on a host of its own."""
LEASE_SECONDS = 3
PATIENCE_SECONDS = 600

ACTOR = Actor("chaos", "session", "host", "evident test")
_RULES = """
[watch]
settle_seconds = 1
[[rule]]
preset = "forensic-safe"
params = { credentials = "none" }
"""


class Deployment:
    """Servers and processes. `duties` names the processes to run, in this order.

    Without `reuse` every job is computed, whatever was computed before it.
    """

    def __init__(
        self,
        home: Path,
        servers: Servers,
        duties: Sequence[str],
        *,
        s3: bool = False,
        reuse: bool = True,
    ) -> None:
        self.home = home
        self.servers = servers
        self.duties = tuple(duties)
        self.gateway = f"http://127.0.0.1:{free_port()}"
        self.watched = home / "watched"
        self._log_port = free_port()
        self.elsewhere = home / "elsewhere"
        for folder in (home, home / "temporary", self.watched, self.elsewhere):
            folder.mkdir(exist_ok=True)
        self._url = servers.postgres.database()
        self.pool = Pool(home) if POOL & {*duties} else None
        self._told = {"EVIDENT_BROKER": servers.redis.url}
        self._told |= {} if self.pool is None else self.pool.told
        self._told |= {} if reuse else {"EVIDENT_REUSE_BYTES": "0"}
        self.storage = self._in_bucket() if s3 else open_folder(home / "artifacts")
        self.database = Database(self._url)
        upgrade(self.database)
        ensure_project(self.database, PROJECT)
        self.jobs = Jobs(self.database, actor=ACTOR)
        self.artifacts = Artifacts(self.database)
        self.key = make_key(home)
        self._processes: list[subprocess.Popen[bytes]] = []
        (home / "rules.toml").write_text(_RULES)
        (home / "keys.toml").touch(0o600)
        (home / "keys.toml").write_text(f'[keys]\n{PROJECT} = "{self.key}"\n')

    def start(self) -> None:
        """Start every process, and wait until the pool is whole where there is one."""
        self._processes = [self._started(number) for number in range(len(self.duties))]
        if self.pool is not None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while self.pool.nodes(self.environment) < len(POOL & {*self.duties}):
                self.require_well()
                assert time.monotonic() < deadline, self._said(0)

    def stop(self) -> None:
        """End every process as an operator does: those that use a pool before the pool."""
        numbers = range(len(self._processes))
        of_pool = [n for n in numbers if self.duties[n] in POOL]
        for group in ([n for n in numbers if n not in of_pool], of_pool):
            for number in group:
                self._await_handler(self._processes[number])
                self._processes[number].terminate()
            for number in group:
                code = self._processes[number].wait(120)
                assert code == 0 or number in of_pool, self._said(number)
        self._processes = []

    def require_well(self) -> None:
        """Fail where a process ended by itself, with its last words; a pool's is started again."""
        for number, process in enumerate(self._processes):
            if process.poll() is not None:
                assert self.duties[number] in POOL, self._said(number)
                self._processes[number] = self._started(number)

    def kill_all(self) -> None:
        """End what is left, after a failure."""
        for process in self._processes:
            killed(process)
        if self.pool is not None:
            self.pool.forget()

    def kill_one(self, chance: random.Random, *duties: str) -> None:
        """Kill a process that has one of the duties, and start another in its place."""
        self._kill(chance.choice([n for n, one in enumerate(self.duties) if one in duties]))

    def family_of(self, duty: str) -> set[int]:
        """All processes that have a duty, and all that they started."""
        named = [one for n, one in enumerate(self._processes) if self.duties[n] == duty]
        return {each for one in named for each in family(one.pid)}

    def in_work(self, names: Sequence[str]) -> Path | None:
        """Something with one of these names in the work folder of a job, None where none is."""
        with suppress(OSError):  # folders go while they are looked at
            for name in names:
                for found in (self.home / "work").glob(f"*/out/*/{WORK_NAME}/{name}"):
                    return found
        return None

    def job_of(self, path: Path) -> str:
        """Whose work folder a path is in."""
        return path.relative_to(self.home / "work").parts[0].partition(".")[0]

    def kill_holder(self, job: str) -> bool:
        """Kill the process that has the lease on a job; False where none has."""
        asked = select(stages.c.worker).where(stages.c.job == job, stages.c.worker.is_not(None))
        with self.database.reading() as connection:
            holder = connection.execute(asked).scalar()
        numbers = [n for n, one in enumerate(self._processes) if f"-{one.pid}-" in (holder or "")]
        for number in numbers:
            self._kill(number)
        return bool(numbers)

    def _kill(self, number: int) -> None:
        process = self._processes[number]
        if self.duties[number] in POOL:
            killed(process)
        else:
            process.kill()
            process.wait()
        self._processes[number] = self._started(number)

    @contextmanager
    def workers_frozen(self) -> Iterator[None]:
        """Hold every process still that works on jobs, inside the block."""
        held = [
            p
            for n, p in enumerate(self._processes)
            if self.duties[n] in {"all", "worker", ELSEWHERE}
        ]
        for process in held:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in held:
                process.send_signal(signal.SIGCONT)

    @contextmanager
    def frozen(self, number: int) -> Iterator[None]:
        """Hold a process still inside the block."""
        process = self._processes[number]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    @contextmanager
    def without_room(self) -> Iterator[None]:
        """Let no process make a file longer inside the block, as a disk without room does not."""
        self._let_files_grow(is_allowed=False)
        try:
            yield
        finally:
            self._let_files_grow(is_allowed=True)

    def _let_files_grow(self, *, is_allowed: bool) -> None:
        for pid in [process.pid for process in self._processes]:
            for one in (pid, *_children(pid)):
                with suppress(ProcessLookupError):
                    _, most = resource.prlimit(one, resource.RLIMIT_FSIZE)
                    resource.prlimit(one, resource.RLIMIT_FSIZE, (most if is_allowed else 0, most))

    @property
    def environment(self) -> Mapping[str, str]:
        """What every process is told."""
        return {
            **os.environ,
            **self._told,
            "EVIDENT_HOME": str(self.home),
            "EVIDENT_RECORDS": self._url,
            "EVIDENT_LEASE_SECONDS": str(LEASE_SECONDS),
            "EVIDENT_THREADS": "1",
            "TMPDIR": str(self.home / "temporary"),
        }

    def _await_handler(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a process that was started a moment ago heeds SIGTERM."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and not _catches(process.pid, signal.SIGTERM):
            assert time.monotonic() < deadline, "a process does not heed SIGTERM"
            time.sleep(0.05)

    @property
    def homes(self) -> tuple[Path, ...]:
        """The home with the log, and that of another host where one works."""
        return (self.home, self.elsewhere) if ELSEWHERE in self.duties else (self.home,)

    def _environment_of(self, duty: str) -> Mapping[str, str]:
        """What a process is told; one of another host has a home of its own, without a log."""
        if duty != ELSEWHERE:
            return self.environment
        token = self.home / "provenance" / "worker.token"
        own_token(token)
        return {
            "EVIDENT_ARTIFACTS": str(self.home / "artifacts"),
            **self.environment,
            "EVIDENT_HOME": str(self.elsewhere),
            "EVIDENT_PROVENANCE": f"http://127.0.0.1:{self._log_port}",
            "EVIDENT_PROVENANCE_TOKEN": str(token),
        }

    def holds_lease(self, number: int) -> bool:
        """Whether a process has a lease on a job now."""
        name = f"-{self._processes[number].pid}-"
        held = select(func.count()).where(stages.c.worker.contains(name, autoescape=True))
        with self.database.reading() as connection:
            return bool(connection.execute(held).scalar_one())

    def _in_bucket(self) -> Storage:
        bucket = new_bucket(self.servers.s3.address, prefix="artifacts/")
        self._told |= {
            "EVIDENT_ARTIFACTS": f"s3://{bucket.bucket}/artifacts",
            "EVIDENT_S3_ENDPOINT": str(bucket.endpoint),
            "EVIDENT_S3_ACCESS_KEY": str(bucket.access_key),
            "EVIDENT_S3_SECRET_KEY": str(bucket.secret_key),
        }
        return open_s3(bucket)

    def _started(self, number: int) -> subprocess.Popen[bytes]:
        with (self.home / f"process-{number}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", *self._words(self.duties[number])],
                cwd=ROOT,
                env=self._environment_of(self.duties[number]),
                stdout=log,
                stderr=log,
            )

    def _words(self, duty: str) -> Sequence[str]:
        words = {
            "all": ("orchestrator",),
            "keeper": ("orchestrator", "--only", "keeper"),
            "worker": ("orchestrator", "--only", "worker"),
            "gateway": ("gateway", "--port", self.gateway.rpartition(":")[2]),
            ELSEWHERE: ("orchestrator", "--only", "worker"),
            "provenance": ("provenance", "--port", str(self._log_port)),
            "sealing": ("provenance", "--seals", "--port", str(self._log_port)),
            "watcher": (
                "watcher", str(self.watched), "--rules", str(self.home / "rules.toml"),
                "--keys", str(self.home / "keys.toml"), "--gateway", self.gateway,
                "--every", "1",
            ),
        }  # fmt: skip
        if duty in POOL and self.pool is not None:
            return self.pool.words(duty)
        return words[duty]

    def _said(self, number: int) -> str:
        log = self.home / f"process-{number}.log"
        return f"{self.duties[number]}: {log.read_text(errors='replace')[-2000:]}"


def _catches(pid: int, number: signal.Signals) -> bool:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def _children(pid: int) -> Iterator[int]:
    """Every process that a process started, theirs too."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _children(child)


@contextmanager
def deployed(
    home: Path,
    servers: Servers,
    duties: Sequence[str],
    *,
    s3: bool = False,
    reuse: bool = True,
) -> Iterator[Deployment]:
    """Run a deployment; whatever becomes of the test, its processes end."""
    deployment = Deployment(home, servers, duties, s3=s3, reuse=reuse)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.kill_all()
        deployment.database.close()
