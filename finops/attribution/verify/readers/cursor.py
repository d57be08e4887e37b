"""Cursor's events, their export, and what it says of members."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import (
    EXACT,
    FileSums,
    UnreadableError,
    csv_rows,
    decimal,
    json_documents,
)

Object = dict[str, Any]
TOKENS = {
    "inputTokens": "input_tokens", "cacheReadTokens": "cached_input_tokens",
    "cacheWriteTokens": "cache_write_tokens", "outputTokens": "output_tokens",
}  # fmt: skip
PAID_FOR = ("includ", "free", "not charged", "not_charged", "errored", "aborted")
INVOICED = ("usage-based", "usage_based", "usage based", "on-demand", "on_demand", "on demand")
NO_AMOUNT = ("", "-", "nan", "included", "free")


@dataclass(frozen=True)
class Event:
    """What counts of an event: whose, on which day, which model, and what is billed for it."""

    who: str
    day: str
    model: str
    is_invoiced: bool
    dollars: Decimal


def events(text: IO[str], sums: FileSums) -> None:
    """Add up the charged cents of invoiced events; the fee is inside them."""
    seen = []
    for event in _events(json_documents(text)):
        sums.measure("requests", Decimal(1))
        for name, column in TOKENS.items():
            sums.measure(column, Decimal((event.get("tokenUsage") or {}).get(name) or 0))
        moment = datetime.fromtimestamp(int(event["timestamp"]) / 1000, UTC)
        cents = Decimal(str(event.get("chargedCents") or 0))
        is_invoiced = _is_invoiced(
            str(event.get("kind") or event.get("kindLabel") or ""), event.get("isChargeable")
        )
        seen.append(
            Event(_who(event), f"{moment:%Y-%m-%d}", str(event.get("model")), is_invoiced,
                  cents.scaleb(-2, EXACT))
        )  # fmt: skip
    _bill(seen, sums)


def export(text: IO[str], sums: FileSums) -> None:
    """Add up the cost of invoiced lines; words stand where there is none."""
    header, rows = csv_rows(text)
    try:
        at, kind, model, cost = (header.index(n) for n in ("date", "kind", "model", "cost"))
    except ValueError:
        raise UnreadableError("Date, Kind, Model or Cost is not among the columns") from None
    who = header.index("user") if "user" in header else None
    seen = []
    for row in rows:
        said = row[cost].strip()
        dollars = Decimal(0) if said.lower() in NO_AMOUNT else decimal(said)
        sums.measure("requests", Decimal(1))
        person = row[who].strip().lower() if who is not None else ""
        day = datetime.fromisoformat(row[at].strip()).astimezone(UTC)
        seen.append(
            Event(person, f"{day:%Y-%m-%d}", row[model].strip(), _is_invoiced(row[kind]), dollars)
        )
    _bill(seen, sums)


def daily_usage(text: IO[str], sums: FileSums) -> None:
    """Add up lines of active people: those added and those accepted."""
    for page in json_documents(text):
        for person in page.get("data", []):
            if person.get("isActive", True):
                for name in ("totalLinesAdded", "acceptedLinesAdded"):
                    sums.rows += 1
                    sums.measure("quantity", Decimal(person.get(name) or 0))


def spend(text: IO[str], sums: FileSums) -> None:
    for page in json_documents(text):
        for member in page.get("teamMemberSpend", []):
            sums.rows += 1
            sums.measure("quantity", Decimal(str(member.get("spendCents") or 0)))


def members(text: IO[str], sums: FileSums) -> None:
    """Count the members, each once as a name and once as a person."""
    sums.rows += sum(2 * len(page.get("teamMembers", [])) for page in json_documents(text))


def _bill(seen: list[Event], sums: FileSums) -> None:
    """Every event is a line of the log; invoiced ones are charges, the others one a day and model."""
    included = set()
    for event in seen:
        sums.rows += 1
        if event.is_invoiced:
            sums.bill("USD", event.dollars)
        else:
            included.add((event.who, event.day, event.model))
    for _ in included:
        sums.bill("USD", Decimal(0))


def _events(pages: Iterable[Object]) -> Iterator[Object]:
    """Yield each event once: as often as the page that has most equal ones, in its newest words."""
    newest: dict[tuple[Any, ...], Object] = {}
    for page in pages:
        times: dict[tuple[Any, ...], int] = defaultdict(int)
        for event in page.get("usageEvents", []):
            key = (_who(event), event.get("timestamp"), event.get("model"))
            times[key] += 1
            newest[*key, times[key]] = event
    yield from newest.values()


def _who(event: Object) -> str:
    return str(event.get("userEmail") or "").strip().lower()


def _is_invoiced(kind: str, is_chargeable: bool | None = None) -> bool:
    words = kind.strip().lower()
    if any(word in words for word in PAID_FOR):
        return False
    return is_chargeable if is_chargeable is not None else any(w in words for w in INVOICED)


READERS = {
    "usage_events": events,
    "usage_export": export,
    "daily_usage": daily_usage,
    "spend": spend,
    "members": members,
}
