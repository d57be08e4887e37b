"""The trend: unit cost with its band above, spend below, as the data of charts.js `trend`. Pure."""

from collections.abc import Sequence
from typing import Any

from dashboards import words
from dashboards.figures.ticks import padded, ticks
from dashboards.figures.whisker import units
from finops.attribution.queries.shapes import Week
from finops.outcomes.kinds import Kind

# How far the band may widen the axis: by parts of the lines' own span, and of their height.
BAND_AIR, BAND_SHARE = 0.5, 0.4


def labels(weeks: Sequence[Week]) -> list[str]:
    """Days as names of the weeks; with the year when the weeks span more than one year."""
    far = len(weeks) > 52
    return [words.day(week.start, year=far) for week in weeks]


def unit_part(
    weeks: Sequence[Week], kind: Kind, currency: str, beside: Sequence[Week] = (), **more: Any
) -> dict[str, Any]:
    """The line, its band and the words of both. Weeks without a finished item are gaps.

    `beside` are the weeks of a second line that shares the axis.
    """
    values = [units(w.direct) if w.direct is not None else None for w in weeks]
    low = [units(w.low) if w.low is not None and w.high is not None else None for w in weeks]
    high = [units(w.high) if w.high is not None and w.low is not None else None for w in weeks]
    lines = [units(w.direct) for w in (*weeks, *beside) if w.direct is not None]
    bottom, top = reach(lines, [v for v in (*low, *high) if v is not None])
    marks = ticks(bottom, top, 4) if lines else [0, 1]
    last = next((w.direct for w in reversed(weeks) if w.direct is not None), None)
    return {
        "label": f"Cost per {kind.outcome.replace('pull request', 'PR')}",
        "values": values,
        "low": low,
        "high": high,
        "hover": [unit_words(week, kind, currency) for week in weeks],
        "ticks": [[m, words.short_money(m, currency)] for m in marks],
        "range": padded(bottom, top, marks),
        "end": [words.money(last, currency)] if last is not None else [],
        "colour": "--o-accent",
    } | more


def reach(lines: Sequence[float], band: Sequence[float]) -> tuple[float, float]:
    """From where to where the axis goes: it follows the lines, not one week's wide interval.

    The band may take it a little beyond them; what is wider is cut at the edge.
    """
    if not lines:
        return 0, 1
    low, high = min(lines), max(lines)
    air = BAND_AIR * (high - low) + BAND_SHARE * abs(high)
    inside = [max(low - air, min(high + air, value)) for value in band]
    return min([low, *inside]), max([high, *inside])


def spark(weeks: Sequence[Week]) -> dict[str, str] | None:
    """The unit cost as a plain line: keeps the place of the chart until it is drawn."""
    known = [(i, units(w.direct)) for i, w in enumerate(weeks) if w.direct is not None]
    if len(known) < 2:
        return None
    low, high = min(y for _, y in known), max(y for _, y in known)
    across, span = len(weeks) - 1, (high - low) or 1
    points = (f"{100 * i / across:.1f},{21 - 18 * (y - low) / span:.1f}" for i, y in known)
    return {"points": " ".join(points)}


def unit_words(week: Week, kind: Kind, currency: str) -> str:
    if week.direct is None:
        return f"no {kind.outcome} finished"
    said = f"{words.money(week.direct, currency)} per {kind.short}"
    if week.low is not None and week.high is not None:
        said += f", {words.money(week.low, currency)} to {words.money(week.high, currency)}"
    return f"{said}, {words.count(week.outcomes)} {kind.verb}"


def spend_part(weeks: Sequence[Week], currency: str) -> dict[str, Any]:
    """The bars: billed, and on top of it what is provisional."""
    tops = [units(week.billed + week.provisional) for week in weeks]
    marks = ticks(min(0.0, *tops), max(0.0, *tops), 2) if tops else [0, 1]
    open_weeks = [i for i, week in enumerate(weeks) if week.provisional > 0]
    last = weeks[open_weeks[-1]].provisional if open_weeks else 0
    return {
        "label": "Spend per week",
        "billed": [units(week.billed) for week in weeks],
        "provisional": [units(week.provisional) for week in weeks],
        "hover": [spend_words(week, currency) for week in weeks],
        "ticks": [[m, words.short_money(m, currency)] for m in marks],
        "range": [marks[0], marks[-1] * 1.04],
        "note_at": open_weeks[-1] if open_weeks else 0,
        "note": f"{words.money(last, currency)}<br>provisional" if last > 0 else "",
    }


def spend_words(week: Week, currency: str) -> str:
    said = f"{words.money(week.billed, currency)} billed"
    if week.provisional:
        said += f", {words.money(week.provisional, currency)} provisional"
    return said


def reference_part(weeks: Sequence[Week], name: str, currency: str) -> dict[str, Any]:
    """A second, grey line to compare with."""
    last = next((w.direct for w in reversed(weeks) if w.direct is not None), None)
    return {
        "values": [units(w.direct) if w.direct is not None else None for w in weeks],
        "hover": [
            f"{words.money(w.direct, currency)} {name.lower()}" if w.direct is not None else ""
            for w in weeks
        ],
        "end": [name, words.money(last, currency)] if last is not None else [],
    }
