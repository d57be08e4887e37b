"""Money per day or week by model against the life of a work item, as the data of charts.js `bars`. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dashboards import words
from dashboards.fates import kind_of
from dashboards.figures.ticks import ticks
from dashboards.figures.whisker import units
from finops.attribution.queries.shapes import Receipt

SERIES_SHOWN = 5
DAYS_SHOWN = 45
OTHER = "Other models"


@dataclass(frozen=True)
class Step:
    """A day, or a week where days would be too many."""

    start: date
    days: int

    @property
    def name(self) -> str:
        return words.day(self.start)

    def holds(self, when: date) -> bool:
        return self.start <= when < self.start + timedelta(days=self.days)


def steps(receipt: Receipt) -> list[Step]:
    """From the first money or event to the last, with one empty day of air on each side."""
    dates = [when for when, _, _ in receipt.days] + [when.date() for when, _ in events(receipt)]
    if not dates:
        return []
    first, last = min(dates), max(dates) + timedelta(days=1)
    width = 1 if (last - first).days < DAYS_SHOWN else 7
    if width == 7:
        first -= timedelta(days=first.weekday())
    return [
        Step(first + timedelta(days=i), width) for i in range(0, (last - first).days + 1, width)
    ]


def events(receipt: Receipt) -> list[tuple[datetime, str]]:
    """What happened to the item, in the order it did; of one day, in the order of a life."""
    verb = kind_of(receipt.kind).verb.capitalize()
    found = (
        (receipt.created_at or receipt.started_at, "Opened"),
        (receipt.first_review_at, "First review"),
        (receipt.completed_at, verb),
        (receipt.closed_at if receipt.completed_at is None else None, "Closed"),
    )
    known = [(when, text) for when, text in found if when]
    return sorted(known, key=lambda event: event[0].date())


def models(receipt: Receipt) -> list[str]:
    """The models by money; the smallest together when there are more than the key can hold."""
    sums: dict[str, int] = defaultdict(int)
    for _, model, nanos in receipt.days:
        sums[model] += nanos
    order = sorted(sums, key=lambda model: -sums[model])
    return order if len(order) <= SERIES_SHOWN else [*order[: SERIES_SHOWN - 1], OTHER]


def bars_data(receipt: Receipt, currency: str) -> dict[str, Any]:
    order, at = models(receipt), steps(receipt)
    sums: dict[tuple[str, int], int] = defaultdict(int)
    for when, model, nanos in receipt.days:
        index = next(i for i, step in enumerate(at) if step.holds(when))
        sums[model if model in order else OTHER, index] += nanos
    tops = [sum(max(sums[model, i], 0) for model in order) for i in range(len(at))]
    low = min([sum(min(sums[model, i], 0) for model in order) for i in range(len(at))] + [0])
    marks = ticks(units(low), units(max([*tops, 1])), 3)
    return {
        "periods": [step.name for step in at],
        "series": [
            series(model, [sums[model, i] for i in range(len(at))], currency) for model in order
        ],
        "ticks": [[m, words.short_money(m, currency)] for m in marks],
        "range": [marks[0], marks[-1] * 1.02],
        "marks": marks_of(receipt, at),
    }


def series(model: str, values: Sequence[int], currency: str) -> dict[str, Any]:
    name = model or "No model named"
    return {
        "name": name,
        "values": [units(value) for value in values],
        "hover": [f"{words.money(value, currency)} {name}" for value in values],
    }


def marks_of(receipt: Receipt, at: Sequence[Step]) -> list[dict[str, str]]:
    """One mark per step: events of the same day share their dotted line."""
    found: dict[str, list[str]] = {}
    for when, text in events(receipt):
        step = next((step for step in at if step.holds(when.date())), None)
        if step:
            found.setdefault(step.name, []).append(text)
    return [
        {"x": name, "text": ", ".join([texts[0], *(t.lower() for t in texts[1:])])}
        for name, texts in found.items()
    ]
