"""Months that finance has closed, and money that a team says is not its own."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models

from finops.attribution.models.rules import AllocationRule
from finops.people.models import Team


class Closing(models.Model):
    """A month that was closed: what was known then is its report for ever.

    `digest` is the sha256 of the report as known at `known_at`, so that anybody can check that
    it still reads the same. What is posted later is an adjustment. A reopened month may be
    closed again; the old closing stays.
    """

    month = models.DateField()  # its first day
    known_at = models.DateTimeField()
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(blank=True, default="")
    warnings = models.JSONField(default=list)  # sentences that were accepted when closing
    digest = models.CharField(max_length=64)
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reopened_why = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["month", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["month"],
                condition=models.Q(reopened_at__isnull=True),
                name="month_closed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Dispute(models.Model):
    """A piece of money that a team says it should not pay, and what finance answered.

    `conditions` and the days name the piece as an allocation rule does: by its own words, so
    that a restated bill does not lose it. Accepted: `rule` is the dated rule that moved it.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    what = models.TextField()  # the piece in words
    conditions = models.JSONField(default=list)
    valid_from = models.DateField()
    valid_to = models.DateField()  # half-open
    charged_on = models.DateField(null=True)
    charge_id = models.BigIntegerField(null=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    nanos = models.BigIntegerField()  # what the team paid for it, in `currency`
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    to_team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    rule = models.ForeignKey(
        AllocationRule, null=True, on_delete=models.PROTECT, related_name="disputes"
    )

    class Meta:
        ordering = ["-raised_at", "-id"]

    def __str__(self) -> str:
        return self.what

    @property
    def last_day(self) -> date:
        return self.valid_to - timedelta(days=1)
