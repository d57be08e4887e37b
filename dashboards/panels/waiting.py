"""How long does work wait? Coding, pickup and review of the pull requests merged in the period."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import review_times
from finops.attribution.queries.review_times import Span

FEWEST = 10
PARTS = {
    "coding": "First commit to opened",
    "pickup": "Opened to the first review",
    "review": "First review to merged",
    "deploy": "Merged to deployed",
    "cycle": "In all, as far as known",
}
HOW = (
    (
        "Median and 90th percentile, in minutes rounded up, of the pull requests merged in the period for which both "
        "ends are known. A review counts when somebody else gave it; tools are nobody. Under ten pull requests "
        "nothing is said. In all: from the first commit to merged, and on to deployed where the source says when; a "
        "part that is not known adds nothing."
    ),
)


def ask(asked: Asked) -> list[Span]:
    return review_times.review_times(asked.seen())


def show(found: Sequence[Span], asked: Asked) -> dict[str, Any]:
    enough = [span for span in found if span.items >= FEWEST]
    if not enough:
        return {"answer": "Not said: the times are known of fewer than ten merged pull requests."}
    return {
        "answer": answer(enough),
        "rows": [
            {
                "name": PARTS[span.part],
                "items": words.count(span.items),
                "median": spoken(span.median),
                "p90": spoken(span.p90),
            }
            for span in enough
        ],
        "how": HOW,
        "links": [{"label": "Lines behind it", "href": asked.lines(tier="AB")}],
    }


def answer(spans: Sequence[Span]) -> SafeString | str:
    parts = {span.part: span for span in spans}
    pickup, cycle = parts.get("pickup"), parts.get("cycle")
    if pickup is None and cycle:
        return format_html(
            "Half of the pull requests took {} or less, as far as known; no source says when reviews began.",
            words.bold(spoken(cycle.median)),
        )
    if pickup is None:
        return "No source says when reviews began."
    return format_html(
        "Half of the pull requests waited {} or less for a review, one in ten longer than {}.",
        words.bold(spoken(pickup.median)),
        spoken(pickup.p90),
    )


def spoken(minutes: int) -> str:
    """45 min, 3.5 h, 2.1 d."""
    if minutes < 60:
        return f"{minutes}{words.NBSP}min"
    if minutes < 48 * 60:
        return f"{minutes / 60:.1f}{words.NBSP}h"
    return f"{minutes / 1440:.1f}{words.NBSP}d"


def table(found: Sequence[Span], asked: Asked) -> Table:
    columns = ("part", "pull_requests", "median_minutes", "p90_minutes")
    return Table(
        columns,
        [
            (span.part, str(span.items), str(span.median), str(span.p90))
            for span in found
            if span.items >= FEWEST
        ],
    )


PANEL = Panel(
    "waiting", "How long does work wait?", "panels/waiting.html", ask, show, table, span=6
)
