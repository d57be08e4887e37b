"""Outside names: how one is written, and in which namespace the names of a field live. Pure.

A name is `namespace:id`: `email:ann@acme.test`, `github:ann`, `api_key:k1`. Names are told apart
without regard to capitals; the id keeps the case it came in.
"""

import re
from dataclasses import dataclass

# The fields of a cell that may name somebody, and what people call them.
FIELDS = {
    "actor": "User or login",
    "api_key": "API key",
    "project": "Project",
    "sub_account_id": "Workspace or account",
}
OWN_NAMESPACE = {"api_key": "api_key", "project": "project", "sub_account_id": "sub_account"}
EMAIL, LOGIN = "email", "login"
LOWER_NAMESPACES = frozenset({"github", EMAIL})  # names that do not tell capitals apart
EMAIL_SHAPE = re.compile(r"[^@\s:]+@[^@\s:]+\.[^@\s:]+")
NAMESPACE_SHAPE = re.compile(r"[a-z][a-z0-9_.-]*")
NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")


class BadNameError(ValueError):
    """A name that cannot be told apart from others; the message says why."""


@dataclass(frozen=True, order=True)
class Name:
    """Who somebody is outside."""

    namespace: str
    external_id: str

    @property
    def ref(self) -> str:
        """`github:ann`, as `Dirty` rows and addresses write it."""
        return f"{self.namespace}:{self.external_id}"

    @property
    def key(self) -> str:
        """What tells it apart: the same in lower case."""
        return self.ref.lower()


def name_in(namespace: str, external_id: str) -> Name:
    """Return the name; raises BadNameError for an empty half."""
    namespace, external_id = namespace.strip().lower(), external_id.strip()
    if not external_id:
        raise BadNameError("The name is empty.")
    if not NAMESPACE_SHAPE.fullmatch(namespace):
        raise BadNameError(f"{namespace!r} is not a namespace: letters, digits and - _ . only.")
    lower = namespace in LOWER_NAMESPACES
    return Name(namespace, external_id.lower() if lower else external_id)


def read_name(ref: str) -> Name:
    """Return the name that `ref` writes."""
    namespace, colon, external_id = ref.partition(":")
    if not colon:
        raise BadNameError(f"{ref!r} has no namespace.")
    return name_in(namespace, external_id)


def name_of(field: str, text: str, vendor: str = "") -> Name:
    """Return the name that a cell's field means: the one place that knows the namespaces.

    A key, project or sub account lives in the namespace of its field. An actor that is an e-mail
    lives in `email`, one that brings its namespace (`github:ann`) in that, and a bare word in
    its vendor's (`cursor:ann`), or in `login` when several vendors know it.
    """
    text = text.strip()
    if field in OWN_NAMESPACE:
        return name_in(OWN_NAMESPACE[field], text)
    if field != "actor":
        raise BadNameError(f"{field!r} names nobody.")
    if is_email(text):
        return name_in(EMAIL, text)
    namespace, colon, external_id = text.partition(":")
    if colon and external_id.strip() and NAMESPACE_SHAPE.fullmatch(namespace.lower()):
        return name_in(namespace, external_id)
    return name_in(NOT_IN_A_SLUG.sub("_", vendor.lower()).strip("_") or LOGIN, text)


def is_email(text: str) -> bool:
    return bool(EMAIL_SHAPE.fullmatch(text.strip()))
