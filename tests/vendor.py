"""A vendor's API for tests: a real HTTP server on this machine that answers what it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """A request as it came."""

    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What to say. `cut` bytes of the body are promised and never sent."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    pause: float = 0  # seconds between two bytes


@dataclass
class Vendor:
    """The server: its address, what it was asked, and the function that answers."""

    url: str
    asked: list[Asked]
    stop: threading.Event

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@contextmanager
def vendor(answer: Callable[[Asked], Answer]) -> Iterator[Vendor]:
    """Run a server whose every answer comes from the function."""
    running = Vendor("", [], threading.Event())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            running.asked.append(Asked(parts.path, parse_qs(parts.query), headers, body))
            self.say(answer(running.asked[-1]))

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def say(self, said: Answer) -> None:
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body) + said.cut))
            self.end_headers()
            if said.pause:
                for byte in said.body:
                    if running.stop.wait(said.pause):
                        return
                    self.wfile.write(bytes([byte]))
            else:
                self.wfile.write(said.body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    running.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield running
    finally:
        running.stop.set()
        server.shutdown()
        server.server_close()
