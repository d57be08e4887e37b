"""PostgreSQL refuses to run as root; this finds a user it accepts."""

import functools
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "outlay"
# Nobody but the owner may enter.
CLOSED_TO_OTHERS = 0o700


@dataclass(frozen=True)
class PlainUser:
    """How to run a program without root's rights: words in front of it, or a user to become."""

    prefix: tuple[str, ...] = ()
    identity: dict[str, Any] = field(default_factory=dict)

    def own(self, folder: Path) -> None:
        """Give the folder to that user, where it is another one than ourselves.

        The folder around it lets that user pass, and nobody else. Raises PermissionError when a
        folder further out does not.
        """
        if not self.identity:
            return
        shutil.chown(folder, self.identity["user"], self.identity["group"])
        if stat.S_IMODE(folder.parent.stat().st_mode) == CLOSED_TO_OTHERS:
            shutil.chown(folder.parent, group=self.identity["group"])
            folder.parent.chmod(0o710)
        require_passable(folder.parent.parent)


def require_passable(folder: Path) -> None:
    """Raises PermissionError, with the way out, when other users cannot pass to the folder."""
    for outer in (folder, *folder.parents):
        if not outer.stat().st_mode & stat.S_IXOTH:
            raise PermissionError(
                f"PostgreSQL runs as the user {ACCOUNT!r}, which cannot pass through {outer}. Use "
                f"another OUTLAY_HOME, run Outlay as another user than root, or chmod o+x {outer}."
            )


@functools.cache
def find_plain_user() -> PlainUser:
    """Ourselves when not root; a user namespace when allowed; else the account `outlay`.

    Raises PermissionError with the way out when root has neither.
    """
    if os.getuid() != 0:
        return PlainUser()
    if namespace := _user_namespace():
        return PlainUser(prefix=namespace)
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        account = _create_account()
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return PlainUser(identity=identity)


def _user_namespace() -> tuple[str, ...]:
    """The command that maps root to an ordinary user; files stay root's outside of it."""
    unshare = shutil.which("unshare")
    if not unshare:
        return ()
    prefix = (unshare, "--user", "--map-user=1000", "--map-group=1000")
    works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return prefix if works else ()


def _create_account() -> pwd.struct_passwd:
    made = subprocess.run(
        ["useradd", "--system", "--no-create-home", ACCOUNT],
        capture_output=True,
        check=False,
        text=True,
    )
    if made.returncode:
        raise PermissionError(
            "PostgreSQL does not run as root, user namespaces are not allowed here, and the user "
            f"{ACCOUNT!r} could not be created ({made.stderr.strip()}). Run Outlay as another "
            "user, or set DATABASE_URL to a PostgreSQL server."
        )
    return pwd.getpwnam(ACCOUNT)
