"""What the books take for money, told from the ledger alone."""

from decimal import Decimal

from finops.ledger.models import Charge


def booked() -> Decimal:
    """Dollars of the active bills that are the money of their account and month."""
    active = Charge.objects.filter(slice__superseded_at=None).select_related("slice__billing_scope")
    return sum(
        (
            row.billed_cost
            for row in active
            if (scope := row.slice.billing_scope)
            and (scope.feed_id, scope.feed_document) == (row.slice.source_id, row.slice.document)
        ),
        Decimal(0),
    )
