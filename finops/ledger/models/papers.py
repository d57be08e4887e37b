"""What vendors say besides bills and logs: invoices, seats, the names of users and keys."""

from django.conf import settings
from django.db import models

from finops.ledger.models.imports import Import, Source


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


class Seat(models.Model):
    """Who holds a seat of a vendor's plan, from when to when. Merged by its natural key."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="seats")
    imp = models.ForeignKey(
        Import, on_delete=models.PROTECT, related_name="+", db_column="import_id"
    )  # that said it last
    vendor = models.TextField()
    plan = models.TextField(blank=True, default="")
    holder = models.TextField()  # an actor: e-mail, or namespace:id
    holder_name = models.TextField(blank=True, default="")
    assigned_from = models.DateField(null=True)  # null: the vendor does not say
    assigned_to = models.DateField(null=True)  # half-open; null: still held
    last_active_at = models.DateTimeField(null=True)  # null: not known, which is not "never"
    price = models.DecimalField(max_digits=38, decimal_places=24, null=True)  # per `period`
    currency = models.CharField(max_length=3, blank=True, default="")
    period = models.CharField(max_length=5, blank=True, default="")  # month | year
    renewal_date = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "vendor", "plan", "holder", "assigned_from"],
                name="seat_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["holder"], name="seat_holder")]


class VendorName(models.Model):
    """What a vendor calls a user, key, workspace or project of ours. Never deleted: old usage names it.

    `external_id` is written as charges and usage write it in actor, api_key, project or
    sub_account_id.
    """

    KINDS = ("user", "service_account", "api_key", "workspace", "project", "organization")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="vendor_names")
    imp = models.ForeignKey(
        Import, on_delete=models.PROTECT, related_name="+", db_column="import_id"
    )  # that said it last
    kind = models.CharField(max_length=20)
    external_id = models.TextField()
    name = models.TextField(blank=True, default="")
    email = models.TextField(blank=True, default="")
    owner = models.TextField(blank=True, default="")  # an actor: who made or holds it
    parent = models.TextField(blank=True, default="")  # the project of a key
    status = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "external_id"], name="vendor_name_once"
            )
        ]
        indexes = [models.Index(fields=["external_id"], name="vendor_name_external")]
