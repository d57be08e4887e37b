"""Reports and answers about GitHub Copilot."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import (
    DECODER,
    EXACT,
    FileSums,
    UnreadableError,
    csv_rows,
    decimal,
    json_documents,
)

Object = dict[str, Any]
AMOUNTS = ("netAmount", "grossAmount", "grossQuantity")


def report(text: IO[str], sums: FileSums) -> None:
    """Add up net_amount: what is billed. gross_amount is the same use at list price."""
    header, rows = csv_rows(text)
    try:
        place = header.index("net_amount")
    except ValueError:
        raise UnreadableError("net_amount is not among the columns") from None
    for row in rows:
        sums.bill("USD", decimal(row[place]))


def usage_items(text: IO[str], sums: FileSums) -> None:
    """Add up the usage items; a day that was asked for as a whole counts less what its users said."""
    users: dict[tuple[str, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    wholes: list[tuple[tuple[str, ...], Object]] = []
    for asked, answer in _answers(text):
        for item in answer.get("usageItems", []):
            thing = _thing(asked, answer, item)
            if asked is None or "date" in item:
                sums.bill("USD", decimal(item["netAmount"]))
            elif asked.get("user"):
                sums.bill("USD", decimal(item["netAmount"]))
                for name in AMOUNTS:
                    users[thing][name] = EXACT.add(users[thing][name], _amount(item, name))
            else:
                wholes.append((thing, item))
    for thing, item in wholes:
        known = users.pop(thing, {})
        rest = {n: EXACT.subtract(_amount(item, n), known.get(n, Decimal(0))) for n in AMOUNTS}
        if any(rest.values()):
            sums.bill("USD", rest["netAmount"])


def seats(text: IO[str], sums: FileSums) -> None:
    """Count the people who hold a seat; one may be listed several times."""
    holders = set()
    for _, answer in _answers(text):
        for seat in answer.get("seats", []):
            assignee = seat.get("assignee") or {}
            if assignee.get("login"):
                holders.add(str(assignee.get("id") or assignee["login"]))
    sums.rows += len(holders)


def raw_seats(text: IO[str], sums: FileSums) -> None:
    """Count the people in the column `data` of a raw table."""
    header, rows = csv_rows(text)
    place = header.index("data")
    seen = [DECODER.decode(row[place]).get("assignee") or {} for row in rows]
    sums.rows += len({str(one.get("id") or one["login"]) for one in seen if one.get("login")})


def premium_requests(text: IO[str], sums: FileSums) -> None:
    """Count the lines and add up the requests, which may be fractions."""
    header, rows = csv_rows(text)
    place = header.index("requests used")
    total = Decimal(0)
    for row in rows:
        sums.rows += 1
        total = EXACT.add(total, decimal(row[place]))
    sums.measure("quantity", total)


def user_metrics(text: IO[str], sums: FileSums) -> None:
    """Count users by day, and their credits where they are said; add up interactions."""
    for document in json_documents(text):
        for record in document.get("day_totals") or document.get("user_totals") or [document]:
            sums.rows += 1
            sums.measure("requests", Decimal(record.get("user_initiated_interaction_count") or 0))
            if record.get("ai_credits_used") is not None:
                sums.rows += 1
                sums.measure("quantity", Decimal(record["ai_credits_used"]))


def _answers(text: IO[str]) -> Iterator[tuple[Object | None, Object]]:
    """Yield what was asked, None when nobody noted it, and the answer."""
    for document in json_documents(text):
        yield document.get("asked"), document


def _thing(asked: Object | None, answer: Object, item: Object) -> tuple[str, ...]:
    when = answer.get("timePeriod") or asked or {}
    return (*(str(when.get(n)) for n in ("year", "month", "day")),
            *(str(item.get(n)) for n in ("product", "sku", "model")))  # fmt: skip


def _amount(item: Object, name: str) -> Decimal:
    return Decimal(str(item.get(name) or 0))


READERS = {
    "ai_usage": report,
    "usage_report": report,
    "premium_requests": premium_requests,
    "ai_usage_days": usage_items,
    "ai_usage_month": usage_items,
    "billing_usage": usage_items,
    "seats": seats,
    "seats_raw_table": raw_seats,
    "user_metrics": user_metrics,
}
