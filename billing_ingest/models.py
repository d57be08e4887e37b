"""Work to do and events that arrived: rows, so that any broker will do and nothing is lost."""

from django.db import models
from django.db.models import Q

from finops.ledger.models import Import, Source


class Job(models.Model):
    """A piece of work with a lease, a fencing number and at most three tries.

    A worker claims it with a conditional update; whoever holds the newest `fence` may write.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=20)  # a key of billing_ingest.work.WORK
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    imp = models.ForeignKey(
        Import, null=True, on_delete=models.CASCADE, related_name="jobs", db_column="import_id"
    )
    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="jobs")
    slot = models.TextField(null=True)  # schedule slot; a slot fires once per kind and source
    args = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    progress_rows = models.BigIntegerField(default=0)
    error = models.JSONField(null=True)  # {code, message, ...} in words
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)  # of the newest try
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source", "slot"],
                name="job_slot_once",
                condition=Q(slot__isnull=False),
                nulls_distinct=False,
            ),
            # One settle in waiting sees to everything; a retry is not in anybody's way.
            models.UniqueConstraint(
                fields=["kind"],
                name="job_settle_waits_once",
                condition=Q(kind="settle", state="waiting", tries=0),
            ),
            # A vendor is asked by one worker at a time.
            models.UniqueConstraint(
                fields=["source"],
                name="job_source_asked_once",
                condition=Q(kind__in=["fetch", "backfill"], state="running"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="job_open", condition=Q(state__in=["waiting", "running"])
            ),
            models.Index(fields=["source"], name="job_failed", condition=Q(state="failed")),
        ]


class Delivery(models.Model):
    """A webhook delivery as it came: raw body by sha256, headers, and whether it was processed."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.TextField()
    event = models.TextField()
    sha256 = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    state = models.CharField(
        max_length=10, default="received"
    )  # received, applied, ignored, refused
    note = models.TextField(blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "delivery_id"], name="delivery_once")
        ]
