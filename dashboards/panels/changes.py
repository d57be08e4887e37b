"""What changed? The difference to the period before, split into causes that sum to it."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import amounts
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import changes
from finops.attribution.queries.shapes import Cause, Change

PRICED = ("price",)


def ask(asked: Asked) -> Change | None:
    """None when the page compares with nothing."""
    if asked.state.against is None:
        return None
    found: Change = changes.what_changed(asked.scope(), asked.state.against)
    return found


def show(change: Change | None, asked: Asked) -> dict[str, Any]:
    if change is None or asked.state.against is None:
        return {"answer": "The page compares with nothing. Choose a period after “against”."}
    when = words.spoken_period(asked.state.against, asked.state.period)
    difference = change.after - change.before
    texts, total = words.column(
        [cause.nanos for cause in change.causes],
        difference,
        asked.currency,
        cents=abs(difference) < words.WHOLE_FROM,
        signed=True,
    )
    return {
        "answer": answer(change, when, asked),
        "causes": [
            {"name": cause.name, "reason": cause.reason, "text": text, "bar": bar}
            for cause, text, bar in zip(change.causes, texts, bars(change.causes), strict=True)
        ],
        "total": total,
        "when": when,
        "how": HOW,
        "links": [{"label": "Lines behind it", "href": asked.lines()}],
    }


HOW = (
    (
        "Volume is the change in finished work at the unit cost of before; then prices, then the mix of models, "
        "then sources that had no money before or have none now."
    ),
    "What is left is shown as such, not spread over the others. The parts sum to the change.",
)


def answer(change: Change, when: str, asked: Asked) -> SafeString:
    difference = change.after - change.before
    if difference == 0:
        return format_html("Spend is the same as in {}.", when)
    verb = "rose" if difference > 0 else "fell"
    size = words.bold(words.money(abs(difference), asked.currency))
    largest = max(
        change.causes, key=lambda cause: cause.nanos * (1 if difference > 0 else -1), default=None
    )
    if largest is None or largest.nanos * difference <= 0:
        return format_html("Spend {} by {} against {}.", verb, size, when)
    return format_html(
        "Spend {} by {} against {}. The largest part: {}, {}.",
        verb,
        size,
        when,
        lower_first(largest.name),
        words.money(largest.nanos, asked.currency, signed=True),
    )


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def bars(causes: list[Cause]) -> list[dict[str, Any]]:
    """Signed bars around one zero line; a lower price is the one that is drawn in the accent."""
    up = max([cause.nanos for cause in causes] + [0])
    down = -min([cause.nanos for cause in causes] + [0])
    span = (up + down) or 1
    zero = 4 + 92 * down / span if down else 4
    drawn = []
    for cause in causes:
        width = 92 * abs(cause.nanos) / span
        start = zero if cause.nanos >= 0 else zero - width
        drawn.append(
            {
                "parts": [
                    {"start": start, "width": width, "fill": "v" if cause.nanos >= 0 else "a"}
                ],
                "zero": zero,
            }
        )
    return drawn


def table(change: Change | None, asked: Asked) -> Table:
    causes = change.causes if change else []
    money = amounts([cause.nanos for cause in causes])
    rows = [(cause.name, cause.reason, amount) for cause, amount in zip(causes, money, strict=True)]
    return Table(("cause", "reason", f"change_{asked.currency.lower()}"), rows)


PANEL = Panel("changed", "What changed?", "panels/changes.html", ask, show, table, span=5)
