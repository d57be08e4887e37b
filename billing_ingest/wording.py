"""How the setup pages write amounts, counts and days. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from finops.money import cents_that_add_up, to_nanos

NBSP = "\u00a0"
MINUS = "\u2212"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


def amount(value: Decimal, currency: str, *, signed: bool = False) -> str:
    """$16,288.41 with the digits the value has, at least two."""
    digits = max(2, -int(value.normalize().as_tuple().exponent))
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    symbol = SYMBOLS.get(currency, currency + NBSP)
    return f"{sign}{symbol}{abs(value):,.{digits}f}"


def that_tie(parts: list[Decimal]) -> tuple[list[Decimal], Decimal]:
    """The parts and their sum at cents, so that the printed parts add up to the printed sum.

    Sums under one unit keep all their digits: at cents there would be nothing to see.
    """
    total = sum(parts, Decimal())
    if abs(total) < 1:
        return parts, total
    nanos = [to_nanos(part) for part in parts]
    rounded = cents_that_add_up(nanos)
    return rounded, sum(rounded, Decimal())


def totals(sums: Mapping[str, str]) -> str:
    """{"USD": "12.5", "EUR": "3"} as "€3.00 and $12.50"; empty text for no money."""
    said = [amount(that_tie([Decimal(sums[code])])[1], code) for code in sorted(sums)]
    return listed(said)


def plural(number: int, one: str, many: str = "") -> str:
    """1 line, 48,210 lines."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


NUMBER_WORDS = "No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve".split()


def in_words(number: int) -> str:
    """A number that begins a sentence."""
    return NUMBER_WORDS[number] if number < len(NUMBER_WORDS) else f"{number:,}"


def listed(parts: list[str]) -> str:
    """a, b and c."""
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"


def period(first_day: date | None, end_day: date | None) -> str:
    """October 2026, or 1 Oct 2026 to 15 Oct 2026; end_day is not part of it."""
    if first_day is None or end_day is None:
        return ""
    last = max(first_day, end_day - timedelta(days=1))
    is_month = first_day.day == 1 and end_day.day == 1 and (end_day - first_day).days <= 31
    if is_month:
        return f"{first_day:%B %Y}"
    return day(first_day) if first_day == last else f"{day(first_day)} to {day(last)}"


def duration(seconds: float) -> str:
    """How long something will take, roughly: "a few seconds", "2 minutes"."""
    if seconds < 20:
        return "a few seconds"
    if seconds < 90:
        return "about a minute"
    return f"about {plural(round(seconds / 60), 'minute')}"


def size(size_bytes: int) -> str:
    """512 bytes, 40 kB, 1.2 GB."""
    if size_bytes < 1000:
        return plural(size_bytes, "byte")
    amount = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5 or unit == "GB":
            break
    return f"{amount:.{0 if amount >= 10 else 1}f}{NBSP}{unit}"
