"""Whose a name can be: a person's, a team's, or a service's. Pure."""

from dataclasses import dataclass
from typing import Literal

PERSON, TEAM, SERVICE = "person", "team", "service"


class BadOwnerError(ValueError):
    """No owner can be read from this; the message says why."""


@dataclass(frozen=True, order=True)
class Owner:
    """`id` is the person's or the team's; a service has a name, and a team unless all share it."""

    kind: Literal["person", "team", "service"]
    id: int | None = None
    service: str = ""

    def __post_init__(self) -> None:
        if self.kind == SERVICE and not self.service.strip():
            raise BadOwnerError("Give the service a name, for example nightly build.")
        if self.kind != SERVICE and self.id is None:
            raise BadOwnerError("Say which person or team.")

    @property
    def is_shared(self) -> bool:
        """Whether its money is everybody's overhead."""
        return self.kind == SERVICE and self.id is None

    @property
    def person_id(self) -> int | None:
        return self.id if self.kind == PERSON else None

    @property
    def team_id(self) -> int | None:
        return self.id if self.kind != PERSON else None

    @property
    def token(self) -> str:
        """As a form writes it: `person:12`, `team:3`, `service:3:nightly build`, `service::ci`."""
        number = "" if self.id is None else str(self.id)
        return (
            f"service:{number}:{self.service}" if self.kind == SERVICE else f"{self.kind}:{number}"
        )


def read_owner(token: str) -> Owner:
    """Return the owner that a form wrote; raises BadOwnerError."""
    kind, _, rest = token.partition(":")
    number, _, service = rest.partition(":")
    if number and not number.isdecimal():
        raise BadOwnerError(f"{token!r} names no owner.")
    found = int(number) if number else None
    if kind == "person":
        return Owner("person", found)
    if kind == "team":
        return Owner("team", found)
    if kind == "service":
        return Owner("service", found, " ".join(service.split()))
    raise BadOwnerError("Choose whose it is.")
