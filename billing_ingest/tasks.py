"""What Celery calls. Each task carries at most a job's id: everything else is in the job's row."""

from celery import shared_task
from django.utils import timezone

from billing_ingest import schedule, work


@shared_task
def run_job(job_id: int) -> None:
    work.run(job_id)


@shared_task
def tick() -> None:
    schedule.tick(timezone.now())
