"""What the environment may say, and what the product answers to nonsense."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as live
from django.core.exceptions import ImproperlyConfigured

from finops import checks
from finops import settings as outlay
from finops.embedded.home import Home

ROOT = Path(__file__).resolve().parent.parent


def test_database_url_becomes_connection_settings():
    found = outlay.parse_database_url("postgres://ann:p%40ss@db.example:5433/books?sslmode=require")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "books",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_database_url_may_name_a_socket_folder():
    found = outlay.parse_database_url("postgres://outlay@/outlay?host=/run/postgresql")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/run/postgresql", "", {})


def test_other_databases_are_refused():
    with pytest.raises(ImproperlyConfigured, match="postgres://"):
        outlay.parse_database_url("mysql://ann@db/books")


@pytest.mark.parametrize("value", ["true", "1", "yes", ""])
def test_boolean_is_true_or_false_and_nothing_else(monkeypatch, value):
    monkeypatch.setenv("DEBUG", value)
    with pytest.raises(ImproperlyConfigured, match="DEBUG must be True or False"):
        outlay.envbool("DEBUG", "False")


def test_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("FIELD_KEY_FILE", str(tmp_path / "key"))
    assert outlay.envsecret("FIELD_KEY") == "from-a-file"


def test_secret_is_made_once_and_private(tmp_path):
    home = Home(tmp_path / "home")
    first = home.secret("secret_key")
    assert home.secret("secret_key") == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "home/secrets/secret_key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "home/secrets").iterdir()] == ["secret_key"]


def test_processes_that_make_a_secret_at_once_agree(tmp_path):
    code = (
        "import sys; from pathlib import Path; from finops.embedded.home import Home\n"
        "print(Home(Path(sys.argv[1])).secret('field_key'))"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "home")], stdout=subprocess.PIPE, cwd=ROOT
        )
        for _ in range(4)
    ]
    assert len({maker.communicate()[0] for maker in makers}) == 1


def test_open_secrets_folder_is_an_error(settings, tmp_path):
    settings.OUTLAY_HOME = tmp_path
    (tmp_path / "secrets").mkdir(mode=0o755)
    assert [found.id for found in checks.home_is_private(None)] == ["outlay.E001"]
    (tmp_path / "secrets").chmod(0o700)
    assert checks.home_is_private(None) == []


def test_short_field_key_is_an_error(settings):
    settings.FIELD_KEYS = ["k" * 40, "short"]
    assert [found.id for found in checks.keys_are_long(None)] == ["outlay.E002"]


def test_unknown_archive_is_an_error(settings):
    settings.OUTLAY_ARCHIVE = "gs://bucket"
    assert [found.id for found in checks.archive_is_known(None)] == ["outlay.E003"]


def test_public_name_without_https_is_a_warning(settings):
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "outlay.example"]
    assert [found.id for found in checks.hosts_speak_https(None)] == ["outlay.W001"]
    settings.HTTPS = True
    assert checks.hosts_speak_https(None) == []


def test_a_task_ends_before_its_message_is_handed_out_again():
    assert live.CELERY_TASK_SOFT_TIME_LIMIT < live.CELERY_TASK_TIME_LIMIT
    assert live.CELERY_TASK_TIME_LIMIT < outlay.VISIBILITY_TIMEOUT_SECONDS


def test_policy_allows_no_inline_code_and_no_eval(client):
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
