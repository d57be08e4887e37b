"""Where facts come from: sources, imports, and the slices an import replaces."""

from django.conf import settings
from django.db import models


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
    """One of the bills of a vendor account and billing period, and who brings it.

    `bill` tells bills apart that add up (usage, seats); empty when the account has one. Its money
    feed is exactly one document of one source; whatever else bills the same money is evidence.
    """

    invoice_issuer_name = models.TextField()
    billing_account_id = models.TextField()
    billing_period_start = models.DateField()
    billing_period_end = models.DateField()
    bill = models.TextField(blank=True, default="", db_default="")
    feed = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="feeds")
    feed_document = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "invoice_issuer_name",
                    "billing_account_id",
                    "billing_period_start",
                    "bill",
                ],
                name="billing_scope_once",
            )
        ]


class FeedSwitch(models.Model):
    """Somebody let another bill be the money of a billing scope: which, when, and what it moved."""

    scope = models.ForeignKey(BillingScope, on_delete=models.CASCADE, related_name="switches")
    from_source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    from_document = models.TextField(blank=True)
    to_source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    to_document = models.TextField(blank=True)
    difference = models.JSONField()  # currency -> new minus old, decimal string
    note = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]


class Slice(models.Model):
    """The part of a table that one delivery replaces as a whole.

    Active while `superseded_at` is null. A charge slice books money when it is active and its
    source and document are the feed of its billing scope.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="slices")
    imp = models.ForeignKey(
        Import, on_delete=models.PROTECT, related_name="slices", db_column="import_id"
    )
    document = models.TextField(blank=True, default="", db_default="")  # as its import says
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


class SavedMapping(models.Model):
    """How a file that no connector knows is read: which of its columns is what of ours.

    Never changed, because the files that it read are read again by it; a correction supersedes.
    """

    class Amounts(models.TextChoices):
        PLAIN = "plain", "12345.60"
        COMMAS = "commas", "12,345.60 or $12,345.60"
        DECIMAL_COMMA = "decimal_comma", "12.345,60"
        HUNDREDTHS = "hundredths", "in hundredths (cents)"

    name = models.TextField()
    table = models.CharField(max_length=10)  # charge | usage
    reader = models.CharField(max_length=4)  # csv | json
    columns = models.JSONField()  # the file's own column names, or paths in its records
    records_at = models.TextField(blank=True, default="")  # JSON: the list that holds the records
    # our column -> {"column": one of the file's} or {"value": a text that holds for every row}
    fields = models.JSONField()
    amounts = models.CharField(max_length=13, choices=Amounts.choices, default=Amounts.PLAIN)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    @property
    def document(self) -> str:
        """The name that imports of such files carry."""
        return f"mapping_{self.pk}"
