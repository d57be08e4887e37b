"""On what was the money spent, and which work did it take part in?"""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from .books import FINE_MONEY, rows_of, window_params
from .kind_costs import PPM
from .organisation import as_of
from .shapes import MixRow, Scope

FEWEST_MATURED = 10
DIGITS = Decimal("0.000001")


def model_mix(scope: Scope, *, now: datetime | None = None) -> list[MixRow]:
    """Return money and outcomes by vendor and model, the dearest first.

    Shared money is one row per vendor, without a model. Outcomes are those completed in the
    period that direct cost reached. The durable share is unknown under ten matured outcomes;
    they mature against `now`, by default the time of the last settle.
    """
    when = scope.known_on or now or as_of() or timezone.now()
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for vendor, model, *amounts in rows_of(scope, *FINE_MONEY, "mix", **window_params(when)):
        known = sums.setdefault((vendor, model), [Decimal(0)] * len(amounts))
        sums[vendor, model] = [a + b for a, b in zip(known, amounts, strict=True)]
    rows = [
        MixRow(
            vendor=vendor,
            model=model,
            nanos=int(nanos),
            outcomes=(ppm / PPM).quantize(DIGITS),
            durable_share=durable / matured if matured >= FEWEST_MATURED * PPM else None,
        )
        for (vendor, model), (nanos, ppm, matured, durable) in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.nanos, row.vendor, row.model))
