"""Metrics that are posted: running totals become increases, what events tell is left out.

Claude Code can report the same tokens twice, as metrics and as events. The rule: a session of
which events of this source are in the books has its metrics left out. Where the metrics came
first, both stand in the books, and the settle counts only what one saw beyond the other.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from finops.ledger.models import RunningTotal, Slice, Source, Usage

Object = dict[str, Any]
CUMULATIVE = ("2", "AGGREGATION_TEMPORALITY_CUMULATIVE")
VALUES = ("asInt", "asDouble", "sum")
DAY = timedelta(days=1)


@dataclass
class Point:
    """A data point in its place."""

    series: str
    metric: Object
    form: Object  # the metric's sum or histogram
    point: Object

    @property
    def nanos(self) -> int:
        return int(self.point["timeUnixNano"])

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.nanos // 10**9, UTC).date()

    @property
    def session(self) -> str:
        said = (e for e in self.point["attributes"] if e["key"] == "session.id")
        return str(next((e["value"].get("stringValue", "") for e in said), ""))

    @property
    def is_cumulative(self) -> bool:
        return str(self.form.get("aggregationTemporality")) in CUMULATIVE


def unseen(source: Source, kind: str, lines: list[str]) -> list[str]:
    """Return the lines with what is not counted yet. The caller holds the source's lock."""
    if kind != "metrics":
        return lines
    requests = [json.loads(line) for line in lines]
    points = [point for request in requests for point in points_of(request)]
    told = told_by_events(
        source, [p for p in points if p.metric["name"].startswith("claude_code.")]
    )
    totals = {
        known.series: known
        for known in RunningTotal.objects.filter(
            source=source, series__in={p.series for p in points if p.is_cumulative}
        )
    }
    kept: set[int] = set()
    for point in sorted(points, key=lambda point: point.nanos):
        is_told = point.session in told and point.metric["name"].startswith("claude_code.")
        if not is_told and (not point.is_cumulative or grow(source, totals, point)):
            kept.add(id(point.point))
    keep_totals(totals)
    return [as_line(request, kept) for request in requests]


def told_by_events(source: Source, points: list[Point]) -> set[str]:
    """Return the sessions of which events are in the books around the days of the points."""
    sessions = {point.session for point in points} - {""}
    if not sessions:
        return set()
    first, last = min(p.day for p in points) - DAY, max(p.day for p in points) + DAY
    slices = Slice.objects.filter(
        source=source, table="usage", superseded_at=None, key__startswith="events:",
        first_day__lte=last, last_day__gte=first,
    )  # fmt: skip
    found = Usage.objects.filter(
        slice__in=slices, session__in=sessions, occurred_on__range=(first, last)
    )
    return set(found.values_list("session", flat=True).distinct())


def grow(source: Source, totals: dict[str, RunningTotal], point: Point) -> bool:
    """Turn a total into what it grew by since the last one; false when it did not grow."""
    name = next(name for name in VALUES if name in point.point)
    total = Decimal(point.point[name])
    times = Decimal(point.point["count"]) if "count" in point.point else None
    known = totals.get(point.series)
    if known is None:
        known = totals[point.series] = RunningTotal(
            source=source, series=point.series, nanos=0, total=Decimal(0), times=Decimal(0)
        )
    if point.nanos <= known.nanos:
        return False
    # A total that fell began anew.
    is_anew = total < known.total
    grown = total if is_anew else total - known.total
    if times is not None:
        point.point["count"] = f"{times if is_anew else times - (known.times or 0):f}"
    point.point[name] = f"{grown:f}"
    known.nanos, known.total, known.times = point.nanos, total, times
    return grown > 0


def keep_totals(totals: dict[str, RunningTotal]) -> None:
    RunningTotal.objects.bulk_create(
        totals.values(), update_conflicts=True, unique_fields=["source", "series"],
        update_fields=["nanos", "total", "times"],
    )  # fmt: skip


def as_line(request: Object, kept: set[int]) -> str:
    """Return the request with the kept points, all of them increases."""
    for _, _, metric in metrics_of(request):
        form = metric.get("sum") or metric["histogram"]
        form["dataPoints"] = [point for point in form["dataPoints"] if id(point) in kept]
        form["aggregationTemporality"] = "1"
    return json.dumps(request, ensure_ascii=False)


def points_of(request: Object) -> Iterator[Point]:
    for resource, scope, metric in metrics_of(request):
        form = metric.get("sum") or metric["histogram"]
        for point in form["dataPoints"]:
            named = [
                identity(resource), scope, metric["name"], identity(point),
                str(point.get("startTimeUnixNano", 0)),
            ]  # fmt: skip
            series = hashlib.sha256("\x1e".join(named).encode()).hexdigest()
            yield Point(series, metric, form, point)


def metrics_of(request: Object) -> Iterator[tuple[Object, str, Object]]:
    for resource in request["resourceMetrics"]:
        for scope in resource["scopeMetrics"]:
            for metric in scope["metrics"]:
                yield resource["resource"], scope["scope"]["name"], metric


def identity(holder: Object) -> str:
    """What tells one set of attributes from another, in whatever order they stand."""
    return json.dumps(sorted((e["key"], json.dumps(e["value"])) for e in holder["attributes"]))
