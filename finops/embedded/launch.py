"""What belongs to a running Outlay on one machine, and whether it may start here."""

import contextlib
import fcntl
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from finops.embedded.broker import broker_command
from finops.embedded.home import Home
from finops.embedded.supervisor import Program

# A server that was killed needs a moment to give its port back.
WAIT_FOR_PORT_SECONDS = 3
WORKERS = 2


class CannotStartError(Exception):
    """Outlay may not start here; the text says what to do."""


def programs(address: str, port: int, *, demo: bool) -> list[Program]:
    """Everything that runs beside the database. Stopped: jobs first, then web, then broker."""
    home: Home = settings.HOME
    bin_folder = Path(sys.executable).parent
    celery = [str(bin_folder / "celery"), "-A", "finops"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    schedule = str(home.path / "celerybeat-schedule")
    worker = [*celery, "worker", "-c", str(WORKERS), "-Q", "default", "-l", "INFO", *quiet]
    found = [
        Program("worker", worker, stop_rank=1, grace_seconds=20),
        Program("beat", [*celery, "beat", "-s", schedule, "--pidfile=", "-l", "INFO"], stop_rank=1),
        Program("web", web_command(bin_folder, address, port), stop_rank=2, env=WEB_ENVIRONMENT),
    ]
    if settings.EMBEDDED_BROKER:
        found.insert(0, Program("broker", broker_command(home), stop_rank=3))
    if demo:
        seed = [sys.executable, str(settings.BASE_DIR / "manage.py"), "seed_demo"]
        found.append(Program("demo", seed, stop_rank=1, restarts=False, shows_all_lines=True))
    return found


WEB_ENVIRONMENT = {"OUTLAY_DATABASE_POOL": "True"}


def web_command(bin_folder: Path, address: str, port: int) -> list[str]:
    return [
        str(bin_folder / "gunicorn"),
        "finops.wsgi",
        *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
        *("--bind", f"{address}:{port}", "--graceful-timeout", "5", "--timeout", "120"),
        *("--access-logfile", "-", "--no-control-socket"),
    ]


@contextlib.contextmanager
def exclusive_home(home: Home, address: str) -> Iterator[None]:
    """Hold the home for one launcher. The lock goes with its holder, so it is never stale.

    Raises CannotStartError when another launcher runs there.
    """
    home.make()
    path = home.path / "serve.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStartError(
                f"Outlay already runs on {home.path} ({lock.read().strip()}). Open it there, stop "
                "it with Ctrl-C, or set OUTLAY_HOME to another folder."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {address}\n")
        lock.flush()
        yield


def claim_for_demo(home: Home, *, books_are_new: bool) -> None:
    """Mark new books as the demo's. Raises CannotStartError when they are somebody's own."""
    mark = home.path / "demo"
    if not books_are_new and not mark.exists():
        raise CannotStartError(
            f"The books in {home.path} are not the demo's, and the demo would mix its rows with "
            "them. Leave OUTLAY_HOME and DATABASE_URL unset, or name a new folder."
        )
    mark.touch()


def require_free_port(address: str, port: int) -> None:
    """Raises CannotStartError, with the way out, when something else listens on the port."""
    give_up = time.monotonic() + WAIT_FOR_PORT_SECONDS
    while True:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.strip("[]"), port))
            except OSError as error:
                if time.monotonic() > give_up:
                    raise CannotStartError(
                        f"Port {port} on {address} cannot be used ({error.strerror}). Stop the "
                        f"program that holds it, or choose another port: make run PORT={port + 1}"
                    ) from None
            else:
                return
        time.sleep(0.3)


def readiness(address: str, port: int) -> dict[str, Any] | None:
    """What /readyz says, whether good or bad; None while nothing answers."""
    reachable = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(address, address)  # noqa: S104
    # The name is one that is always allowed, whatever address the server listens on.
    page = urllib.request.Request(
        f"http://{reachable}:{port}/readyz", headers={"Host": "localhost"}
    )
    try:
        with urllib.request.urlopen(page, timeout=5) as answer:
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        body = json.load(error) if error.code == 503 else {"ready": False}
    except (OSError, ValueError):
        return None
    return body
