"""Make the database ready before a command runs: started and migrated, in embedded mode."""

import contextlib
import fcntl
import sys
from collections.abc import Iterator

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from finops.embedded.postgres import EmbeddedPostgres, PostgresError

# Commands that read no row. Everything else finds a running server.
NEED_NO_DATABASE = {
    "check", "collectstatic", "compilemessages", "delete_books", "diffsettings", "findstatic", "help",
    "makemessages", "serve", "spectacular", "startapp", "test", "testserver", "version",
}  # fmt: skip
# Commands about migrations find the server as it is.
MIGRATE_THEMSELVES = {
    "makemigrations",
    "migrate",
    "optimizemigration",
    "showmigrations",
    "sqlmigrate",
}


@contextlib.contextmanager
def open_for_command(argv: list[str]) -> Iterator[None]:
    """Hold the embedded database open while the command named in argv runs."""
    command = argv[1] if len(argv) > 1 else "help"
    asks_for_help = command.startswith("-") or "--help" in argv or "-h" in argv
    if not settings.EMBEDDED_POSTGRES or asks_for_help or command in NEED_NO_DATABASE:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(open_books())
        except (PostgresError, OSError) as error:
            sys.exit(f"outlay: {error}")
        if command not in MIGRATE_THEMSELVES:
            migrate_if_behind()
        yield


@contextlib.contextmanager
def open_books() -> Iterator[None]:
    """Keep the embedded database running for the length of the block, if it is ours to run."""
    settings.HOME.make()
    if not settings.EMBEDDED_POSTGRES:
        yield
        return
    with EmbeddedPostgres(settings.HOME.postgres).in_use():
        try:
            yield
        finally:
            connections.close_all()


def migrate_if_behind() -> None:
    """Apply what is missing; one process at a time, the others wait and find it done."""
    import django

    django.setup()
    with (settings.HOME.path / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
