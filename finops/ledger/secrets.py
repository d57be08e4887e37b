"""Vendors' credentials at rest: encrypted with the operator's field keys, bound to their source.

Write-only for people: a page can say that a secret is there, nothing shows it. The source's key
is inside the cipher text, so that a secret copied to another row does not open there.
"""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from finops.ledger.models import Source

ROTATION = timedelta(days=1)  # how long the previous webhook secret stays valid


class SecretUnreadableError(Exception):
    """The secret was sealed with a key that is not at hand, or for another source."""

    def __init__(self, source: Source) -> None:
        super().__init__(f"The credential of {source.name} cannot be read; please enter it again")


def set_secret(source: Source, secret: str) -> None:
    """Keep the credential that opens the vendor's API. The caller saves the source."""
    source.secret = _seal(source, {"secret": _not_empty(secret)})


def secret_of(source: Source) -> str:
    """Return the credential, or "" when there is none."""
    return str(_open(source, source.secret)["secret"]) if source.secret else ""


def set_webhook_secret(source: Source, secret: str, now: datetime) -> None:
    """Keep a new signing secret; the one before it stays valid for a day."""
    try:
        before = webhook_secrets(source, now)[:1]
    except SecretUnreadableError:
        before = []
    until = (now + ROTATION).isoformat()
    kept = [{"secret": old, "until": until} for old in before if old != secret.strip()]
    newest = {"secret": _not_empty(secret), "until": None}
    source.webhook_secret = _seal(source, {"secrets": [newest, *kept]})


def webhook_secrets(source: Source, now: datetime) -> list[str]:
    """Return the signing secrets that are valid now, the newest first."""
    if not source.webhook_secret:
        return []
    return [
        entry["secret"]
        for entry in _open(source, source.webhook_secret)["secrets"]
        if entry["until"] is None or now < datetime.fromisoformat(entry["until"])
    ]


def _not_empty(secret: str) -> str:
    if not secret.strip():
        raise ValueError("An empty secret protects nothing")
    return secret.strip()


def _seal(source: Source, content: dict[str, Any]) -> bytes:
    return _cipher().encrypt(json.dumps({"source": source.key, **content}).encode())


def _open(source: Source, sealed: bytes | memoryview) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(_cipher().decrypt(bytes(sealed)))
    except InvalidToken:
        raise SecretUnreadableError(source) from None
    if content["source"] != source.key:
        raise SecretUnreadableError(source)
    return content


def _cipher() -> MultiFernet:
    """Encrypts with the first field key, opens with any of them."""
    digests = (hashlib.sha256(key.encode()).digest() for key in settings.FIELD_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
