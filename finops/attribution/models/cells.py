"""Cells and where their money went, and what became of the work."""

from django.db import models

from finops.attribution.models.amounts import AmountFields


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
    rule_id = models.BigIntegerField(null=True)  # the version of the rule that moved it
    own_team_id = models.BigIntegerField(null=True)  # who would pay without rules,
    paid_by = models.TextField()  # and why: tag, member, owner, or empty

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
                fields=["rule_id"], name="cell_rule", condition=models.Q(rule_id__isnull=False)
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
    Tier A1 to A4, B: `item_id` set. C: the pool of the cell's team. D: shared; its team is null
    until queries spread it, unless a rule shared it out. E: `reason` set.
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
    team_id = models.BigIntegerField(null=True)  # the cell's team, or a rule's share of it

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
