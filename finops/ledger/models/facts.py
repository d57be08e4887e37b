"""Bill lines and usage, partitioned by month."""

from typing import Any

from django.db import models

from finops.ledger.models.imports import Slice


class NextVal(models.Func):
    """nextval() as a column default, for tables whose key is not an identity column."""

    function = "nextval"
    output_field = models.BigIntegerField()

    def __init__(self, sequence: Any, **extra: Any) -> None:
        value = models.Value(sequence) if isinstance(sequence, str) else sequence
        super().__init__(value, **extra)


class DimensionFields(models.Model):
    """What a charge or a usage row says about who, where and what for. Empty text = not said."""

    provider = models.TextField(
        blank=True, default=""
    )  # who serves the model, lower case: anthropic, openai
    sub_account_id = models.TextField(blank=True, default="")  # vendor workspace or project
    actor = models.TextField(blank=True, default="")  # e-mail, or namespace:id
    api_key = models.TextField(blank=True, default="")
    project = models.TextField(blank=True, default="")
    repo = models.TextField(blank=True, default="")
    branch = models.TextField(blank=True, default="")
    session = models.TextField(blank=True, default="")
    pr = models.TextField(blank=True, default="")  # owner/repo#number, several with ;
    ticket = models.TextField(blank=True, default="")
    conversation = models.TextField(blank=True, default="")
    deal = models.TextField(blank=True, default="")
    team = models.TextField(blank=True, default="")  # a team tag: slug or name
    model = models.TextField(blank=True, default="")
    service_tier = models.TextField(blank=True, default="")  # batch, flex, standard, priority
    is_shared = models.BooleanField(default=False)
    is_excluded = models.BooleanField(default=False)
    tags = models.JSONField(null=True)

    class Meta:
        abstract = True


class Charge(DimensionFields):
    """One line of a bill, in FOCUS columns, with the file's own digits (up to 24 decimals)."""

    pk = models.CompositePrimaryKey("charged_on", "id")
    charged_on = models.DateField()  # UTC day of charge_period_start; the partition key
    id = models.BigIntegerField(db_default=NextVal("ledger_charge_id_seq"))
    # Without a constraint in the database: it would look at every row of a bulk load.
    slice = models.ForeignKey(
        Slice, on_delete=models.CASCADE, related_name="charges", db_constraint=False
    )
    line = models.BigIntegerField()  # line of the file, or ordinal of the record
    invoice_issuer_name = models.TextField()
    billing_account_id = models.TextField()
    billing_account_name = models.TextField(blank=True, default="")
    billing_currency = models.CharField(max_length=3)
    billing_period_start = models.DateTimeField()
    billing_period_end = models.DateTimeField()
    charge_period_start = models.DateTimeField()
    charge_period_end = models.DateTimeField()
    billed_cost = models.DecimalField(max_digits=38, decimal_places=24)
    effective_cost = models.DecimalField(max_digits=38, decimal_places=24)
    list_cost = models.DecimalField(max_digits=38, decimal_places=24, null=True)
    contracted_cost = models.DecimalField(max_digits=38, decimal_places=24, null=True)
    billed_nanos = (
        models.BigIntegerField()
    )  # booked by cumulative rounding over the slice and currency
    effective_nanos = models.BigIntegerField()
    charge_category = models.TextField()  # Usage, Purchase, Tax, Credit, Adjustment
    charge_class = models.TextField(blank=True, default="")  # Correction or empty
    charge_description = models.TextField(blank=True, default="")
    charge_frequency = models.TextField(blank=True, default="")
    consumed_quantity = models.DecimalField(max_digits=38, decimal_places=12, null=True)
    consumed_unit = models.TextField(blank=True, default="")
    pricing_quantity = models.DecimalField(max_digits=38, decimal_places=12, null=True)
    pricing_unit = models.TextField(blank=True, default="")
    list_unit_price = models.DecimalField(max_digits=38, decimal_places=24, null=True)
    contracted_unit_price = models.DecimalField(max_digits=38, decimal_places=24, null=True)
    invoice_id = models.TextField(blank=True, default="")
    provider_name = models.TextField(blank=True, default="")
    publisher_name = models.TextField(blank=True, default="")
    service_category = models.TextField(blank=True, default="")
    service_subcategory = models.TextField(blank=True, default="")
    service_name = models.TextField(blank=True, default="")
    sku_id = models.TextField(blank=True, default="")
    sku_price_id = models.TextField(blank=True, default="")
    sku_meter = models.TextField(blank=True, default="")  # as the vendor says
    meter = models.TextField(
        blank=True, default=""
    )  # ours: input, cached_input, cache_write, output, requests, ...
    sub_account_name = models.TextField(blank=True, default="")
    resource_id = models.TextField(blank=True, default="")
    resource_name = models.TextField(blank=True, default="")
    region_id = models.TextField(blank=True, default="")
    # inference, training, infrastructure or not_ai, by the table of AI scope; empty: nobody said
    ai_class = models.TextField(blank=True, default="")
    extras = models.JSONField(null=True)  # columns we have no name for, as text

    class Meta:
        indexes = [models.Index(fields=["slice"], name="charge_slice")]


class Usage(DimensionFields):
    """One aggregated line of a usage log: who, what, when, how much. No money that counts.

    A row is about tokens, or about a use that is none: then it names the `meter` (web_search,
    images, audio_seconds) with a quantity in `unit`. The four counts of tokens exclude one
    another; cache_write_1h_tokens are those of the cache writes that are kept for an hour.
    Failed, retried and empty requests are part of the requests, their list costs of list_cost.
    List costs are per meter, in USD unless the log states another currency; null = unpriced.
    """

    pk = models.CompositePrimaryKey("occurred_on", "id")
    occurred_on = models.DateField()
    id = models.BigIntegerField(db_default=NextVal("ledger_usage_id_seq"))
    slice = models.ForeignKey(
        Slice, on_delete=models.CASCADE, related_name="usages", db_constraint=False
    )
    line = models.BigIntegerField()  # first line of the log that went into this row
    lines = models.BigIntegerField(default=1)  # how many lines went into it
    occurred_at = models.DateTimeField()  # start of the hour or day
    grain = models.CharField(max_length=4, default="hour")  # hour | day
    billing_scope = models.TextField(
        blank=True, default=""
    )  # source key[/sub account] whose charges it explains
    requests = models.BigIntegerField(null=True)
    failed_requests = models.BigIntegerField(null=True)
    retried_requests = models.BigIntegerField(null=True)
    empty_requests = models.BigIntegerField(null=True)
    input_tokens = models.BigIntegerField(null=True)
    cached_input_tokens = models.BigIntegerField(null=True)
    cache_write_tokens = models.BigIntegerField(null=True)
    cache_write_1h_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    meter = models.TextField(blank=True, default="")
    quantity = models.DecimalField(max_digits=38, decimal_places=12, null=True)
    unit = models.TextField(blank=True, default="")
    list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    input_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    cached_input_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    cache_write_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    output_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    failed_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    retried_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    empty_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    list_currency = models.CharField(max_length=3, default="USD")

    class Meta:
        indexes = [models.Index(fields=["slice"], name="usage_slice")]
