"""What machines post with an ingest token: kept as it came, answered, then booked by a job.

Exporters send little and often, so posts that wait are booked together; a post that comes again
is the same post. How soon that happens depends on how much came today: within seconds at first,
at most about 700 times a day, so that the books stay small and every look at them quick.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from billing_ingest import jobs, load
from billing_ingest.connector import BadBodyError, Posted
from billing_ingest.models import Delivery, Job
from billing_ingest.registry import connector
from finops.ledger.models import Import, Source
from finops.outside import archive

log = logging.getLogger(__name__)

RECEIVED, APPLIED, IGNORED, REFUSED = "received", "applied", "ignored", "refused"
# So many posts may wait; whoever sends more is asked to come again.
MOST_WAITING = 20_000
MOST_AT_ONCE = 2_000
BYTES_AT_ONCE = 32 * 1024 * 1024
# (imports of the last day, pause between two of them)
PACE = (
    (100, timedelta(seconds=5)),
    (400, timedelta(seconds=60)),
    (10**9, timedelta(seconds=300)),
)
DAY = timedelta(days=1)


class BacklogError(Exception):
    """More waits than is good: come again later."""


def accept(source: Source, kind: str, content_type: str, body: bytes, now: datetime) -> bool:
    """Keep a post and queue its processing; say whether it is new.

    The body is judged already. Raises BacklogError. When this returns, nothing is lost.
    """
    delivery_id = f"{kind}:{hashlib.sha256(body).hexdigest()}"
    if Delivery.objects.filter(source=source, delivery_id=delivery_id).exists():
        return False
    waiting = Delivery.objects.filter(source=source, state=RECEIVED).order_by()
    if len(waiting.values_list("pk")[: MOST_WAITING + 1]) > MOST_WAITING:
        raise BacklogError
    stored = archive.put(body)
    try:
        with transaction.atomic():
            Delivery.objects.create(
                source=source, delivery_id=delivery_id, event=kind, sha256=stored.sha256,
                headers={"content-type": content_type}, state=RECEIVED,
            )  # fmt: skip
            queue(source, now)
    except IntegrityError:  # the same post arrived twice at this moment
        return False
    return True


def queue(source: Source, now: datetime) -> None:
    """Queue one job for all that waits. A waiting job stays locked until we commit, so that it
    cannot start without seeing what we add."""
    waiting = Job.objects.select_for_update().filter(
        kind="inbox", source=source, state=Job.State.WAITING, tries=0
    )
    if waiting.first() is None:
        due = due_at(source, now)
        job = jobs.enqueue("inbox", source=source, now=now, due_at=due)
        if due > now:
            transaction.on_commit(partial(jobs.publish, job.pk, due - now), robust=True)


def due_at(source: Source, now: datetime) -> datetime:
    """When to book next: at once after a rest, else at the pace that today's number allows."""
    imports = Import.objects.filter(source=source, by=None, created_at__gt=now - DAY).order_by()
    many, last = imports.count(), imports.aggregate(last=Max("created_at"))["last"]
    pause = next(pause for most, pause in PACE if many < most)
    return max(now, last + pause) if last else now


def process(source: Source, posted: Posted) -> None:
    """Book the posts that wait, oldest first, until none does."""
    for kind, document in posted.documents.items():
        while apply_some(source, posted, kind, document):
            pass


def apply_some(source: Source, posted: Posted, kind: str, document: str) -> bool:
    """Book some of the posts of a kind together; False when none waits."""
    with transaction.atomic():
        # Rows that another worker is busy with are skipped.
        rows = Delivery.objects.select_for_update(skip_locked=True)
        waiting = rows.filter(source=source, state=RECEIVED, event=kind).order_by("pk")
        batch, size = [], 0
        for delivery in waiting[:MOST_AT_ONCE]:
            with archive.local_copy(delivery.sha256) as path:
                body = path.read_bytes()
            batch.append((delivery, body))
            size += len(body)
            if size > BYTES_AT_ONCE:
                break
        if batch:
            book(source, posted, document, batch)
        return bool(batch)


def book(
    source: Source, posted: Posted, document: str, batch: list[tuple[Delivery, bytes]]
) -> None:
    """Book posts as one import; when that is refused, each by itself."""
    lines: list[str] = []
    used: list[Delivery] = []
    for delivery, body in batch:
        try:
            found = posted.lines(delivery.event, delivery.headers["content-type"], body)
        except BadBodyError as error:
            mark([delivery], REFUSED, str(error))
            continue
        if not found:
            mark([delivery], IGNORED, "It tells of no call of a model.")
            continue
        lines += found
        used.append(delivery)
    if not used:
        return
    if imp := book_lines(source, posted, document, used, lines, is_last=len(used) == 1):
        is_in = imp.state in (Import.State.LOADED, Import.State.DUPLICATE)
        reason = imp.errors[0]["message"] if imp.errors else imp.get_state_display()
        note = f"import {imp.pk}" if is_in else f"import {imp.pk}: {reason}"
        mark(used, APPLIED if is_in else REFUSED, note)
        if imp.state == Import.State.LOADED:
            jobs.enqueue_settle(timezone.now())
        return
    bodies = {delivery.pk: body for delivery, body in batch}
    for delivery in used:
        book(source, posted, document, [(delivery, bodies[delivery.pk])])


def book_lines(
    source: Source,
    posted: Posted,
    document: str,
    used: list[Delivery],
    lines: list[str],
    *,
    is_last: bool,
) -> Import | None:
    """Load the lines as one import; None, and nothing is kept, when it is refused and not the last
    resort."""
    load.lock(source)
    with transaction.atomic():
        kind = used[0].event
        fresh = posted.unseen(source, kind, lines) if posted.unseen else lines
        name = f"{kind}_{used[0].pk}_{used[-1].pk}.jsonl"
        content = "".join(f"{line}\n" for line in fresh).encode()
        imp = load.load(load.receive(source, name, content, document=document))
        if imp.state != Import.State.LOADED and not is_last and imp.errors:
            transaction.set_rollback(True)
            log.warning("posts of %s are booked one by one: %s", source.key, imp.errors[0])
            return None
    return imp


def mark(deliveries: list[Delivery], state: str, note: str) -> None:
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
        state=state, note=note
    )


def posted_of(source: Source) -> Posted | None:
    """How the source's connector takes posts; None when it takes none."""
    try:
        return connector(source.connector).posted
    except KeyError:
        return None
