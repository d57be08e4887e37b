"""The causes a difference may have, in the order they are shown, each with its definition."""

from dataclasses import dataclass
from typing import Literal

Slug = Literal[
    "negotiated", "list_price", "cache", "tier", "missing_usage", "missing_bill", "duplicates",
    "timing", "credits", "tax", "purchases", "currency", "unpriced", "rounding", "unexplained",
]  # fmt: skip


@dataclass(frozen=True)
class Cause:
    """A bucket: its name and what falls into it, from usage to bill and from bill to invoice."""

    slug: Slug
    label: str
    to_bill: str = ""
    to_invoice: str = ""


CAUSES: dict[Slug, Cause] = {
    cause.slug: cause
    for cause in (
        Cause(
            "negotiated", "Negotiated price",
            "The contracted price of what was used against its list price. A bill without list"
            " prices is taken to be at the discount stated for its source.",
        ),
        Cause(
            "list_price", "List price",
            "The bill's own list price against the price book's, for the same tokens.",
        ),
        Cause(
            "cache", "Cache",
            "Tokens that the bill counts as cached or as cache writes and the log as plain input,"
            " or the other way round: the same tokens at another price.",
        ),
        Cause(
            "tier", "Batch and service tier",
            "Tokens billed at a batch, flex or priority price against the price book's standard"
            " price, and another share of them than the log tells.",
        ),
        Cause(
            "missing_usage", "Missing usage",
            "Billed, but no log saw it: lines on days, models or accounts without a log, meters"
            " that logs do not count, and tokens beyond those logged.",
        ),
        Cause(
            "missing_bill", "Usage not billed",
            "Logged, but the bill of those days lacks it: at list price, as a minus.",
        ),
        Cause(
            "duplicates", "Duplicates",
            "Lines that repeat another line word for word, beyond what the logs saw.",
            "An invoice, a charge or a second bill of the same account that counts twice; or lines"
            " that the bill repeats and the invoice counts once.",
        ),
        Cause(
            "timing", "Timing",
            "Charges of another month than their bill's, corrections of earlier months, and usage"
            " that the bill has not come to yet.",
            "Charges outside the invoice's period, on another invoice, or of its last days, not"
            " invoiced yet.",
        ),
        Cause(
            "credits", "Credits and adjustments",
            "Lines of the categories Credit and Adjustment.",
            "Credits or adjustments of the bill that are not on the invoice.",
        ),
        Cause(
            "tax", "Tax",
            "Lines of the category Tax.",
            "The tax the invoice states against the bill's tax lines.",
        ),
        Cause(
            "purchases", "Purchases and commitments",
            "Seats, commitments and other purchases, and usage that a commitment paid for.",
            "Purchases of the bill that are not on the invoice.",
        ),
        Cause(
            "currency", "Currency",
            "List prices in another currency: the vendor's rate against ours of the month's end.",
            "The invoice is in another currency: the vendor's rate against ours of the day of"
            " issue. More than 5 % off is not taken for a rate.",
        ),
        Cause(
            "unpriced", "Unpriced models",
            "Billed for models that the price book has no price for.",
        ),
        Cause(
            "rounding", "Rounding",
            "",
            "The invoice is in cents: at most half a cent per invoice.",
        ),
        Cause(
            "unexplained", "Unexplained",
            "What no other bucket accounts for.",
            "What no other bucket accounts for.",
        ),
    )
}  # fmt: skip
