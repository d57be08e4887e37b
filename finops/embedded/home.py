"""Where Outlay keeps its state on one machine: a folder, its secrets and its sockets.

Imported by finops.settings, so nothing here may need Django.
"""

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"
# A unix socket's address holds 107 bytes and a closing zero; longer paths are cut or refused.
LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True)
class Home:
    """The folder OUTLAY_HOME and the fixed names inside it."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "pg"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def archive(self) -> Path:
        return self.path / "archive"

    @property
    def broker(self) -> Path:
        return self.path / "broker"

    @property
    def postgres_sockets(self) -> Path:
        return short_folder(self.postgres, SOCKET_NAME)

    @property
    def broker_socket(self) -> Path:
        return short_folder(self.broker, "redis.sock") / "redis.sock"

    def make(self) -> "Home":
        """Create the folder, closed to other users, and return self."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    def secret(self, name: str) -> str:
        """The secret of that name, made at its first use.

        Several processes may ask at once on an empty home: a hard link decides who was first.
        """
        folder = self.path / "secrets"
        file = folder / name
        if not file.exists():
            self.make()
            folder.mkdir(exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile("w", dir=folder) as draft:
                draft.write(secrets.token_urlsafe(48))
                draft.flush()
                try:
                    os.link(draft.name, file)
                except FileExistsError:
                    pass
        return file.read_text().strip()


def short_folder(folder: Path, socket_name: str) -> Path:
    """The folder itself, or a short stand-in under /tmp when its socket's path is too long."""
    if len(os.fsencode(folder / socket_name)) < LONGEST_SOCKET_PATH:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"outlay-{os.getuid()}-{digest}"


def claim_short_folder(folder: Path) -> None:
    """Create a socket folder for this user alone.

    Raises PermissionError when somebody else made a folder of that name first.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.getuid(), 0):
        raise PermissionError(f"{folder} belongs to another user; remove it and try again")
