"""What a measurement says, and whether it keeps the promise."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One figure against its bar; None as bar: told, not promised."""

    name: str
    figure: str
    value: float
    bar: float | None = None
    at_least: bool = True

    @property
    def holds(self) -> bool:
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    @property
    def promise(self) -> str:
        if self.bar is None:
            return ""
        return f"at {'least' if self.at_least else 'most'} {self.bar:g}"


def table(results: Sequence[Result]) -> str:
    """A table in Markdown, as docs/performance.md holds it."""
    rows = [("what", "measured", "ratio", "promise", "")]
    for result in results:
        verdict = "" if result.bar is None else ("holds" if result.holds else "FAILS")
        rows.append((result.name, result.figure, f"{result.value:.3f}", result.promise, verdict))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
