"""PostgreSQL refuses to run as root; this finds a user it accepts."""

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "outlay"


@dataclass(frozen=True)
class PlainUser:
    """How to run a program without root's rights: words in front of it, or a user to become."""

    prefix: tuple[str, ...] = ()
    identity: dict[str, Any] = field(default_factory=dict)

    def own(self, folder: Path) -> None:
        """Give the folder to that user, where it is another one than ourselves."""
        if self.identity:
            shutil.chown(folder, self.identity["user"], self.identity["group"])


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
