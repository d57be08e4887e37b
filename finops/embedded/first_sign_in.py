"""The first people who can sign in, with passwords made on the spot and kept in one file."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

FIRST_ADMIN = {"admin": "admin"}
# One login for each of the three audiences.
DEMO_LOGINS = {"cfo": "cfo", "manager": "manager", "admin": "admin"}


def sign_in_file() -> Path:
    return Path(settings.OUTLAY_HOME) / "first-sign-in.txt"


def create_first_logins(roles: dict[str, str]) -> str | None:
    """Create the logins {username: role} when nobody can sign in yet, and say how in words.

    Returns None when there are users already.
    """
    users = get_user_model().objects
    if users.exists():
        return None
    lines = []
    for username, role in roles.items():
        password = secrets.token_urlsafe(9)
        users.create_user(username=username, password=password, role=role)
        lines.append(f"{username} / {password}")
    text = "\n".join(lines) + "\n"
    write_private(sign_in_file(), text)
    return text


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
