"""The whole product on one machine: started, disturbed, stopped."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from finops.embedded.postgres import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parent.parent
COUNT_USERS = "from finops.people.models import User; print('users', User.objects.count())"
REPLACED = ("DATABASE_URL", "CELERY_BROKER_URL", "OUTLAY_ARCHIVE", "DJANGO_SETTINGS_MODULE")


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in REPLACED}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment | {"OUTLAY_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_until(server: subprocess.Popen[str], words: str) -> str:
    """What the server says up to the line with those words."""
    seen = ""
    assert server.stdout
    for line in server.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"{words!r} was never said:\n{seen}")


def ask(port: int, page: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10) as answer:
        return answer.read()


def processes_of(home: Path) -> list[tuple[int, str]]:
    """Process ids and commands of everything that was started for this home."""
    mark = f"OUTLAY_HOME={home}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes() + b"\0":
                words = (folder / "cmdline").read_bytes().split(b"\0")
                found.append((int(folder.name), b" ".join(words).decode()))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "home"
    for pid, _ in processes_of(tmp_path / "home"):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_serve_starts_survives_a_killed_worker_and_stops_cleanly(home):
    port = free_port()
    server = command(home, "serve", "--port", str(port))
    said = read_until(server, "stop with Ctrl-C")
    assert f"ready at http://localhost:{port}/" in said
    assert re.search(r"sign in as admin / \S{8,}", said)
    assert json.loads(ask(port, "readyz"))["ready"] is True

    workers = [pid for pid, line in processes_of(home) if " worker " in line]
    os.kill(min(workers), signal.SIGKILL)
    assert "was ended by SIGKILL; starting it again" in read_until(server, "worker |")

    again = command(home, "serve", "--port", str(free_port()))
    assert f"Outlay already runs on {home}" in again.communicate()[0]
    assert again.returncode == 1

    elsewhere = command(home.with_name("other"), "serve", "--port", str(port))
    assert f"make run PORT={port + 1}" in elsewhere.communicate()[0]
    assert elsewhere.returncode == 1

    # Other commands share the running database and leave it alone.
    shell = command(home, "shell", "-v0", "-c", COUNT_USERS)
    assert "users 1" in shell.communicate()[0]
    assert json.loads(ask(port, "readyz"))["database"] == "ok"

    server.send_signal(signal.SIGINT)
    assert "stopped" in server.communicate(timeout=60)[0]
    assert server.returncode == 0
    assert processes_of(home) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_books_of_a_killed_launcher_open_again(home):
    port = free_port()
    server = command(home, "serve", "--port", str(port))
    read_until(server, "stop with Ctrl-C")
    password = (home / "first-sign-in.txt").read_text()
    server.kill()
    server.wait()

    deadline = time.monotonic() + 30
    while any("postgres" not in line for _, line in processes_of(home)):
        assert time.monotonic() < deadline, processes_of(home)
        time.sleep(0.2)
    again = command(home, "serve", "--port", str(port))
    assert password.strip() in read_until(again, "stop with Ctrl-C")
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert processes_of(home) == []


def test_database_that_died_is_started_again(home):
    port = free_port()
    server = command(home, "serve", "--port", str(port))
    read_until(server, "stop with Ctrl-C")
    pid = int((home / "pg/postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    read_until(server, "it had died and was started again")
    assert json.loads(ask(port, "readyz"))["database"] == "ok"
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=60)
    assert server.returncode == 0


def test_commands_on_an_empty_home_find_a_migrated_database(home):
    queries = [command(home, "shell", "-v0", "-c", COUNT_USERS) for _ in range(4)]
    assert [query.communicate()[0].strip() for query in queries] == ["users 0"] * 4
    assert not (home / "pg/postmaster.pid").exists(), "the last one out stops the server"


def test_demo_refuses_to_mix_with_own_books(home):
    command(home, "create_first_admin").communicate()
    demo = command(home, "serve", "--demo", "--port", str(free_port()))
    assert "are not the demo's" in demo.communicate()[0]
    assert demo.returncode == 1


def test_first_admin_is_created_once_and_its_password_is_private(home):
    first = command(home, "create_first_admin").communicate()[0]
    kept = home / "first-sign-in.txt"
    assert kept.read_text() in first
    assert kept.stat().st_mode & 0o077 == 0
    assert "nothing was created" in command(home, "create_first_admin").communicate()[0]


def test_delete_books_removes_the_home_and_refuses_while_it_is_used(home):
    assert "0" in command(home, "shell", "-v0", "-c", "print(0)").communicate()[0]
    with EmbeddedPostgres(home / "pg").in_use():
        refused = command(home, "delete_books", "--yes")
        assert "still uses the books" in refused.communicate()[0]
        assert refused.returncode == 1
    command(home, "delete_books", "--yes").communicate()
    assert not home.exists()
