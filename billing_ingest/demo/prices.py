"""List prices of the demo's models, and the exact list cost of a number of tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from genai_prices.data import providers

METERS = ("input", "cached_input", "cache_write", "output")
PRICE_FIELDS = {
    "input": "input_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "output": "output_mtok",
}
MILLION = Decimal(1_000_000)
BATCH_SHARE_OF_LIST = Decimal("0.5")
WEB_SEARCH_PRICE = Decimal("0.01")  # USD per request


@dataclass(frozen=True)
class Tokens:
    """Tokens of one usage line by meter; the four classes are disjoint."""

    input: int = 0
    cached_input: int = 0
    cache_write: int = 0
    output: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.input + other.input,
            self.cached_input + other.cached_input,
            self.cache_write + other.cache_write,
            self.output + other.output,
        )

    @property
    def total(self) -> int:
        return self.input + self.cached_input + self.cache_write + self.output

    def by_meter(self) -> dict[str, int]:
        """Return the meters that were used at all."""
        counts = {meter: int(getattr(self, meter)) for meter in METERS}
        return {meter: count for meter, count in counts.items() if count}


@cache
def list_prices(vendor: str, model: str) -> dict[str, Decimal]:
    """Return USD per million tokens by meter; a meter the vendor does not sell is missing.

    The demo uses models of one flat price only: a tiered price depends on the size of each
    request, which daily reports do not tell. Raises LookupError for an unknown model.
    """
    provider = next(candidate for candidate in providers if candidate.id == vendor)
    found = provider.find_model(model)
    if found is None:
        raise LookupError(f"no list price for {vendor} {model}")
    prices = found.get_prices(datetime(2026, 1, 1, tzinfo=UTC))
    by_meter = {meter: getattr(prices, name) for meter, name in PRICE_FIELDS.items()}
    flat = {meter: price for meter, price in by_meter.items() if price is not None}
    if not all(isinstance(price, Decimal) for price in flat.values()):
        raise LookupError(f"{vendor} {model} has a tiered price")
    return flat


def unit_price(vendor: str, model: str, meter: str, service_tier: str) -> Decimal:
    """Return USD per million tokens, halved for the batch service tier."""
    price = list_prices(vendor, model)[meter]
    return price * BATCH_SHARE_OF_LIST if service_tier == "batch" else price


def list_cost(vendor: str, model: str, tokens: Tokens, service_tier: str) -> Decimal:
    """Return the exact list cost in USD."""
    return sum(
        (
            count * unit_price(vendor, model, meter, service_tier) / MILLION
            for meter, count in tokens.by_meter().items()
        ),
        Decimal(0),
    )


def tokens_for(
    vendor: str, model: str, dollars: float, shares: Mapping[str, float], service_tier: str
) -> Tokens:
    """Return the tokens that cost about this much at list, in these shares of dollars by meter.

    Shares of meters the vendor does not sell go to plain input. The aim is a float on
    purpose: it only shapes the story; every amount written is computed from the tokens.
    """
    prices = list_prices(vendor, model)
    missing = sum(share for meter, share in shares.items() if meter not in prices)
    counts = {}
    for meter, share in shares.items():
        if meter in prices:
            part = dollars * (share + (missing if meter == "input" else 0))
            price = float(unit_price(vendor, model, meter, service_tier))
            counts[meter] = max(1, round(part / price * 1_000_000))
    return Tokens(**counts)
