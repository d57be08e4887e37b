"""Money that is not in the reporting currency and has no rate to get there."""

from decimal import Decimal

from django.db.models import Sum

from finops.attribution.models import TeamDay
from finops.money import from_nanos


def unconverted() -> dict[str, Decimal]:
    """Return currency -> the amount billed in it that no rate converts."""
    waiting = TeamDay.objects.filter(reporting_billed_nanos=None).order_by()
    sums = waiting.values_list("currency").annotate(nanos=Sum("billed_nanos"))
    return {currency: from_nanos(int(nanos)) for currency, nanos in sums}
