"""One throwaway database server per test run, shared by the xdist workers.

Settings are read from the environment, so this file fills it before Django is loaded. Nothing
here touches the home of the person who runs the tests.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from finops.embedded.postgres import EmbeddedPostgres

PREFIX = "outlay-test-"
IS_CONTROLLER = "PYTEST_XDIST_WORKER" not in os.environ

if IS_CONTROLLER:
    os.environ["OUTLAY_HOME"] = tempfile.mkdtemp(prefix=PREFIX)
HOME = Path(os.environ["OUTLAY_HOME"])
SERVER = EmbeddedPostgres(HOME / "pg", throwaway=True)
OTHER_SERVER = os.environ.get("OUTLAY_TEST_DATABASE_URL")

os.environ["DJANGO_SETTINGS_MODULE"] = "finops.settings"
os.environ["DATABASE_URL"] = OTHER_SERVER or f"postgres://outlay@/outlay?host={SERVER.sockets}"
os.environ["CELERY_BROKER_URL"] = "memory://"
os.environ["OUTLAY_ARCHIVE"] = str(HOME / "archive")
os.environ["DEBUG"] = "False"
for name in ("OUTLAY_HTTPS", "OUTLAY_HOSTS", "OUTLAY_ORIGINS", "OUTLAY_DATABASE_POOL"):
    os.environ.pop(name, None)

run = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if IS_CONTROLLER and not OTHER_SERVER:
        sweep_abandoned()
        run.enter_context(SERVER.in_use())
    prepare_django()


def prepare_django() -> None:
    """Load Django now that the environment is complete, with quick passwords and plain static."""
    import django
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    if IS_CONTROLLER:
        run.close()
        shutil.rmtree(HOME, ignore_errors=True)


def sweep_abandoned() -> None:
    """Stop and remove what a killed test run left behind."""
    for old in HOME.parent.glob(f"{PREFIX}*"):
        if old == HOME or old.stat().st_uid != os.getuid():
            continue
        server = EmbeddedPostgres(old / "pg")
        if server.data.exists() and server.stop_if_abandoned():
            shutil.rmtree(old, ignore_errors=True)
