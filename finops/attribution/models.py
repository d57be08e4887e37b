"""What settle derives from the facts. Every table here can be dropped and rebuilt.

Amount columns: `billed_nanos` and `effective_nanos` in the row's currency; `reporting_*` the
same in the organisation's reporting currency, null where no rate is known.
"""

from django.db import models


class AmountFields(models.Model):
    """The two costs, in the original and in the reporting currency."""

    currency = models.CharField(max_length=3)
    billed_nanos = models.BigIntegerField()
    effective_nanos = models.BigIntegerField()
    reporting_billed_nanos = models.BigIntegerField(null=True)
    reporting_effective_nanos = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class Cell(AmountFields):
    """The smallest piece of money, with everything known about it.

    A piece of one charge (`charged_on`, `charge_id`), split by the usage row that caused it
    (`occurred_on`, `usage_id`) when there is one. A provisional cell has no charge yet: it is
    usage at list price after the contract discount.
    """

    day = models.DateField()
    at = models.DateTimeField()
    charged_on = models.DateField(null=True)
    charge_id = models.BigIntegerField(null=True)
    occurred_on = models.DateField(null=True)
    usage_id = models.BigIntegerField(null=True)
    source_id = models.BigIntegerField()  # whose bill it is, or will be
    scope_key = models.TextField()  # source:<id>, or provider:<slug> while nobody bills it
    vendor = models.TextField()
    provider = models.TextField()
    sub_account_id = models.TextField()
    actor = models.TextField()
    api_key = models.TextField()
    project = models.TextField()
    repo = models.TextField()
    branch = models.TextField()
    session = models.TextField()
    pr = models.TextField()
    ticket = models.TextField()
    conversation = models.TextField()
    deal = models.TextField()
    team_tag = models.TextField()
    model = models.TextField()
    meter = models.TextField()
    service_tier = models.TextField()
    is_shared = models.BooleanField()
    is_excluded = models.BooleanField()
    is_provisional = models.BooleanField()
    is_unpriced = models.BooleanField()  # split by tokens: the model has no list price
    fx_rate = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    person_id = models.BigIntegerField(null=True)  # resolved from dated identities
    team_id = models.BigIntegerField(null=True)  # who pays
    paid_by = models.TextField()  # why this team: tag, member, owner, or empty

    class Meta:
        indexes = [
            models.Index(
                fields=["charge_id"],
                name="cell_charge",
                condition=models.Q(charge_id__isnull=False),
            ),
            models.Index(
                fields=["usage_id"], name="cell_usage", condition=models.Q(usage_id__isnull=False)
            ),
            models.Index(fields=["day"], name="cell_day"),
            models.Index(
                fields=["person_id", "at"],
                name="cell_person",
                condition=models.Q(person_id__isnull=False),
            ),
            models.Index(fields=["actor"], name="cell_actor", condition=~models.Q(actor="")),
            models.Index(fields=["api_key"], name="cell_api_key", condition=~models.Q(api_key="")),
            models.Index(fields=["session"], name="cell_session", condition=~models.Q(session="")),
            models.Index(
                fields=["repo", "branch"], name="cell_branch", condition=~models.Q(branch="")
            ),
            models.Index(fields=["pr"], name="cell_pr", condition=~models.Q(pr="")),
            models.Index(fields=["ticket"], name="cell_ticket", condition=~models.Q(ticket="")),
            models.Index(
                fields=["conversation"],
                name="cell_conversation",
                condition=~models.Q(conversation=""),
            ),
            models.Index(fields=["deal"], name="cell_deal", condition=~models.Q(deal="")),
            models.Index(
                fields=["team_tag"], name="cell_team_tag", condition=~models.Q(team_tag="")
            ),
            models.Index(
                fields=["scope_key"],
                name="cell_provisional",
                condition=models.Q(is_provisional=True),
            ),
        ]


class Allocation(AmountFields):
    """Where a cell's money went (stage 1): a work item, a team's pool, the shared pool, nowhere.

    The allocations of a cell sum to the cell in every amount column.
    Tier A1 to A4, B: `item_id` set. C: the pool of the cell's team. D: shared. E: `reason` set.
    """

    cell = models.ForeignKey(
        Cell,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="allocations",
    )
    day = models.DateField()
    tier = models.CharField(max_length=2)
    reason = models.TextField(blank=True, default="")
    item_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)  # the cell's team

    class Meta:
        indexes = [
            models.Index(
                fields=["item_id"],
                name="allocation_item",
                condition=models.Q(item_id__isnull=False),
            ),
            models.Index(fields=["day"], name="allocation_day"),
            models.Index(fields=["cell"], name="allocation_cell"),
            models.Index(
                fields=["team_id", "day"],
                name="allocation_pool",
                condition=models.Q(item_id__isnull=True),
            ),
        ]


class ItemTeam(models.Model):
    """Which teams finished an item, in millionths that sum to 1,000,000 (team null = unknown)."""

    item_id = models.BigIntegerField()
    team_id = models.BigIntegerField(null=True)
    credit_ppm = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["item_id"], name="item_team_item")]


class ItemFate(models.Model):
    """What became of an item: value, reverted, rework, abandoned or in_progress."""

    item_id = models.BigIntegerField(primary_key=True)
    fate = models.CharField(max_length=12)
    reverted_by_id = models.BigIntegerField(null=True)
    redoes_id = models.BigIntegerField(null=True)  # the item it reverts or fixes


class OutcomeCost(models.Model):
    """Per work item and team: the credit, and the direct (A and B) cost of any date.

    In the reporting currency. The cost follows the cells' team, the credit the people's.
    """

    item_id = models.BigIntegerField()
    kind = models.TextField()
    completed_on = models.DateField(null=True)  # UTC day of the last completion; null unless done
    fate = models.CharField(max_length=12)
    team_id = models.BigIntegerField(null=True)
    credit_ppm = models.IntegerField(default=0)
    billed_nanos = models.BigIntegerField(default=0)
    effective_nanos = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["item_id"], name="outcome_cost_item"),
            models.Index(fields=["completed_on", "kind"], name="outcome_cost_completed"),
        ]


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


class Dirty(models.Model):
    """Something that changed since the last settle.

    what: slice (id of a slice that became active, superseded or switched its feed),
    item (id of a work item), actor (an outside name whose owner changed, `namespace:id`),
    person (id: memberships changed), rates (a currency).
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
