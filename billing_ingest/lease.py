"""Keeps a job's lease alive while a worker is busy with it, and shows how far it got."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from billing_ingest import jobs
from billing_ingest.models import Job

log = logging.getLogger(__name__)

# Progress is shown by a page that looks every two seconds.
LONGEST_BEAT_SECONDS = 2.0


class Lease:
    """Renews the lease from a thread of its own, on a connection of its own.

    The connection matters twice: what it writes is visible before the job's transaction ends,
    and a worker that waits for one long statement still renews.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.is_lost = False
        self._rows = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def progress(self, rows: int) -> None:
        """Note how many rows are done. Raises LeaseLostError when going on is pointless."""
        if self.is_lost:
            raise jobs.LeaseLostError(f"job {self.job.pk} with fence {self.job.fence}")
        self._rows = rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that commits only while the job is still ours.

        The job's row is locked at its end, so that nobody can claim it before the commit.
        """
        with transaction.atomic():
            yield
            if not jobs.held(self.job).select_for_update(no_key=True).exists():
                raise jobs.LeaseLostError(f"job {self.job.pk} with fence {self.job.fence}")

    def _renew_until_stopped(self) -> None:
        every = min(LONGEST_BEAT_SECONDS, settings.LEASE_SECONDS / 4)
        try:
            while not self.is_lost and not self._stop.wait(every):
                self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        """One renewal. A database that is away or a locked row is met again at the next."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # The row is locked while the job's own transaction commits: do not queue up.
                cursor.execute("SET LOCAL lock_timeout = '1s'")
                until = timezone.now() + jobs.lease()
                held = jobs.held(self.job)
                renewed = held.update(lease_until=until, progress_rows=self._rows)
            self.is_lost = not renewed
        except DatabaseError as error:
            log.warning("the lease of job %s was not renewed: %s", self.job.pk, error)
            connection.close()
