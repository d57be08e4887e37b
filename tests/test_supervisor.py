"""The launcher: restarts what dies, asks once, waits its grace, then kills."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from finops.embedded.supervisor import Program, Supervisor, why_ended

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('asked')); {ready}"
WAIT = "print('up', flush=True)\nwhile True: time.sleep(0.1)"
LAUNCHER = """
import sys
from pathlib import Path
from finops.embedded.supervisor import Program, Supervisor
code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
launcher = Supervisor([Program("child", [sys.executable, "-c", code], 1)], Path(sys.argv[1]))
launcher.listen_for_signals()
launcher.run(lambda: None)
print("clean end", flush=True)
"""


def python(name: str, code: str, rank: int = 1, **options) -> Program:
    return Program(name, [sys.executable, "-u", "-c", code], rank, **options)


def run_until(supervisor: Supervisor, done, limit: float = 20) -> None:
    """Run the supervisor in this thread; ask it to stop once `done()` holds."""
    deadline = time.monotonic() + limit

    def look() -> None:
        if done() or time.monotonic() > deadline:
            supervisor.signals += 1

    supervisor.run(look)
    assert time.monotonic() < deadline, "what the test waits for did not happen"


def text(logs: Path, name: str) -> str:
    path = logs / f"{name}.log"
    return path.read_text() if path.exists() else ""


def test_dead_program_is_started_again(tmp_path, capsys):
    supervisor = Supervisor([python("web", "print('born'); raise SystemExit(3)")], tmp_path)
    run_until(supervisor, lambda: text(tmp_path, "web").count("born") >= 2)
    assert "ended with exit code 3; starting it again in 1 s" in capsys.readouterr().out


@pytest.mark.slow
def test_back_off_doubles_while_a_program_keeps_dying(tmp_path, capsys):
    supervisor = Supervisor([python("web", "raise SystemExit(1)")], tmp_path)
    run_until(supervisor, lambda: supervisor.children[0].failures >= 3)
    shown = capsys.readouterr().out
    assert [f"again in {wait} s" in shown for wait in (1, 2, 4)] == [True] * 3


def test_program_that_runs_once_is_not_started_again(tmp_path):
    supervisor = Supervisor([python("demo", "print('seeded')", restarts=False)], tmp_path)
    started = time.monotonic()
    run_until(supervisor, lambda: time.monotonic() - started > 2.5)
    assert text(tmp_path, "demo") == "seeded\n"


def test_programs_stop_in_rank_order(tmp_path):
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        f"signal.signal(signal.SIGTERM, end); {WAIT}"
    )
    programs = [
        Program(name, [sys.executable, "-c", code, name], rank)
        for name, rank in (("c", 3), ("a", 1), ("b", 2))
    ]
    run_until(
        Supervisor(programs, tmp_path),
        lambda: all("up" in text(tmp_path, name) for name in "abc"),
    )
    assert order.read_text() == "abc"


def test_stubborn_program_is_asked_once_and_killed_after_its_grace(tmp_path):
    code = STUBBORN.format(ready=WAIT)
    supervisor = Supervisor([python("worker", code, grace_seconds=1)], tmp_path)
    run_until(supervisor, lambda: "up" in text(tmp_path, "worker"))
    assert text(tmp_path, "worker").count("asked") == 1
    assert not supervisor.children[0].is_running


def test_second_signal_kills_without_waiting(tmp_path):
    code = STUBBORN.format(ready=WAIT)
    supervisor = Supervisor([python("worker", code, grace_seconds=60)], tmp_path)
    press = threading.Timer(0, lambda: None)

    def look() -> bool:
        nonlocal press
        if "up" not in text(tmp_path, "worker"):
            return False
        press = threading.Timer(1, supervisor._on_signal)
        press.start()
        return True

    started = time.monotonic()
    run_until(supervisor, look)
    press.join()
    assert time.monotonic() - started < 20
    assert not supervisor.children[0].is_running


def test_restart_replaces_the_process(tmp_path):
    code = f"import os, time; print(os.getpid()); {WAIT}"
    supervisor = Supervisor([python("worker", code)], tmp_path)
    asked = []

    def look() -> bool:
        if "up" in text(tmp_path, "worker") and not asked:
            asked.append(True)
            supervisor.restart("worker", "no job was taken for 300 s")
        return text(tmp_path, "worker").count("up") == 2

    run_until(supervisor, look)
    first, second = [line for line in text(tmp_path, "worker").split() if line != "up"]
    assert first != second


def test_what_a_dead_program_left_behind_is_killed(tmp_path):
    code = (
        "import subprocess\n"
        "left = subprocess.Popen(['sleep', '600'])\n"
        "print(left.pid, flush=True); raise SystemExit(1)"
    )
    supervisor = Supervisor([python("worker", code, restarts=False)], tmp_path)
    run_until(supervisor, lambda: supervisor.children[0].failures == 1)
    assert wait_gone(int(text(tmp_path, "worker").split()[0]))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel feature is Linux's")
def test_programs_end_with_a_killed_launcher(tmp_path):
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)])
    pid = wait_for_pid(tmp_path)
    launcher.kill()
    launcher.wait()
    assert wait_gone(pid)


def test_interrupt_ends_the_launcher_cleanly(tmp_path):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    pid = wait_for_pid(tmp_path)
    launcher.send_signal(signal.SIGINT)
    shown, _ = launcher.communicate(timeout=20)
    assert launcher.returncode == 0
    assert shown.endswith("clean end\n")
    assert wait_gone(pid)


def test_end_of_a_process_is_told_in_words():
    assert why_ended(2) == "ended with exit code 2"
    assert why_ended(-signal.SIGKILL) == "was ended by SIGKILL"


def wait_for_pid(logs: Path) -> int:
    deadline = time.monotonic() + 20
    while not text(logs, "child").strip():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(text(logs, "child"))


def wait_gone(pid: int) -> bool:
    """Whether the process ended within ten seconds; one that nobody reaped counts as ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False
