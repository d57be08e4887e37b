"""From usage at list price to the bill.

Lines and usage that found each other are compared by model: first each line's own prices, then
the price per token of a meter and service tier, then the number of tokens. The steps telescope,
so their sum is the difference whatever the figures are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from finops.attribution.bridge.causes import Slug

Amounts = dict[Slug, Fraction]
INPUT_METERS = ("input", "cached_input", "cache_write")
CACHE_METERS = ("cached_input", "cache_write")
BY_CATEGORY: dict[str, Slug] = {
    "Credit": "credits",
    "Adjustment": "credits",
    "Tax": "tax",
    "Purchase": "purchases",
}
BY_BILL_STANDING: dict[str, Slug] = {
    "correction": "timing",
    "outside": "timing",
    "unseen": "missing_usage",
}
BY_USAGE_STANDING: dict[str, Slug] = {
    "outside": "timing",
    "waiting": "timing",
    "unbilled": "missing_bill",
}


@dataclass(frozen=True)
class BillPart:
    """Bill lines alike in all that matters here. Money in nanos."""

    category: str
    standing: str  # seen, unseen, outside, correction; empty unless Usage
    model: str
    meter: str
    tier: str  # empty is the standard tier
    is_listed: bool
    is_counted: bool
    is_repeat: bool
    billed: Fraction
    listed: Fraction
    contracted: Fraction
    tokens: Fraction


@dataclass(frozen=True)
class UsagePart:
    """Usage alike in all that matters here, at list price in the bill's currency, in nanos."""

    standing: str  # billed, outside, waiting, unbilled
    model: str
    meter: str
    tier: str
    tokens: Fraction
    listed: Fraction
    unpriced_tokens: Fraction = Fraction(0)


def to_bill(
    bill: Sequence[BillPart],
    usage: Sequence[UsagePart],
    *,
    discount: Fraction = Fraction(0),
    is_one_currency: bool = True,
) -> Amounts:
    """Return why the bill is not usage at list price; the amounts sum to bill minus usage.

    discount: the share off list that a bill without list prices is taken to have, 0 to 1.
    """
    causes: Amounts = defaultdict(Fraction)
    for part in bill:
        if part.category != "Usage":
            causes[BY_CATEGORY.get(part.category, "credits")] += part.billed
        elif part.standing != "seen":
            causes[BY_BILL_STANDING[part.standing]] += part.billed
    for row in usage:
        if row.standing != "billed":
            causes[BY_USAGE_STANDING[row.standing]] -= row.listed
    seen = [part for part in bill if part.category == "Usage" and part.standing == "seen"]
    billed = [row for row in usage if row.standing == "billed"]
    for lines, rows in by_model(seen, billed):
        compare(
            by_known_meter([with_list_price(part, discount) for part in lines], rows),
            causes,
            is_one_currency,
        )
    named = sum(causes.values(), Fraction(0))
    total = sum((p.billed for p in bill), Fraction(0)) - sum((u.listed for u in usage), Fraction(0))
    causes["unexplained"] = total - named
    return causes


Matched = tuple[list[BillPart], list[UsagePart]]


def both(parts: Sequence[BillPart], rows: Sequence[UsagePart]) -> list[BillPart | UsagePart]:
    return [*parts, *rows]


def by_model(bill: Iterable[BillPart], usage: Iterable[UsagePart]) -> Iterable[Matched]:
    """Group by model; when one side does not name it, all is one group."""
    parts, rows = list(bill), list(usage)
    if not all(one.model for one in both(parts, rows)):
        return [(parts, rows)]
    groups: dict[str, Matched] = {}
    for part in parts:
        groups.setdefault(part.model, ([], []))[0].append(part)
    for row in rows:
        groups.setdefault(row.model, ([], []))[1].append(row)
    return [groups[model] for model in sorted(groups)]


def by_known_meter(parts: list[BillPart], rows: list[UsagePart]) -> Matched:
    """Leave meters out of account when one side does not name them."""
    if all(one.meter for one in both(parts, rows)):
        return parts, rows
    return [replace(part, meter="") for part in parts], [replace(row, meter="") for row in rows]


def with_list_price(part: BillPart, discount: Fraction) -> BillPart:
    """Give lines without list price the one that the stated discount implies."""
    if part.is_listed:
        return part
    listed = part.billed / (1 - discount) if discount < 1 else part.billed
    return replace(part, listed=listed, contracted=part.billed)


def compare(matched: Matched, causes: Amounts, is_one_currency: bool) -> None:
    """Account for the lines of a model against the usage they pay for."""
    parts, rows = matched
    if not parts or not rows:
        causes["missing_usage"] += sum((part.billed for part in parts), Fraction(0))
        causes["missing_bill"] -= sum((row.listed for row in rows), Fraction(0))
        return
    parts = without_repeats(parts, rows, causes)
    for part in parts:
        causes["negotiated"] += part.contracted - part.listed
        causes["purchases"] += part.billed - part.contracted
    if any(row.unpriced_tokens for row in rows):
        causes["unpriced"] += listed(parts) - listed(rows)
    elif is_counted(parts, rows):
        compare_tokens(parts, rows, causes, "list_price" if is_one_currency else "currency")
    else:
        compare_amounts(parts, rows, causes, is_one_currency)


