"""Post what a settle changed to the history, so that any report can be asked as it was known."""

from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Max

from finops.attribution.models import Closing, PostedRun, SettleRun

SQL = Path(__file__).parent / "sql" / "90_postings.sql"


def post(run: SettleRun) -> None:
    """Write the differences of the settle that is under way; its temporary tables are needed.

    What is known comes after all that was known before: a settle that waited for another one,
    or for a month to be closed, counts from just after it. The first run of all posts the whole
    of the books.
    """
    last = PostedRun.objects.aggregate(at=Max("known_at"))["at"]
    closed = Closing.objects.aggregate(at=Max("known_at"))["at"]
    before = [moment + timedelta.resolution for moment in (last, closed) if moment]
    params = {
        "run": run.pk,
        "known_at": max([run.started_at, *before]),
        "is_full": run.is_full,
        "everything": run.is_full or last is None,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL.read_text(), params)
