"""List prices per meter of the models a log names: the price book, with our overrides first.

Prices are USD per million tokens, dated. A model that is not in the book is unpriced: no
nearest match, no zero. The book's library is imported where it is used: it is a large one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from finops.ledger.models import Price

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

METERS = ("input", "cached_input", "cache_write", "cache_write_1h", "output")
OVERRIDE = "override"
# What the price book calls each meter; the first one that is priced counts. Tokens read from or
# written to a cache cost like other input where the vendor names no price for them.
BOOK_NAMES = {
    "input": ("input_mtok",),
    "cached_input": ("cache_read_mtok", "input_mtok"),
    "cache_write": ("cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok",),
    "output": ("output_mtok",),
}
# A provider of ours -> where the book has its models, when it goes by another name there.
SHELVES = {"gcp": "google"}


@dataclass(frozen=True)
class Span:
    """The price of one meter of one model over half-open days; an open end is null."""

    provider: str
    model: str
    meter: str
    valid_from: date | None
    valid_to: date | None
    usd_per_million: Decimal
    origin: str


def spans(models: Iterable[tuple[str, str]]) -> list[Span]:
    """Return the prices of these (provider, model) pairs, overrides in place of the book's."""
    wanted = set(models)
    kept = kept_spans(wanted)
    unread = sorted(wanted - {(span.provider, span.model) for span in kept})
    found = kept + [span for provider, model in unread for span in book_spans(provider, model)]
    overrides = override_spans({model for _, model in wanted})
    replaced = {(span.provider, span.model, span.meter) for span in overrides}
    return overrides + [s for s in found if (s.provider, s.model, s.meter) not in replaced]


def kept_spans(wanted: set[tuple[str, str]]) -> list[Span]:
    """Return what was read from this edition of the book before, and kept with the facts."""
    rows = Price.objects.filter(origin=edition(), model__in={model for _, model in wanted})
    return [
        Span(p.provider, p.model, p.meter, p.valid_from, p.valid_to, p.usd_per_million, p.origin)
        for p in rows
        if (p.provider, p.model) in wanted
    ]


@cache
def edition() -> str:
    """Return the name of the price book with its version."""
    return f"genai-prices {version('genai-prices')}"


def override_spans(models: set[str]) -> list[Span]:
    rows = Price.objects.filter(origin=OVERRIDE, model__in=models)
    return [
        Span(p.provider, p.model, p.meter, p.valid_from, p.valid_to, p.usd_per_million, OVERRIDE)
        for p in rows
    ]


@cache
def book_spans(provider: str, model: str) -> tuple[Span, ...]:
    """Return the book's dated prices of a model; empty when it has none."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        shelf = SHELVES.get(provider, provider)
        _, known = get_snapshot().find_provider_model(model, None, shelf, None)
    except LookupError:
        return ()
    starts = start_days(known)
    return tuple(
        Span(provider, model, meter, start, end, price, edition())
        for start, end in zip(starts, [*starts[1:], None], strict=True)
        for meter in METERS
        if (price := price_on(known, meter, start or starts_before(starts))) is not None
    )


def start_days(known: "ModelInfo") -> list[date | None]:
    """Return the days on which the model's prices change, beginning with "always"."""
    from genai_prices import types

    prices = known.prices if isinstance(known.prices, list) else []
    limits = [price.constraint for price in prices]
    days = {limit.start_date for limit in limits if isinstance(limit, types.StartDateConstraint)}
    return [None, *sorted(days)]


def starts_before(starts: list[date | None]) -> date:
    """Return a day before the first change."""
    first = next((day for day in starts if day), date(2020, 1, 2))
    return first - timedelta(days=1)


def price_on(known: "ModelInfo", meter: str, day: date) -> Decimal | None:
    """Return USD per million on a day. Of tiers by prompt size the base counts: logs are sums."""
    from genai_prices import types

    prices = known.get_prices(datetime.combine(day, time(12), UTC))
    for book_name in BOOK_NAMES[meter]:
        price = getattr(prices, book_name, None)
        if price is not None:
            return price.base if isinstance(price, types.TieredPrices) else Decimal(price)
    if meter == "cache_write_1h":
        return long_cache_write(known, day)
    return None


def long_cache_write(known: "ModelInfo", day: date) -> Decimal | None:
    """Return the price of a write that is kept for an hour, where the book names only the short one.

    Anthropic's list price is twice that of input; other vendors make no difference.
    """
    if "claude" not in known.id:
        return price_on(known, "cache_write", day)
    price = price_on(known, "input", day)
    return price * 2 if price is not None else None


def keep_in_book(used: Iterable[Span]) -> None:
    """Note the prices that were used, so that pages can show where a list cost comes from."""
    known = set(
        Price.objects.filter(origin=edition()).values_list(
            "provider", "model", "meter", "valid_from"
        )
    )
    Price.objects.bulk_create(
        Price(
            provider=span.provider, model=span.model, meter=span.meter, valid_from=span.valid_from,
            valid_to=span.valid_to, usd_per_million=span.usd_per_million, origin=span.origin,
        )
        for span in used
        if span.origin != OVERRIDE and (span.provider, span.model, span.meter, span.valid_from) not in known
    )  # fmt: skip
