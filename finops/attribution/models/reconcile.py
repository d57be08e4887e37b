"""Rollups that hold a bill against its invoice and against the usage at list price."""

from django.db import models


class BillDay(models.Model):
    """Rollup: a bill's lines by day, as an invoice may count or leave out.

    `month` is the month in which the billing period starts. Money in nanos of `currency`.
    A bill that is not the money feed is here too (`is_booked` false): it is evidence.
    """

    month = models.DateField()
    source_id = models.BigIntegerField()
    issuer = models.TextField()
    billing_account_id = models.TextField()
    invoice_id = models.TextField()
    charge_category = models.TextField()
    day = models.DateField()  # on which the charge period starts
    currency = models.CharField(max_length=3)
    is_booked = models.BooleanField()
    lines = models.BigIntegerField()
    billed_nanos = models.BigIntegerField()
    effective_nanos = models.BigIntegerField()
    repeats = models.BigIntegerField()  # lines that say exactly what another line says
    repeated_nanos = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["month", "source_id"], name="bill_day_month")]


class BillMonth(models.Model):
    """Rollup: the lines of a booked bill by what usage can be held against.

    standing: seen (a log saw what it bills), unseen, outside (of the billing period), or
    correction (of an earlier period). `listed` and `contracted` sum the lines' own list and
    contracted cost where `is_listed`; a missing contracted cost counts as the billed one.
    `tokens` is what the lines say was consumed where `is_counted`.
    """

    month = models.DateField()
    source_id = models.BigIntegerField()
    issuer = models.TextField(default="")
    currency = models.CharField(max_length=3)
    charge_category = models.TextField()
    standing = models.CharField(max_length=10)
    model = models.TextField()
    meter = models.TextField()
    service_tier = models.TextField()
    is_listed = models.BooleanField()
    is_counted = models.BooleanField()
    is_repeat = models.BooleanField()
    lines = models.BigIntegerField()
    billed_nanos = models.BigIntegerField()
    listed = models.DecimalField(max_digits=38, decimal_places=24)
    contracted = models.DecimalField(max_digits=38, decimal_places=24)
    tokens = models.DecimalField(max_digits=38, decimal_places=12)

    class Meta:
        indexes = [models.Index(fields=["month", "source_id"], name="bill_month_month")]


class MeterFields(models.Model):
    """Usage at list price by meter, each call once.

    standing: billed (a line of this month's bill pays for it), outside (another month's bill
    does), waiting (the bill has not come that far) or unbilled (the bill came and lacks it).
    `listed` is exact, in `currency`; tokens without a price stand apart in `unpriced_tokens`.
    """

    month = models.DateField()  # of the bill that pays for it, else of the day
    source_id = models.BigIntegerField()
    issuer = models.TextField(default="")  # of that bill; empty while none pays for it
    currency = models.CharField(max_length=3)
    standing = models.CharField(max_length=8)
    model = models.TextField()
    meter = models.TextField()
    service_tier = models.TextField()
    tokens = models.DecimalField(max_digits=38, decimal_places=12)
    listed = models.DecimalField(max_digits=38, decimal_places=24)
    unpriced_tokens = models.DecimalField(max_digits=38, decimal_places=12)

    class Meta:
        abstract = True


class MeterDay(MeterFields):
    """Rollup: usage at list price by day."""

    day = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["day", "source_id"], name="meter_day_day"),
            models.Index(fields=["month", "source_id"], name="meter_day_month"),
        ]


class MeterMonth(MeterFields):
    """Rollup of MeterDay: the same by month."""

    class Meta:
        indexes = [models.Index(fields=["month", "source_id"], name="meter_month_month")]
