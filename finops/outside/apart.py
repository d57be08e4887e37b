"""Native readers of other people's files run in a process of their own, with limits.

A file that makes such a reader crash, hang or fill the memory ends that process and nothing
else. A script gets its arguments in `sys.argv`, sees no setting of ours and may print.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024
SAID_MAX = 4000  # characters of what a script printed about its end
# The limits are set before the script's own imports. A number of files that Python opens itself
# and core files are left as they are and forbidden, respectively.
WITH_LIMITS = """
import resource, runpy, sys
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Limits:
    """Of a process: bytes of address space, and seconds on the clock. CPU time may be double."""

    memory: int = 2048 * MIB
    seconds: int = 120


@dataclass(frozen=True)
class Ended:
    """How a script ended and what it printed."""

    code: int  # negative: by this signal
    output: bytes
    said: str  # its last words on stderr

    @property
    def is_out_of_time(self) -> bool:
        return self.code in (-signal.SIGKILL, -signal.SIGXCPU)


class Failed(Exception):  # noqa: N818 - it is a verdict on a file, not a fault of ours
    """The script did not come to a good end while its output was read."""


def run(script: Path, arguments: Sequence[str], limits: Limits) -> Ended:
    """Run the script to its end, or to the end of its time."""
    with started(script, arguments, limits) as process:
        output, said = process.communicate()
    return Ended(process.returncode, output, last_words(said))


@contextmanager
def printing(script: Path, arguments: Sequence[str], limits: Limits) -> Iterator[IO[bytes]]:
    """Run the script and read what it prints meanwhile; it may be left unread.

    Raises Failed at the end when everything was read and the script failed.
    """
    with started(script, arguments, limits) as process:
        if process.stdout is None or process.stderr is None:
            raise AssertionError("both are pipes")
        yield process.stdout
        if process.stdout.closed or process.stdout.read(1):
            process.kill()  # nobody wants the rest
            return
        said = process.stderr.read()
        if process.wait():
            raise Failed(last_words(said) or f"it ended with {process.returncode}")


@contextmanager
def started(
    script: Path, arguments: Sequence[str], limits: Limits
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-P", "-c", WITH_LIMITS, str(limits.memory), str(2 * limits.seconds)]
    process = subprocess.Popen(
        [*command, str(script), *arguments], cwd="/", env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    clock = threading.Timer(limits.seconds, process.kill)
    clock.daemon = True
    clock.start()
    try:
        with process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
    finally:
        clock.cancel()


def environment() -> dict[str, str]:
    """Only what Python needs to start: no secret is passed on."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def last_words(said: bytes) -> str:
    return said.decode("utf-8", errors="replace").strip()[-SAID_MAX:]
