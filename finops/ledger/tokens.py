"""Tokens with which machines post to a source: hashed at rest, shown once, two valid at a time.

A token is 256 random bits, so its plain hash gives nothing away and finds its row by an index.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from finops.ledger.models import IngestToken, Source

PREFIX = "outlay_"
VALID_AT_ONCE = 2
NOTED_EVERY = timedelta(minutes=1)


def make_token(source: Source, by: Any, now: datetime) -> str:
    """Make a token and return it, the only time it is seen. Of the older ones the newest stays."""
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        Source.objects.select_for_update().get(pk=source.pk)
        IngestToken.objects.create(
            source=source, sha256=hash_of(token), ending=token[-4:], by=by, created_at=now
        )
        too_old = valid_tokens(source).values_list("pk", flat=True)[VALID_AT_ONCE:]
        IngestToken.objects.filter(pk__in=list(too_old)).update(revoked_at=now)
    return token


def revoke_token(source: Source, token_id: int, now: datetime) -> None:
    """End a token at once. Raises IngestToken.DoesNotExist when it is none of the source's."""
    token = valid_tokens(source).get(pk=token_id)
    IngestToken.objects.filter(pk=token.pk).update(revoked_at=now)


def source_of_token(token: str, now: datetime) -> Source | None:
    """Return the source that a valid token opens, and note that it was used."""
    if not token.startswith(PREFIX):
        return None
    found = (
        IngestToken.objects.filter(sha256=hash_of(token), revoked_at=None)
        .select_related("source")
        .first()
    )
    if found is None:
        return None
    if found.last_used_at is None or now - found.last_used_at >= NOTED_EVERY:
        IngestToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.source


def valid_tokens(source: Source) -> Any:
    """The tokens that open the source, the newest first."""
    return IngestToken.objects.filter(source=source, revoked_at=None).order_by("-pk")


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
