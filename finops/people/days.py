"""Stretches of days in which something holds: half-open, an open end is None. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Days:
    """From `start` up to, but not including, `end`."""

    start: date | None = None
    end: date | None = None

    @property
    def is_empty(self) -> bool:
        return self.start is not None and self.end is not None and self.end <= self.start

    def hold(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def common(self, other: "Days") -> "Days":
        """The days of both; empty when there are none."""
        starts = [day for day in (self.start, other.start) if day is not None]
        ends = [day for day in (self.end, other.end) if day is not None]
        return Days(max(starts, default=None), min(ends, default=None))

    def before(self, day: date | None) -> "Days":
        """The days up to `day`; None is the beginning of time, before which there is no day."""
        return self.common(Days(None, day)) if day is not None else Days(date.min, date.min)

    def since(self, day: date | None) -> "Days":
        return self.common(Days(day, None))

    def without(self, others: Iterable["Days"]) -> list["Days"]:
        """What is left of these days without the others, in order."""
        left = [self]
        for other in others:
            if other.is_empty:
                continue
            pieces = []
            for days in left:
                pieces.append(days.before(other.start))
                pieces.append(
                    Days(date.min, date.min) if other.end is None else days.since(other.end)
                )
            left = [piece for piece in pieces if not piece.is_empty]
        return left
