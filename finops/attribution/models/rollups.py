"""Sums that pages read. Each can be dropped and rebuilt from cells and outcomes."""

from django.db import models

from finops.attribution.models.amounts import AmountFields


class OutcomeDay(models.Model):
    """Rollup of OutcomeCost: what a team finished on a day (UTC), and its direct cost.

    In the reporting currency. `items` counts those with credit, `value_ppm` is the credit of
    those that met the fate value so far.
    """

    completed_on = models.DateField()
    kind = models.TextField()
    team_id = models.BigIntegerField(null=True)
    items = models.IntegerField()
    credit_ppm = models.BigIntegerField()
    value_ppm = models.BigIntegerField()
    billed_nanos = models.BigIntegerField()
    effective_nanos = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["completed_on", "kind"], name="outcome_day_completed")]


class ItemDay(AmountFields):
    """Rollup: what each work item received each day, by payer, vendor, model and tier."""

    day = models.DateField()
    item_id = models.BigIntegerField()
    team_id = models.BigIntegerField(null=True)
    source_id = models.BigIntegerField()
    vendor = models.TextField()
    model = models.TextField()
    meter = models.TextField()
    tier = models.CharField(max_length=2)
    is_provisional = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["item_id", "day"], name="item_day_item"),
            models.Index(fields=["day"], name="item_day_day"),
            models.Index(fields=["team_id", "day"], name="item_day_team"),
        ]


class SpendDay(AmountFields):
    """Rollup: all money of each day by team, vendor, model, tier, reason, kind and fate.

    `tier` is the letter that counts in reports: a pool without an item is already E here.
    Shared money (D) has no team: queries spread it by the month's direct cost.
    """

    day = models.DateField()
    team_id = models.BigIntegerField(null=True)
    source_id = models.BigIntegerField()
    vendor = models.TextField()
    provider = models.TextField()
    model = models.TextField()
    meter = models.TextField()
    service_tier = models.TextField()
    tier = models.CharField(max_length=1)
    reason = models.TextField()
    kind = models.TextField()  # of the work item; empty for C, D, E
    fate = models.CharField(max_length=12)
    is_provisional = models.BooleanField()
    cells = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="spend_day_day"),
            models.Index(fields=["team_id", "day"], name="spend_day_team"),
        ]


class TeamDay(AmountFields):
    """Rollup of SpendDay: the same money without models and, but for shared money, vendors."""

    day = models.DateField()
    team_id = models.BigIntegerField(null=True)
    vendor = models.TextField()  # of shared money (D), else empty
    tier = models.CharField(max_length=1)
    reason = models.TextField()
    kind = models.TextField()
    fate = models.CharField(max_length=12)
    is_provisional = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="team_day_day")]


class SpendMonth(AmountFields):
    """Rollup of SpendDay: the same money by calendar month (its first day), without meters."""

    month = models.DateField()
    team_id = models.BigIntegerField(null=True)
    source_id = models.BigIntegerField()
    vendor = models.TextField()
    model = models.TextField()
    tier = models.CharField(max_length=1)
    reason = models.TextField()
    kind = models.TextField()
    fate = models.CharField(max_length=12)
    is_provisional = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["month"], name="spend_month_month")]


class UsageDay(models.Model):
    """Rollup: what the logs saw of a source's bill each day, by model, each call once.

    list_nanos is usage at list price in `currency`; null when a part of it has no price.
    """

    day = models.DateField()
    source_id = models.BigIntegerField()  # whose bill it explains
    model = models.TextField()
    currency = models.CharField(max_length=3)
    tokens = models.BigIntegerField()
    list_nanos = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["day", "source_id"], name="usage_day_day")]
