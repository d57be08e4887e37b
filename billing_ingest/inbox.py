"""What vendors send us by themselves: checked, stored as it came, answered; applied by a job.

A delivery is known for ever by its source and the vendor's id for it, because a recorded body
with its signature could be sent again at any time.
"""

import hashlib
import io
import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing_ingest import jobs, load, posts
from billing_ingest.connector import Headers, Webhook
from billing_ingest.models import Delivery, Job
from billing_ingest.registry import connector
from finops.ledger.models import Import, Source
from finops.ledger.secrets import SecretUnreadableError, webhook_secrets
from finops.outside import archive

log = logging.getLogger(__name__)

LARGEST_BYTES = 25 * 1024 * 1024
LONGEST_ID = 200
# Deliveries are applied together, up to this many and about this many bytes at a time.
MOST_AT_ONCE = 100
BYTES_AT_ONCE = 16 * 1024 * 1024
NOT_KEPT = ("signature", "token", "authorization", "cookie")


class RefusedError(Exception):
    """A delivery we do not take: the HTTP status, a code and the reason in words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def accept(
    source: Source, webhook: Webhook, headers: Headers, body: bytes, now: datetime
) -> tuple[Delivery, bool]:
    """Store a delivery and queue its processing; say whether it is new.

    headers: names in lower case. Raises RefusedError. When this returns, nothing is lost.
    """
    _check_signature(source, webhook, headers, body, now)
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "content_type", "The body must be application/json.")
    delivery_id = headers.get(webhook.delivery_header, "").strip()
    if not 0 < len(delivery_id) <= LONGEST_ID:
        raise RefusedError(
            400, "no_delivery_id", f"The header {webhook.delivery_header} is missing."
        )
    known = Delivery.objects.filter(source=source, delivery_id=delivery_id).first()
    if known is None:
        try:
            return _store(source, webhook, delivery_id, headers, body, now), True
        except IntegrityError:  # the same delivery arrived twice at this moment
            known = Delivery.objects.get(source=source, delivery_id=delivery_id)
    return _known_again(known, body, now), False


def process(source: Source) -> None:
    """Apply the deliveries that wait, oldest first, until none does."""
    if posted := posts.posted_of(source):
        posts.process(source, posted)
        return
    webhook = connector(source.connector).webhook
    if webhook is None:
        return
    while True:
        with transaction.atomic():
            # Rows that another worker is busy with are skipped.
            rows = Delivery.objects.select_for_update(skip_locked=True)
            waiting = rows.filter(source=source, state="received").order_by("pk")[:MOST_AT_ONCE]
            batch = _with_bodies(waiting)
            if not batch:
                return
            _apply(source, webhook.document, batch)


def _check_signature(
    source: Source, webhook: Webhook, headers: Headers, body: bytes, now: datetime
) -> None:
    try:
        secrets = webhook_secrets(source, now)
    except SecretUnreadableError as error:
        raise RefusedError(503, "needs_credential", str(error)) from None
    # Each secret is tried, so that the time says nothing about which one fits.
    fits = [webhook.is_signed(secret, headers, body) for secret in secrets]
    if not any(fits):
        raise RefusedError(401, "bad_signature", "The signature is missing or does not fit.")


def _store(
    source: Source,
    webhook: Webhook,
    delivery_id: str,
    headers: Headers,
    body: bytes,
    now: datetime,
) -> Delivery:
    """Keep the body and the row, and queue the processing. IntegrityError when it is known."""
    event = headers.get(webhook.event_header, "").strip()[:LONGEST_ID]
    applies = event in webhook.applies
    stored = archive.put(body)
    with transaction.atomic():
        delivery = Delivery.objects.create(
            source=source,
            delivery_id=delivery_id,
            event=event,
            sha256=stored.sha256,
            headers=_kept(headers),
            state="received" if applies else "ignored",
            note="" if applies else "Events of this kind are counted and not applied.",
        )
        if applies:
            _queue(source, now)
    return delivery


def _queue(source: Source, now: datetime) -> None:
    """Queue one job for all that waits. A waiting job stays locked until we commit, so that it
    cannot start without seeing what we add."""
    waiting = Job.objects.select_for_update().filter(
        kind="inbox", source=source, state=Job.State.WAITING, tries=0
    )
    if waiting.first() is None:
        jobs.enqueue("inbox", source=source, now=now)


def _known_again(known: Delivery, body: bytes, now: datetime) -> Delivery:
    """Return the first delivery of that id, or note and refuse another body under it."""
    if known.sha256 == hashlib.sha256(body).hexdigest():
        return known
    log.warning("delivery %s of %s came with another body", known.delivery_id, known.source.key)
    words = f"Another body came under this id at {now:%Y-%m-%d %H:%M} UTC and was refused."
    Delivery.objects.filter(pk=known.pk).update(note=words)
    raise RefusedError(409, "other_body", "A delivery of this id with another body is known.")


def _kept(headers: Headers) -> Headers:
    """Return the vendor's own headers without what proves who it is."""
    return {
        name: value[:LONGEST_ID]
        for name, value in headers.items()
        if (name.startswith("x-") or name in ("content-type", "user-agent"))
        and not any(word in name for word in NOT_KEPT)
    }


def _with_bodies(waiting: Iterable[Delivery]) -> list[tuple[Delivery, bytes]]:
    """Read the bodies of deliveries, until enough bytes are together."""
    batch, size = [], 0
    for delivery in waiting:
        with archive.local_copy(delivery.sha256) as path:
            body = path.read_bytes()
        batch.append((delivery, body))
        size += len(body)
        if size > BYTES_AT_ONCE:
            break
    return batch


def _apply(source: Source, document: str, batch: list[tuple[Delivery, bytes]]) -> None:
    """Book deliveries as one import; when that is refused, each by itself."""
    body = b"[" + b",\n".join(body for _, body in batch) + b"]\n"
    first, last = batch[0][0], batch[-1][0]
    filename = (
        f"{first.event}_{first.pk}.json" if first is last else f"events_{first.pk}_{last.pk}.json"
    )
    imp = load.load(load.receive(source, filename, io.BytesIO(body), document=document))
    if imp.state in (Import.State.LOADED, Import.State.DUPLICATE):
        _mark(batch, "applied", f"import {imp.pk}")
        if imp.state == Import.State.LOADED:
            jobs.enqueue_settle(timezone.now())
    elif len(batch) > 1:
        for one in batch:
            _apply(source, document, [one])
    else:
        reason = imp.errors[0]["message"] if imp.errors else imp.get_state_display()
        _mark(batch, "refused", f"import {imp.pk}: {reason}")


def _mark(batch: list[tuple[Delivery, bytes]], state: str, note: str) -> None:
    Delivery.objects.filter(pk__in=[delivery.pk for delivery, _ in batch]).update(
        state=state, note=note
    )
