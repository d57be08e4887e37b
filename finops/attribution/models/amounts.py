"""The two costs of a row, in the original and in the reporting currency.

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
