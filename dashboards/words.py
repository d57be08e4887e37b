"""How figures are written: money, shares, counts, days, and columns that add up. Pure.

Money comes in nanos (1e-9 of a currency). A no-break space stands before a per cent sign and
after a currency code; negative amounts carry a true minus. None is never written as zero:
callers write `unknown(reason)` instead.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

from finops.money import NANOS
from finops.periods import Period, add_months

NBSP = "\u00a0"
MINUS = "\u2212"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})
WHOLE_FROM = 1000 * NANOS

Amount = int | Decimal


def money(nanos: Amount, currency: str, *, cents: bool | None = None, signed: bool = False) -> str:
    """$1,234 or $12.34: whole units from 1,000 up and cents below, unless `cents` says which."""
    amount = Decimal(nanos)
    with_cents = abs(amount) < WHOLE_FROM if cents is None else cents
    digits = 2 if with_cents and currency not in WITHOUT_CENTS else 0
    rounded = (amount / NANOS).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return written(rounded, currency, digits, signed=signed)


def money_or(
    nanos: Amount | None, currency: str, reason: str, *, cents: bool | None = None
) -> SafeString | str:
    """The amount, or an en dash with the reason why it is unknown."""
    return unknown(reason) if nanos is None else money(nanos, currency, cents=cents)


def written(amount: Decimal, currency: str, digits: int, *, signed: bool = False) -> str:
    """An amount that is already rounded, with its sign and its currency."""
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    symbol = SYMBOLS.get(currency, currency + NBSP)
    return f"{sign}{symbol}{abs(amount):,.{digits}f}"


def column(
    amounts: Sequence[int], total: int, currency: str, *, cents: bool, signed: bool = False
) -> tuple[list[str], str]:
    """Amounts of one precision that add up to the printed total (largest remainder)."""
    digits = 2 if cents and currency not in WITHOUT_CENTS else 0
    unit = NANOS // 10**digits
    rounded, whole = that_add_up(amounts, total, unit)
    say = [written(Decimal(n).scaleb(-digits), currency, digits, signed=signed) for n in rounded]
    return say, written(Decimal(whole).scaleb(-digits), currency, digits, signed=signed)


def that_add_up(amounts: Sequence[int], total: int, unit: int) -> tuple[list[int], int]:
    """Whole units per amount and for the total, which is rounded once, halves away from zero."""
    whole = int((Decimal(total) / unit).quantize(Decimal(1), ROUND_HALF_UP))
    floors = [amount // unit for amount in amounts]
    left = whole - sum(floors)
    order = sorted(range(len(amounts)), key=lambda i: (-(amounts[i] % unit), i))
    # When the total holds more than the rows, the difference is not a matter of rounding.
    for i in order[: max(0, min(left, len(order)))]:
        floors[i] += 1
    return floors, whole


def short_money(amount: float, currency: str) -> str:
    """$20k, $1.5M: for the ticks of an axis, where the amount is a round number of units."""
    symbol = SYMBOLS.get(currency, currency + NBSP)
    sign = MINUS if amount < 0 else ""
    size = abs(amount)
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{sign}{symbol}{size / limit:g}{letter}"
    return f"{sign}{symbol}{size:g}" if size == int(size) else f"{sign}{symbol}{size:.2f}"


def percent(share: Decimal | float, digits: int = 1, *, signed: bool = False) -> str:
    """12.3 % from 0.123, with a no-break space."""
    value = (Decimal(str(share)) * 100).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):,.{digits}f}{NBSP}%"


def share_of(part: Amount, whole: Amount) -> Decimal | None:
    """Part over whole; None when there is nothing to be a share of."""
    return Decimal(part) / Decimal(whole) if whole else None


def change_of(after: Amount, before: Amount) -> Decimal | None:
    """Growth from before to after; None when there was nothing, or less than nothing, before."""
    return Decimal(after) / Decimal(before) - 1 if before > 0 else None


def count(number: Decimal | int) -> str:
    """1,470; credits that people of other teams share keep one decimal."""
    value = Decimal(number)
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.1f}"


def plural(number: Decimal | int, one: str, many: str = "") -> str:
    """1 line, 2 lines."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


NUMBER_WORDS = "none one two three four five six seven eight nine ten eleven twelve".split()


def in_words(number: int) -> str:
    """Small numbers as words inside a sentence."""
    return NUMBER_WORDS[number] if 0 < number < len(NUMBER_WORDS) else f"{number:,}"


def day(when: date, *, year: bool = False) -> str:
    """29 Oct, or 29 Oct 2026."""
    return f"{when.day} {when:%b %Y}" if year else f"{when.day} {when:%b}"


def moment(when: datetime, time_zone: str) -> str:
    """3 Nov 2026, 09:12 in the organisation's time zone."""
    local = when.astimezone(ZoneInfo(time_zone))
    return f"{day(local, year=True)}, {local:%H:%M}"


def period_name(period: Period) -> str:
    """October 2026, Q3 2026, 2026, or 1 to 15 October 2026."""
    start, last = period.start, period.last_day
    if start.day == 1 and period.end.day == 1:
        months = (period.end.year - start.year) * 12 + period.end.month - start.month
        if months == 1:
            return f"{start:%B %Y}"
        if months == 12 and start.month == 1:
            return f"{start.year}"
        if months == 3 and start.month % 3 == 1:
            return f"Q{start.month // 3 + 1} {start.year}"
        ending = add_months(period.end, -1)
        return (
            f"{start:%b}{'' if ending.year == start.year else f' {start.year}'} to {ending:%b %Y}"
        )
    if start == last:
        return day(start, year=True)
    return f"{day(start, year=start.year != last.year)} to {day(last, year=True)}"


def short_period_name(period: Period) -> str:
    """Oct 2026 for a month, else the whole name."""
    name = period_name(period)
    return f"{period.start:%b %Y}" if name == f"{period.start:%B %Y}" else name


def spoken_period(period: Period, beside: Period | None = None) -> str:
    """The period inside a sentence: September, when the year is clear from the one beside it."""
    name = period_name(period)
    if beside and name == f"{period.start:%B %Y}" and period.start.year == beside.start.year:
        return f"{period.start:%B}"
    return name


def bold(text: str) -> SafeString:
    """The text as a figure that the sentence is about."""
    return format_html("<b>{}</b>", text)


def unknown(reason: str) -> SafeString:
    """An en dash that says why, on hover and to a screen reader."""
    return format_html(
        '<span class="o-flat" title="{0}"><span aria-hidden="true">–</span>'
        '<span class="o-vh">{0}</span></span>',
        reason,
    )


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" and {parts[-1]}"
