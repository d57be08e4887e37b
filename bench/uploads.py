"""A large upload through the real server: what it takes, and that memory stays flat."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.test import Client

from bench import files
from bench.results import Result
from finops.ledger.models import Import
from finops.people.models import User

ROOT = Path(__file__).resolve().parent.parent
BLOCK = 1024 * 1024
BOUNDARY = "outlay-bench"
TOKEN = "a" * 32
READY_SECONDS = 60


def upload(home: Path, lines: int) -> Iterator[Result]:
    """Post a usage log of so many lines, about 150 bytes each, and look at the server's memory."""
    path = files.write(files.USAGE, lines, home / "upload.csv")
    size = path.stat().st_size
    with served() as (port, server):
        post(port, write_small(home))
        before = peak_of_children(server)
        start = time.monotonic()
        post(port, path)
        seconds = time.monotonic() - start
        after = peak_of_children(server)
    kept = Import.objects.order_by("-pk").first()
    if kept is None or kept.size_bytes != size:
        raise RuntimeError("the upload was not kept")
    yield Result(
        f"upload of {size / 1e9:.1f} GB: memory of the server, against a small file's",
        f"{after:.0f} against {before:.0f} MiB, {size / seconds / 1e6:.0f} MB/s",
        after / before,
        bar=1.25,
        at_least=False,
    )


def write_small(home: Path) -> Path:
    return files.write(files.USAGE, 20_000, home / "small.csv")


@contextmanager
def served() -> Iterator[tuple[int, int]]:
    """One worker of the server that people use: (port, process id)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gunicorn = Path(sys.executable).parent / "gunicorn"
    command = [gunicorn, "finops.wsgi", "--worker-class", "gthread", "--threads", "4"]
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--no-control-socket"],
        cwd=ROOT, env=dict(os.environ), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_for(port: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start")


def post(port: int, path: Path) -> None:
    """Send the file as a browser does, block by block."""
    user, _ = User.objects.get_or_create(username="bench", defaults={"role": "admin"})
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    server.putrequest("POST", "/setup/upload/")
    for name, value in {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + path.stat().st_size + len(tail)),
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
        "X-CSRFToken": TOKEN,
    }.items():
        server.putheader(name, value)
    server.endheaders(head)
    with path.open("rb") as content:
        while block := content.read(BLOCK):
            server.send(block)
    server.send(tail)
    answer = server.getresponse()
    if answer.status != http.HTTPStatus.FOUND or "imports=" not in (
        answer.headers["Location"] or ""
    ):
        raise RuntimeError(f"the upload was answered with {answer.status}")
    server.close()


def peak_of_children(server: int) -> float:
    """The largest resident set of the server's workers so far, in MiB."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    said = [Path(f"/proc/{child}/status").read_text() for child in children]
    return max(int(one.split("VmHWM:")[1].split()[0]) for one in said) / 1024
