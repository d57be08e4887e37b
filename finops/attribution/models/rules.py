"""Allocation rules: who pays for what, where the vendor's own words do not say it."""

from django.conf import settings
from django.db import models

from finops.people.models import Team


class AllocationRule(models.Model):
    """One version of one rule. The first rule in order of `position` that matches a cell moves it.

    A changed rule is a new row with the same `number` and the next `version`; the old row stays,
    superseded, so that a cell can always show the text of the rule that moved it.
    """

    class Method(models.TextChoices):
        TEAM = "team", "To one team"
        EVEN = "even", "Split evenly"
        FIXED = "fixed", "Split by fixed shares"
        USAGE = "usage", "In proportion to usage"
        DIRECT = "direct", "In proportion to direct cost"
        RECIPROCAL = "reciprocal", "Between service teams and their users"

    number = models.IntegerField()
    version = models.IntegerField(default=1)
    position = models.IntegerField()
    name = models.TextField()
    method = models.CharField(max_length=10, choices=Method.choices)
    # [{"field": "api_key", "op": "is", "values": ["k1"]}, ...]; all must hold
    conditions = models.JSONField(default=list)
    valid_from = models.DateField(null=True)  # half-open, in days of the cell
    valid_to = models.DateField(null=True)
    note = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True)  # changed or withdrawn
    superseded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["position", "number"]
        constraints = [
            models.UniqueConstraint(fields=["number", "version"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(superseded_at__isnull=True),
                name="rule_current_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleShare(models.Model):
    """One target of a rule. `weight` counts for fixed and reciprocal shares only.

    Reciprocal: `service` is the team whose money is passed on, `team` who uses it (perhaps
    another service). Proportional methods without any share go to all teams.
    """

    rule = models.ForeignKey(AllocationRule, on_delete=models.CASCADE, related_name="shares")
    service = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    weight = models.DecimalField(max_digits=12, decimal_places=4, default=1)
