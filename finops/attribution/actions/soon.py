"""Note what a change touches, and have it settled within seconds of the commit."""

import logging
from collections.abc import Iterable

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from finops.attribution.models import Dirty

log = logging.getLogger(__name__)


def settle_soon(what: str, refs: Iterable[object]) -> None:
    """Mark these dirty and wake the schedule after the commit; it queues the settle.

    Without a broker the next tick does it: the dirty rows are what counts.
    """
    Dirty.objects.bulk_create(Dirty(what=what, ref=str(ref)) for ref in refs)
    transaction.on_commit(wake)


def wake() -> None:
    """Ask for a tick now. By name, because the schedule belongs to the way in."""
    try:
        current_app.send_task("billing_ingest.tasks.tick", retry=False)
    except (OperationalError, OSError):
        log.info("no broker: the change is settled at the next tick")
