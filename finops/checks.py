"""`manage.py check`: settings that would hurt later, each with a stable id and a hint."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

OURS = "outlay"  # the tag of these checks
SHORTEST_KEY = 32


@register(OURS)
def home_is_private(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The home holds secrets and the archive of bills; other users must not read it."""
    secrets: Path = settings.OUTLAY_HOME / "secrets"
    if secrets.exists() and secrets.stat().st_mode & 0o077:
        return [
            Error(
                f"{secrets} is open to other users",
                hint=f"chmod -R go= {secrets}",
                id="outlay.E001",
            )
        ]
    return []


@register(OURS)
def keys_are_long(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Short field keys could be guessed from a stolen database."""
    if any(len(key) < SHORTEST_KEY for key in settings.FIELD_KEYS):
        hint = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        return [
            Error(
                f"A field key has fewer than {SHORTEST_KEY} characters", hint=hint, id="outlay.E002"
            )
        ]
    return []


@register(OURS)
def archive_is_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The archive is a folder or a bucket; any other scheme would become a folder's name."""
    archive = settings.OUTLAY_ARCHIVE
    if "://" in archive and not archive.startswith("s3://"):
        return [
            Error(
                f"OUTLAY_ARCHIVE={archive} is not understood",
                hint="Give a folder or s3://bucket/prefix",
                id="outlay.E003",
            )
        ]
    return []


@register(OURS, deploy=True)
def hosts_speak_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A name that others can reach needs HTTPS, or sign-ins travel in the clear."""
    beyond_this_machine = set(settings.ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"}
    if beyond_this_machine and not settings.HTTPS:
        hint = "Put a proxy with HTTPS in front and set OUTLAY_HTTPS=True and OUTLAY_ORIGINS"
        return [
            checks.Warning(
                "OUTLAY_HOSTS is set but OUTLAY_HTTPS is not", hint=hint, id="outlay.W001"
            )
        ]
    return []
