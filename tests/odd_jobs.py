"""A worker that also knows two kinds of jobs no product needs: one ends its worker, one notes.

Run as `celery -A tests.odd_jobs worker`.
"""

import os
import signal

from finops.celery import app

__all__ = ["app"]


@app.on_after_finalize.connect
def learn(**_: object) -> None:
    from billing_ingest.work import WORK, Work
    from finops.ledger.models import Source

    def end_the_worker(job, lease):
        os.kill(os.getpid(), signal.SIGKILL)

    def note(job, lease):
        Source.objects.create(key=f"note-{job.pk}", name="Note", connector="focus")

    WORK["end"] = Work(end_the_worker, in_one_transaction=False)
    WORK["note"] = Work(note, in_one_transaction=True)
