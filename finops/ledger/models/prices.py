"""What things cost by list, and what currencies are worth."""

from django.db import models


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


class Unit(models.Model):
    """A unit outside ISO 4217 that a vendor bills in: credits, compute tokens.

    Its code is ours; `names` are how files write it. What it is worth say dated rates.
    """

    code = models.CharField(max_length=3, unique=True)
    label = models.TextField()
    names = models.JSONField(default=list)  # as written in files, in small letters
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["code"]
