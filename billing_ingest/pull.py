"""Pulls a window from a vendor's live account; what comes is booked like an upload."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from billing_ingest import load
from billing_ingest.connector import Fetched, Outside
from billing_ingest.registry import connector
from finops.ledger.models import Import, Source
from finops.ledger.secrets import SecretUnreadableError, secret_of
from finops.outside import archive
from finops.outside.http import Http, HttpError
from finops.periods import Period


def pull(
    source: Source,
    window: Period,
    *,
    http: Http | None = None,
    trailing: bool = True,
    inside: Callable[[], AbstractContextManager[Any]] = transaction.atomic,
) -> list[Import]:
    """Fetch a window, with the trailing days before it, and book every delivery in it.

    Each delivery is whole and is booked in a transaction of its own (`inside`). Raises HttpError
    with the vendor's words; what was booked before that stays, the rest keeps its old figures.
    """
    days_before = connector(source.connector).trailing_days if trailing else 0
    imports = []
    with archive.scratch_folder() as folder:
        start = window.start - timedelta(days=days_before)
        for delivery in _deliveries(source, http or Http(), start, window.end, folder):
            with inside():
                imp = load.receive(
                    source, delivery.filename, delivery.body, document=delivery.document
                )
                imports.append(load.load(imp))
    return imports


def try_out(source: Source, today: date, *, http: Http | None = None) -> None:
    """Ask the vendor for yesterday and book nothing. Raises HttpError when that does not work."""
    with archive.scratch_folder() as folder:
        yesterday = today - timedelta(days=1)
        for _ in _deliveries(source, http or Http(), yesterday, today, folder):
            return


def _deliveries(
    source: Source, http: Http, start: date, end: date, folder: Path
) -> Iterator[Fetched]:
    fetch = connector(source.connector).fetch
    if fetch is None:
        raise HttpError(f"{source.name} cannot be pulled", permanent=True, code="not_pulled")
    try:
        secret = secret_of(source)
    except SecretUnreadableError as error:
        raise HttpError(str(error), permanent=True, code="needs_credential") from None
    if not secret:
        words = f"{source.name} has no credential yet"
        raise HttpError(words, permanent=True, code="needs_credential")
    return fetch(Outside(http, source.config, secret, folder), start, end)