def without_repeats(
    parts: list[BillPart], rows: list[UsagePart], causes: Amounts
) -> list[BillPart]:
    """Take out repeated lines of a meter where the logs saw no more than the lines once."""
    kept = [part for part in parts if not part.is_repeat]
    for meter in sorted({part.meter for part in parts if part.is_repeat}):
        repeats = [part for part in parts if part.is_repeat and part.meter == meter]
        once = [part for part in kept if part.meter == meter and not part.is_repeat]
        seen = [row for row in rows if row.meter == meter]
        if is_counted([*once, *repeats], seen):
            excess, repeated = tokens(once) + tokens(repeats) - tokens(seen), tokens(repeats)
        else:
            excess, repeated = listed(once) + listed(repeats) - listed(seen), listed(repeats)
        if 2 * excess >= repeated > 0:  # closer to once than to twice
            causes["duplicates"] += sum((part.billed for part in repeats), Fraction(0))
        else:
            kept += repeats
    return kept


def is_counted(parts: Sequence[BillPart], rows: Sequence[UsagePart]) -> bool:
    """Say whether both sides tell how many tokens their money is for."""
    return (
        bool(parts)
        and all(part.is_counted and (part.tokens > 0 or not part.listed) for part in parts)
        and tokens(rows) > 0
        and all(row.tokens > 0 or not row.listed for row in rows)
    )


def listed(parts: Iterable[BillPart | UsagePart]) -> Fraction:
    return sum((part.listed for part in parts), Fraction(0))


def tokens(parts: Iterable[BillPart | UsagePart]) -> Fraction:
    return sum((part.tokens for part in parts), Fraction(0))


def compare_tokens(
    parts: Sequence[BillPart], rows: Sequence[UsagePart], causes: Amounts, otherwise: Slug
) -> None:
    """Split list price minus usage into price, service tier and number of tokens."""
    extra: dict[str, Fraction] = {}
    worth: dict[str, Fraction] = {}
    for meter in sorted({one.meter for one in both(parts, rows)}):
        mine = [part for part in parts if part.meter == meter]
        theirs = [row for row in rows if row.meter == meter]
        price = price_of(theirs if tokens(theirs) else mine)
        for tier in sorted({part.tier for part in mine}):
            lines = [part for part in mine if part.tier == tier]
            same_tier = [row for row in theirs if row.tier == tier]
            by_tier = price_of(same_tier) if tokens(same_tier) else price
            causes["tier" if tier else otherwise] += listed(lines) - tokens(lines) * by_tier
            causes["tier"] += tokens(lines) * (by_tier - price)
        extra[meter] = tokens(mine) - tokens(theirs)
        worth[meter] = tokens(mine) * price - listed(theirs)
    count_differently(extra, worth, causes)


def price_of(parts: Sequence[BillPart | UsagePart]) -> Fraction:
    """Return the mean list price of a token; 0 when there are none."""
    count = tokens(parts)
    return listed(parts) / count if count else Fraction(0)


def count_differently(
    extra: Mapping[str, Fraction], worth: Mapping[str, Fraction], causes: Amounts
) -> None:
    """Tokens more under one meter of input and fewer under another moved between them: cache.

    What is left of more or fewer tokens is missing on the other side.
    """
    more = sum((extra[m] for m in INPUT_METERS if extra.get(m, 0) > 0), Fraction(0))
    fewer = -sum((extra[m] for m in INPUT_METERS if extra.get(m, 0) < 0), Fraction(0))
    moved = min(more, fewer)
    for meter, count in extra.items():
        share = Fraction(0)
        if meter in INPUT_METERS and moved:
            share = moved / (more if count > 0 else fewer)
        causes["cache"] += worth[meter] * share
        causes["missing_usage" if count > 0 else "missing_bill"] += worth[meter] * (1 - share)


def compare_amounts(
    parts: Sequence[BillPart], rows: Sequence[UsagePart], causes: Amounts, is_one_currency: bool
) -> None:
    """The same without tokens: only what the names of tiers and meters tell has a cause."""
    if not is_one_currency:
        causes["currency"] += listed(parts) - listed(rows)
        return
    tiers = {part.tier for part in parts} & {row.tier for row in rows} - {""}
    causes["tier"] += listed(part for part in parts if part.tier in tiers)
    causes["tier"] -= listed(row for row in rows if row.tier in tiers)
    inputs = [one for one in parts if one.tier not in tiers and one.meter in INPUT_METERS]
    logged = [one for one in rows if one.tier not in tiers and one.meter in INPUT_METERS]
    if inputs and logged and has_cache(inputs) != has_cache(logged):
        causes["cache"] += listed(inputs) - listed(logged)


def has_cache(parts: Iterable[BillPart | UsagePart]) -> bool:
    return any(part.meter in CACHE_METERS and part.listed for part in parts)
