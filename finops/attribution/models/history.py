"""What was known when: every settle posts what it changed, and nothing is ever taken back.

Postings are history, not derived: they are never rebuilt. Their sum up to a moment is what the
rollups said at that moment; `rows` counts a rollup's row in (1) and out again (-1).
"""

from django.db import models


class PostedRun(models.Model):
    """A settle that changed figures: when it was known, and what had been claimed as changed.

    `causes` is a list of {what, count, refs, imports}: at most twenty references each; imports
    are those whose slices came or went.
    """

    run_id = models.BigIntegerField(primary_key=True)  # SettleRun
    known_at = models.DateTimeField()
    is_full = models.BooleanField()
    causes = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["known_at"], name="posted_run_known")]


class PostFields(models.Model):
    """When something was posted, and by which settle."""

    run_id = models.BigIntegerField()
    known_at = models.DateTimeField()
    rows = models.IntegerField()

    class Meta:
        abstract = True


class MoneyPostFields(PostFields):
    """Differences of the four amounts; those in the reporting currency are 0 without a rate."""

    day = models.DateField()
    team_id = models.BigIntegerField(null=True)
    source_id = models.BigIntegerField()
    vendor = models.TextField()
    model = models.TextField()
    is_provisional = models.BooleanField()
    currency = models.CharField(max_length=3)
    has_rate = models.BooleanField()
    billed_nanos = models.BigIntegerField()
    effective_nanos = models.BigIntegerField()
    reporting_billed_nanos = models.BigIntegerField()
    reporting_effective_nanos = models.BigIntegerField()

    class Meta:
        abstract = True


class Posting(MoneyPostFields):
    """How the money of a day changed (SpendDay without meters)."""

    tier = models.CharField(max_length=1)
    reason = models.TextField()
    kind = models.TextField()
    fate = models.CharField(max_length=12)

    class Meta:
        indexes = [models.Index(fields=["day"], name="posting_day")]


class ItemPosting(MoneyPostFields):
    """How the money of a day that reached a work item changed (ItemDay without meters)."""

    item_id = models.BigIntegerField()
    tier = models.CharField(max_length=2)

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="item_posting_day"),
            models.Index(fields=["item_id"], name="item_posting_item"),
        ]


class OutcomePosting(PostFields):
    """How a work item's completion, credit and direct cost changed (OutcomeCost)."""

    item_id = models.BigIntegerField()
    kind = models.TextField()
    completed_on = models.DateField(null=True)
    fate = models.CharField(max_length=12)
    team_id = models.BigIntegerField(null=True)
    credit_ppm = models.IntegerField()
    billed_nanos = models.BigIntegerField()
    effective_nanos = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["completed_on"], name="outcome_posting_completed"),
            models.Index(fields=["item_id"], name="outcome_posting_item"),
        ]


class ItemKnown(models.Model):
    """How a work item was named and what had become of it, from `known_at` until the next row."""

    run_id = models.BigIntegerField()
    known_at = models.DateTimeField()
    item_id = models.BigIntegerField()
    fate = models.CharField(max_length=12)
    reverted_by_id = models.BigIntegerField(null=True)
    redoes_id = models.BigIntegerField(null=True)
    item = models.JSONField()  # the row of the work item

    class Meta:
        indexes = [models.Index(fields=["item_id", "id"], name="item_known_item")]


class NamesKnown(models.Model):
    """The organisation, its teams and their tree, from `known_at` until the next row.

    company: the row. teams: [[id, slug, name, color, is_group, cost_center], ...] by slug.
    placements: [[team, parent, from, to], ...].
    """

    run_id = models.BigIntegerField()
    known_at = models.DateTimeField()
    company = models.JSONField()
    teams = models.JSONField()
    placements = models.JSONField()
