"""What lets machines post to a source, and how far their running totals are counted."""

from django.conf import settings
from django.db import models

from finops.ledger.models.imports import Source


class IngestToken(models.Model):
    """Lets a machine post to a source. Only its hash is kept; two of a source may be valid."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="ingest_tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    ending = models.CharField(max_length=4)  # its last characters, to tell one from another
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute

    class Meta:
        ordering = ["-id"]


class RunningTotal(models.Model):
    """How far a cumulative counter that is posted to a source has been counted.

    Exporters may report totals since the start of a process instead of increases; what they grew
    by since the last report is what is booked.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    series = models.CharField(max_length=64)  # sha256 of what names the counter and its start
    nanos = models.BigIntegerField()  # time of the last point
    total = models.DecimalField(max_digits=38, decimal_places=12)  # of a histogram: its sum
    times = models.DecimalField(max_digits=38, decimal_places=0, null=True)  # and its count

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "series"], name="running_total_once")
        ]
