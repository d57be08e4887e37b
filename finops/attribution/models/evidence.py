"""Rollups of who is not known yet, and of what each log saw."""

from django.db import models


class NameDay(models.Model):
    """Rollup: a name on cells that nobody owns, by day. It queues for an owner by money at stake.

    `field` is the cell's column: actor, api_key, project or sub_account_id. Amounts are in the
    reporting currency, billed; `teamless_nanos` is the part that no team pays either.
    """

    day = models.DateField()
    field = models.TextField()
    name = models.TextField()  # lower case
    vendor = models.TextField()
    cells = models.BigIntegerField()
    reporting_nanos = models.BigIntegerField()
    teamless_nanos = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="name_day_day"),
            models.Index(fields=["name", "day"], name="name_day_name"),
        ]


class ActorSeen(models.Model):
    """Rollup: a name on work items that nobody owns, with how much work it is on."""

    name = models.TextField(primary_key=True)  # lower case
    items = models.IntegerField()
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)


class LogDay(models.Model):
    """Rollup: what each log saw of a scope's day, model, meter and sub account, and how much counts.

    Logs are never added: `factor` is 1 for the log with the finest evidence and less for the
    others, which fill only what it did not see. So every log stays known as a witness.
    """

    day = models.DateField()
    scope_key = models.TextField()
    model = models.TextField()
    meter = models.TextField(default="", db_default="")  # of uses that are no tokens
    sub_account_id = models.TextField()
    log_source_id = models.BigIntegerField()
    document = models.TextField()
    measure = models.DecimalField(
        max_digits=38, decimal_places=18
    )  # tokens, else what the meter counts
    fineness = models.DecimalField(max_digits=12, decimal_places=9)  # 4 names the work ... 0 less
    factor = models.DecimalField(max_digits=20, decimal_places=18)

    class Meta:
        indexes = [models.Index(fields=["day", "scope_key"], name="log_day_day")]
