"""On what was the money spent, and which work did it take part in?"""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from .books import FINE_MONEY, scope_params, window_params
from .kind_costs import PPM
from .organisation import as_of
from .shapes import MixRow, Scope
from .sql_files import fetch

FEWEST_MATURED = 10
DIGITS = Decimal("0.000001")


def model_mix(scope: Scope, *, now: datetime | None = None) -> list[MixRow]:
    """Return money and outcomes by vendor and model, the dearest first.

    Shared money is one row per vendor, without a model. Outcomes are those completed in the
    period that direct cost reached. The durable share is unknown under ten matured outcomes;
    they mature against `now`, by default the time of the last settle.
    """
    when = scope.known_on or now or as_of() or timezone.now()
    rows = fetch(*FINE_MONEY, "mix", **scope_params(scope), **window_params(when))
    return [
        MixRow(
            vendor=vendor,
            model=model,
            nanos=nanos,
            outcomes=(ppm / PPM).quantize(DIGITS),
            durable_share=durable / matured if matured >= FEWEST_MATURED * PPM else None,
        )
        for vendor, model, nanos, ppm, matured, durable in rows
    ]
