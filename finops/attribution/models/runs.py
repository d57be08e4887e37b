"""What waits for settle, and what settle did."""

from django.db import models


class Dirty(models.Model):
    """Something that changed since the last settle.

    what: slice (id of a slice that became active, superseded or switched its feed),
    item (id of a work item), actor (an outside name whose owner changed, `namespace:id`),
    person (id: memberships changed), rates (a currency), rules (they were changed).
    """

    what = models.CharField(max_length=8)
    ref = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["what"], name="dirty_what")]


class BillSeen(models.Model):
    """Which source billed which provider at the last settle: a change re-scopes every log."""

    source_id = models.BigIntegerField()
    provider = models.TextField()


class BooksChange(models.Model):
    """A transaction that changed something answers are made of. Written by triggers only.

    The rows together name a generation of the books: an answer computed in one generation holds
    until a row is added or counts on. Settle removes the rows of those before it. A row belongs
    to one transaction, so that writers never wait for one another.
    """

    transaction = models.BigIntegerField(primary_key=True)
    statements = models.IntegerField(default=1)


class SettleRun(models.Model):
    """One settle: when, how much it touched, how long it took."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    is_full = models.BooleanField()
    cells = models.BigIntegerField(default=0)
    allocations = models.BigIntegerField(default=0)
