"""The facts: sources, imports, the slices an import replaces, charges, usage, prices, rates.

Only `billing_ingest` writes these tables. Charges and usage are partitioned by month.
A slice is the part of a table that a delivery replaces as a whole (a billing period, a day,
an object). A newer slice with the same key supersedes the older one; both stay readable.
"""

from typing import Any

from django.conf import settings
from django.db import models


class NextVal(models.Func):
    """nextval() as a column default, for tables whose key is not an identity column."""

    function = "nextval"
    output_field = models.BigIntegerField()

    def __init__(self, sequence: Any, **extra: Any) -> None:
        value = models.Value(sequence) if isinstance(sequence, str) else sequence
        super().__init__(value, **extra)


class Source(models.Model):
    """A configured vendor account."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.TextField()
    connector = models.TextField()
    config = models.JSONField(default=dict, blank=True)
    secret = models.BinaryField(null=True)  # encrypted; write-only
    webhook_secret = models.BinaryField(null=True)  # encrypted; write-only
    is_scheduled = models.BooleanField(default=False)
    contract_discount = models.DecimalField(
        max_digits=6, decimal_places=5, default=0
    )  # 0.08 = 8 % off list
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """One load of one delivery, and the proof of it: what came, what it held, what it replaced."""

    class State(models.TextChoices):
        CHECKING = "checking", "Checking"  # uploaded, being read; nothing is booked yet
        READY = "ready", "Ready"  # read without error; waits for a person's yes
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Loading"
        LOADED = "loaded", "Loaded"
        REFUSED = "refused", "Refused"
        HELD = "held", "Held"  # the shrink guard wants a person's yes
        DUPLICATE = "duplicate", "Duplicate"
        UNDONE = "undone", "Undone"
        DISCARDED = "discarded", "Left out"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="imports")
    state = models.CharField(max_length=10, choices=State.choices)
    filename = models.TextField()
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    document = models.TextField(blank=True)  # which kind of file of the connector
    scope = models.CharField(max_length=3, default="all")  # all | ai
    mapping_version = models.PositiveIntegerField(default=1)
    rows = models.BigIntegerField(default=0)
    totals = models.JSONField(default=dict)  # currency -> decimal string, exact
    out_of_scope = models.JSONField(default=dict)
    period_start = models.DateField(null=True)
    period_end = models.DateField(null=True)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    warnings = models.JSONField(default=list)
    errors = models.JSONField(
        default=list
    )  # [{code, message, file, line, column, found, expected, fix}]
    preview = models.JSONField(default=dict)  # first rows as they will be booked, what they replace
    progress_rows = models.BigIntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]


class BillingScope(models.Model):
    """A vendor account and billing period. Exactly one source's bill is its money feed."""

    invoice_issuer_name = models.TextField()
    billing_account_id = models.TextField()
    billing_period_start = models.DateField()
    billing_period_end = models.DateField()
    feed = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="feeds")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice_issuer_name", "billing_account_id", "billing_period_start"],
                name="billing_scope_once",
            )
        ]


class Slice(models.Model):
    """The part of a table that one delivery replaces as a whole.

    Active while `superseded_at` is null. A charge slice books money when it is active and its
    billing scope's feed is its source.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="slices")
    imp = models.ForeignKey(
        Import, on_delete=models.PROTECT, related_name="slices", db_column="import_id"
    )
    table = models.CharField(max_length=10)  # charge | usage
    key = (
        models.TextField()
    )  # billing period, day or object key, unique per source and table while active
    billing_scope = models.ForeignKey(
        BillingScope, null=True, on_delete=models.PROTECT, related_name="slices"
    )
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    rows = models.BigIntegerField(default=0)
    totals = models.JSONField(default=dict)  # currency -> billed decimal string (charges only)
    content_hash = models.CharField(
        max_length=64, blank=True
    )  # of the mapped rows: unchanged rows make no version
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="superseded"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "table", "key"],
                condition=models.Q(superseded_at__isnull=True),
                name="slice_active_once",
            )
        ]
        indexes = [models.Index(fields=["imp"], name="slice_import")]


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
    extras = models.JSONField(null=True)  # columns we have no name for, as text

    class Meta:
        indexes = [models.Index(fields=["slice"], name="charge_slice")]


class Usage(DimensionFields):
    """One aggregated line of a usage log: who, what, when, how much. No money that counts.

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
    input_tokens = models.BigIntegerField(null=True)
    cached_input_tokens = models.BigIntegerField(null=True)
    cache_write_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    input_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    cached_input_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    cache_write_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    output_list_cost = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    list_currency = models.CharField(max_length=3, default="USD")

    class Meta:
        indexes = [models.Index(fields=["slice"], name="usage_slice")]


class Price(models.Model):
    """List price of one meter of one model, USD per million units, dated. From the price book."""

    provider = models.TextField()
    model = models.TextField()
    meter = models.TextField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    usd_per_million = models.DecimalField(max_digits=20, decimal_places=9)
    origin = models.TextField()  # "genai-prices 0.2.3" or "override"


class FxRate(models.Model):
    """Units of the reporting currency per unit of `currency`, on a day. From a stated origin."""

    currency = models.CharField(max_length=3)
    reporting_currency = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    origin = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "reporting_currency", "day"], name="fx_rate_once"
            )
        ]


class Invoice(models.Model):
    """What a vendor says is due for a period: the paper that a bill is held against.

    No money of the books: charges are. A corrected invoice supersedes the one of the same
    issuer, account and number; the old one stays readable.
    """

    class Origin(models.TextChoices):
        TYPED = "typed", "Typed in"
        FILE = "file", "From a file"

    issuer = models.TextField()
    billing_account_id = models.TextField(blank=True, default="")
    number = models.TextField()
    issued_on = models.DateField()
    period_start = models.DateField()
    period_end = models.DateField()  # half-open
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=38, decimal_places=24)  # due, tax included
    tax_amount = models.DecimalField(max_digits=38, decimal_places=24, null=True)  # part of it
    origin = models.CharField(max_length=5, choices=Origin.choices)
    imp = models.ForeignKey(
        Import, null=True, on_delete=models.PROTECT, related_name="+", db_column="import_id"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "billing_account_id", "number"],
                condition=models.Q(superseded_at__isnull=True),
                name="invoice_current_once",
            )
        ]
        indexes = [models.Index(fields=["period_start"], name="invoice_period")]
