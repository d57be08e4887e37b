"""The embedded server: one for all processes, stopped by the last, robust against kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from finops.embedded import postgres
from finops.embedded.home import LONGEST_SOCKET_PATH, SOCKET_NAME, short_folder
from finops.embedded.postgres import EmbeddedPostgres, PostgresError

pytestmark = pytest.mark.slow

HOLD = """
import sys
from pathlib import Path
from finops.embedded.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), throwaway=True).in_use():
    print("attached", flush=True)
    sys.stdin.read()
"""


def hold(data: Path) -> subprocess.Popen[str]:
    """A process that uses the server until its standard input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_attached(holder: subprocess.Popen[str]) -> None:
    assert holder.stdout
    assert holder.stdout.readline() == "attached\n"


def release(holder: subprocess.Popen[str]) -> int:
    assert holder.stdin
    holder.stdin.close()
    return holder.wait(timeout=30)


def answers(server: EmbeddedPostgres) -> bool:
    try:
        connect(server).close()
    except psycopg.OperationalError:
        return False
    return True


def connect(server: EmbeddedPostgres) -> psycopg.Connection:
    return psycopg.connect(host=str(server.sockets), user="outlay", dbname="outlay")


def postmaster_pid(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


@pytest.fixture
def server(tmp_path):
    server = EmbeddedPostgres(tmp_path / "pg", throwaway=True)
    yield server
    if server.data.exists():
        server.stop_if_abandoned()


def test_eight_starters_on_an_empty_home_share_one_server(server):
    holders = [hold(server.data) for _ in range(8)]
    for holder in holders:
        wait_attached(holder)
    assert answers(server)
    assert [release(holder) for holder in holders[:-1]] == [0] * 7
    assert answers(server), "one process still uses it"
    assert release(holders[-1]) == 0
    assert not answers(server)


def test_rows_are_still_there_after_stop_and_start(server):
    with server.in_use(), connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert not answers(server)
    with server.in_use(), connect(server) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_server_of_a_killed_holder_is_used_and_stopped_by_the_next(server):
    holder = hold(server.data)
    wait_attached(holder)
    holder.kill()
    holder.wait()
    assert answers(server), "nobody stopped it"
    pid = postmaster_pid(server)
    with server.in_use():
        assert postmaster_pid(server) == pid
    assert not answers(server)


def test_killed_server_is_started_again_with_every_committed_row(tmp_path):
    server = EmbeddedPostgres(tmp_path / "pg")
    with server.in_use(), connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        connection.commit()
        os.kill(postmaster_pid(server), signal.SIGKILL)
        deadline = time.monotonic() + 5
        while answers(server) and time.monotonic() < deadline:
            time.sleep(0.05)
        with server.in_use(), connect(server) as again:
            assert again.execute("SELECT number FROM kept").fetchone() == (7,)


def test_interrupted_creation_leaves_no_half_cluster(server):
    draft = server.data.with_name("pg.new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("half a cluster")
    with server.in_use():
        assert answers(server)
    assert not draft.exists()


def test_long_path_gets_a_short_socket_folder(tmp_path):
    deep = EmbeddedPostgres(tmp_path / ("d" * 60) / ("e" * 60) / "pg", throwaway=True)
    assert len(str(deep.sockets / SOCKET_NAME)) < LONGEST_SOCKET_PATH
    assert deep.sockets == short_folder(deep.data, SOCKET_NAME)
    with deep.in_use():
        assert answers(deep)


def test_foreign_process_in_the_pid_file_is_explained(server, monkeypatch):
    monkeypatch.setattr(postgres, "RETRY_FOR_SECONDS", 0)
    with server.in_use():
        pid_file = (server.data / "postmaster.pid").read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    (server.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *pid_file[1:]]))
    try:
        with pytest.raises(PostgresError, match=r"remove postmaster\.pid"), server.in_use():
            pass
    finally:
        stranger.kill()
        stranger.wait()
    # A process that is gone no longer blocks the start.
    with server.in_use():
        assert answers(server)
