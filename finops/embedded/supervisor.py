"""Runs a handful of programs together: restarts what dies, stops all of them in order.

Each program lives in a session of its own, so Ctrl-C reaches only this process and every program
gets exactly one SIGTERM (Celery takes a second one as an order to drop its work).
"""

import contextlib
import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LONGEST_BACK_OFF = 30
# A program that ran this long was healthy: its next end is a new story.
HEALTHY_SECONDS = 60
LARGEST_LOG = 10 * 1024 * 1024
WORTH_SHOWING = re.compile(r"\b(ERROR|CRITICAL)\b")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Program:
    """What to run, and how. Programs with a lower `stop_rank` are stopped first."""

    name: str
    command: list[str]
    stop_rank: int
    env: dict[str, str] = field(default_factory=dict)
    grace_seconds: float = 10
    restarts: bool = True
    shows_all_lines: bool = False


@dataclass
class Child:
    """A program's present process, and when to start it again after it ended."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    started_at: float = 0
    start_at: float | None = 0
    failures: int = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps the programs running until a signal asks it to stop."""

    def __init__(self, programs: list[Program], logs: Path) -> None:
        self.children = [Child(program) for program in programs]
        self.logs = logs
        self.selector = selectors.DefaultSelector()
        self.signals = 0

    def run(self, every_second: Callable[[], None]) -> None:
        """Start everything, call `every_second` about once a second, return when all stopped."""
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            while not self.signals:
                self._start_due()
                self._relay_output(seconds=1)
                self._note_ended()
                if not self.signals:
                    every_second()
        finally:
            self._stop_all()

    def listen_for_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def restart(self, name: str, why: str) -> None:
        for child in self.children:
            if child.program.name == name and child.is_running:
                show(name, f"restarting: {why}")
                self._stop([child])
                self._note_ended()

    def _on_signal(self, *_: object) -> None:
        self.signals += 1
        if self.signals == 1:
            show("outlay", "stopping; press Ctrl-C again to stop at once")

    def _start_due(self) -> None:
        for child in self.children:
            if (
                child.process is None
                and child.start_at is not None
                and time.monotonic() >= child.start_at
            ):
                self._start(child)

    def _start(self, child: Child) -> None:
        child.log = open_log(self.logs / f"{child.program.name}.log")
        child.process = subprocess.Popen(
            child.program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **child.program.env},
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - this process has no threads
        )
        child.started_at = time.monotonic()
        if output := child.process.stdout:
            os.set_blocking(output.fileno(), False)
            self.selector.register(output, selectors.EVENT_READ, (child, output))

    def _relay_output(self, seconds: float) -> None:
        """Write what the programs print to their logs; show what matters."""
        for key, _ in self.selector.select(seconds):
            child, output = key.data
            chunk = output.read(64 * 1024)
            if chunk:
                self._write(child, chunk)
            elif chunk is not None:
                self.selector.unregister(output)
                output.close()

    def _write(self, child: Child, chunk: bytes) -> None:
        if child.log:
            child.log.write(chunk)
        for line in chunk.decode(errors="replace").splitlines():
            if child.program.shows_all_lines or WORTH_SHOWING.search(line):
                show(child.program.name, line)

    def _note_ended(self) -> None:
        for child in self.children:
            if child.process is None or child.is_running:
                continue
            code = child.process.returncode
            now = time.monotonic()
            child.failures = 1 if now - child.started_at > HEALTHY_SECONDS else child.failures + 1
            kill_session(child.process)  # what an ended program left behind
            child.process = None
            if child.log:
                child.log.close()
            wait = min(2 ** (child.failures - 1), LONGEST_BACK_OFF)
            child.start_at = now + wait if child.program.restarts else None
            if self.signals == 0 and (code or child.program.restarts):
                again = f"; starting it again in {wait} s" if child.program.restarts else ""
                log = self.logs / f"{child.program.name}.log"
                show(child.program.name, f"{why_ended(code)}{again} (log: {log})")

    def _stop_all(self) -> None:
        for rank in sorted({child.program.stop_rank for child in self.children}):
            self._stop([child for child in self.children if child.program.stop_rank == rank])

    def _stop(self, children: list[Child]) -> None:
        """One SIGTERM each; SIGKILL to the whole session after the grace or a second Ctrl-C."""
        running = [(child.program, child.process) for child in children if child.process]
        for _, process in running:
            process.terminate()
        asked_at = time.monotonic()
        while running := [
            (program, process) for program, process in running if process.poll() is None
        ]:
            for program, process in running:
                if self.signals > 1 or time.monotonic() - asked_at > program.grace_seconds:
                    kill_session(process)
            self._relay_output(seconds=0.1)
        self._relay_output(seconds=0)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def show(name: str, line: str) -> None:
    print(f"{name:>8} | {line}", flush=True)  # noqa: T201 - this is the launcher's face


def why_ended(code: int) -> str:
    """The end of a process in words."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def open_log(path: Path) -> IO[bytes]:
    """The log, unbuffered and appended to; a large one becomes `.1` first."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab", buffering=0)


def end_with_parent() -> None:
    """Ask the kernel to end this process when the launcher is killed (Linux only)."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
