"""Can we trust it? One line per source: how far its bill reaches, and what is not known."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import amounts, ratio
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import provisional, trust
from finops.attribution.queries.shapes import SourceTrust
from finops.periods import Period

PAST_DAYS = 92


def ask(asked: Asked) -> list[SourceTrust]:
    """Sources belong to the whole company, so the teams of the filter do not narrow them."""
    return trust.sources(asked.state.scope(teams=()), now=asked.now)


def show(found: Sequence[SourceTrust], asked: Asked) -> dict[str, Any]:
    if not found:
        return {"empty": no_sources(asked), "flush": False}
    total = sum(source.nanos for source in found)
    texts, sum_text = words.column([s.nanos for s in found], total, asked.currency, cents=False)
    return {
        "answer": format_html("{} {}", answer(found, asked), past(asked)),
        "rows": [row(source, text, asked) for source, text in zip(found, texts, strict=True)],
        "total": {
            "name": f"{words.in_words(len(found)).capitalize()} source{'s' if len(found) != 1 else ''}",
            "spend": sum_text,
            "provisional": none_or(sum(s.provisional for s in found), asked),
            "unpriced": none_or(sum(s.unpriced for s in found), asked),
            "unknown": none_or(sum(s.unknown_identity for s in found), asked),
        },
        "how": HOW,
        "links": links(asked),
    }


HOW = (
    "Complete to: the last day that the source’s bill covers. Late: more than its usual delay behind today.",
    (
        "Bill against usage: the bill minus usage at list price, as a share of the latter, complete days only. "
        "Unpriced: split by tokens, because the model has no list price. Unknown identity: the key or person is not "
        "mapped to anybody."
    ),
)


def links(asked: Asked) -> list[dict[str, str]]:
    found = [{"label": "Unknown identities", "href": asked.lines(reason="no_identity")}]
    if asked.sight.can_administer:
        found.insert(0, {"label": "Map them to people", "href": asked.unknown_names()})
    if asked.sight.can_upload:
        found.insert(0, {"label": "Sources", "href": "/setup/"})
    return found


def row(source: SourceTrust, text: str, asked: Asked) -> dict[str, Any]:
    gap = source.bill_against_usage
    return {
        "name": source.name,
        "note": source.brings,
        "spend": text
        if source.nanos or "bill" in source.brings.lower()
        else words.unknown("brings no bill"),
        "href": asked.lines(source=source.key),
        "state": state(source),
        "has_bill": source.complete_to is not None,
        "complete_to": words.day(source.complete_to)
        if source.complete_to
        else words.unknown("no bill yet"),
        "provisional": none_or(source.provisional, asked),
        "gap": words.percent(gap, signed=True)
        if gap is not None
        else words.unknown("bill or usage is missing, so there is nothing to compare"),
        "unpriced": none_or(source.unpriced, asked),
        "unknown": none_or(source.unknown_identity, asked),
    }


def state(source: SourceTrust) -> dict[str, str]:
    if source.is_late and source.days_behind is not None:
        return {"words": f"{words.plural(source.days_behind, 'day')} behind", "kind": "late"}
    return {"words": "Late", "kind": "late"} if source.is_late else {"words": "Up to date"}


def none_or(nanos: int, asked: Asked) -> str:
    return words.money(nanos, asked.currency, cents=False) if nanos else "none"


def answer(found: Sequence[SourceTrust], asked: Asked) -> SafeString:
    """How many are late and which, and how much of the total is provisional because of it."""
    late = [source for source in found if source.is_late]
    provisional = sum(source.provisional for source in found)
    said = fresh([source for source in found if source.complete_to], late)
    if not provisional:
        return format_html("{} Nothing is provisional.", said)
    money = words.money(provisional, asked.currency)
    return format_html(
        "{} {} of the total is provisional until its bill is in.", said, words.bold(money)
    )


def past(asked: Asked) -> str:
    """How far off provisional figures were on the days that a bill has replaced since."""
    end = asked.state.period.end
    days = Period(end - timedelta(days=PAST_DAYS), end)
    found = asked.once(("past", days), lambda: provisional.accuracy(provisional.past_days(days)))
    if found is None:
        return ""
    count = words.plural(found.days, "past provisional day")
    ended = f"{count} ended {direction(found.middle)}"
    if found.days == 1:
        return f"{ended} when the bill came."
    worst = f"the worst {direction(found.worst)}, {words.day(found.worst_day)}"
    return f"{ended} in the middle when their bills came; {worst}."


def direction(off_by: Decimal) -> str:
    if not off_by:
        return "as shown"
    return f"{words.percent(abs(off_by))} {'higher' if off_by > 0 else 'lower'}"


def fresh(found: Sequence[SourceTrust], late: Sequence[SourceTrust]) -> SafeString | str:
    """Say how many of the sources that brought days are up to date; one without is neither."""
    if not found:
        return "Nothing came yet."
    if not late:
        return "Every source is up to date." if len(found) > 1 else "The one source is up to date."
    names = words.bold(words.listed([lateness(source) for source in late[:3]]))
    if len(late) == len(found):
        return format_html("No source is up to date. Behind: {}.", names)
    ready = len(found) - len(late)
    are = "are" if ready != 1 else "is"
    return format_html(
        "{} of {} sources {} up to date. Behind: {}.",
        words.in_words(ready).capitalize(),
        words.in_words(len(found)),
        are,
        names,
    )


def lateness(source: SourceTrust) -> str:
    if source.days_behind is None:
        return source.name
    return f"{source.name} by {words.plural(source.days_behind, 'day')}"


def no_sources(asked: Asked) -> dict[str, Any]:
    return {
        "title": "No source is connected yet",
        "why": "A figure is only as good as the bill behind it. Connect a vendor, or upload the bill it sends you.",
        "actions": [
            {"label": "Upload a bill", "href": "/setup/upload/"},
            {"label": "Connect a vendor", "href": "/setup/"},
        ]
        if asked.sight.can_upload
        else [],
    }


def table(found: Sequence[SourceTrust], asked: Asked) -> Table:
    code = asked.currency.lower()
    columns = (
        "source",
        "connector",
        f"spend_{code}",
        "complete_to",
        "days_behind",
        "late",
        f"provisional_{code}",
        "bill_against_usage",
        f"unpriced_{code}",
        f"unknown_identity_{code}",
    )
    money, soft = amounts([s.nanos for s in found]), amounts([s.provisional for s in found])
    unpriced, unknown = (
        amounts([s.unpriced for s in found]),
        amounts([s.unknown_identity for s in found]),
    )
    rows = [
        (
            s.name,
            s.connector,
            money[i],
            f"{s.complete_to or ''}",
            f"{'' if s.days_behind is None else s.days_behind}",
            "yes" if s.is_late else "no",
            soft[i],
            ratio(s.bill_against_usage),
            unpriced[i],
            unknown[i],
        )
        for i, s in enumerate(found)
    ]
    return Table(columns, rows)


PANEL = Panel("trust", "Can we trust it?", "panels/trust.html", ask, show, table, flush=True)
