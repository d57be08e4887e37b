"""List prices per meter of the models a log names: the price book, with our overrides first.

Prices are USD per million tokens, dated. A model that is not in the book is unpriced: no
nearest match, no zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib.metadata import version

from genai_prices import types
from genai_prices.data_snapshot import get_snapshot

from finops.ledger.models import Price

METERS = ("input", "cached_input", "cache_write", "output")
OVERRIDE = "override"
# What the price book calls each meter; the first one that is priced counts. Tokens read from or
# written to a cache cost like other input where the vendor names no price for them.
BOOK_NAMES = {
    "input": ("input_mtok",),
    "cached_input": ("cache_read_mtok", "input_mtok"),
    "cache_write": ("cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
}


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
    wanted = sorted(set(models))
    found = [span for provider, model in wanted for span in book_spans(provider, model)]
    overrides = override_spans({model for _, model in wanted})
    replaced = {(span.provider, span.model, span.meter) for span in overrides}
    return overrides + [s for s in found if (s.provider, s.model, s.meter) not in replaced]


def override_spans(models: set[str]) -> list[Span]:
    rows = Price.objects.filter(origin=OVERRIDE, model__in=models)
    return [
        Span(p.provider, p.model, p.meter, p.valid_from, p.valid_to, p.usd_per_million, OVERRIDE)
        for p in rows
    ]


@cache
def book_spans(provider: str, model: str) -> tuple[Span, ...]:
    """Return the book's dated prices of a model; empty when it has none."""
    try:
        _, known = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return ()
    starts = start_days(known)
    origin = f"genai-prices {version('genai-prices')}"
    return tuple(
        Span(provider, model, meter, start, end, price, origin)
        for start, end in zip(starts, [*starts[1:], None], strict=True)
        for meter in METERS
        if (price := price_on(known, meter, start or starts_before(starts))) is not None
    )


def start_days(known: types.ModelInfo) -> list[date | None]:
    """Return the days on which the model's prices change, beginning with "always"."""
    prices = known.prices if isinstance(known.prices, list) else []
    limits = [price.constraint for price in prices]
    days = {limit.start_date for limit in limits if isinstance(limit, types.StartDateConstraint)}
    return [None, *sorted(days)]


def starts_before(starts: list[date | None]) -> date:
    """Return a day before the first change."""
    first = next((day for day in starts if day), date(2020, 1, 2))
    return first - timedelta(days=1)


def price_on(known: types.ModelInfo, meter: str, day: date) -> Decimal | None:
    """Return USD per million on a day. Of tiers by prompt size the base counts: logs are sums."""
    prices = known.get_prices(datetime.combine(day, time(12), UTC))
    for book_name in BOOK_NAMES[meter]:
        price = getattr(prices, book_name)
        if price is not None:
            return price.base if isinstance(price, types.TieredPrices) else Decimal(price)
    return None


def keep_in_book(used: Iterable[Span]) -> None:
    """Note the prices that were used, so that pages can show where a list cost comes from."""
    for span in used:
        Price.objects.get_or_create(
            provider=span.provider, model=span.model, meter=span.meter, valid_from=span.valid_from,
            origin=span.origin,
            defaults={"valid_to": span.valid_to, "usd_per_million": span.usd_per_million},
        )  # fmt: skip
