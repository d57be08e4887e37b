"""A restated day against everything, and the proof of the books."""

from collections.abc import Iterator
from pathlib import Path

from bench import loads, year
from bench.results import Result

RESTATED = 3


def restated_day(usage: int) -> Iterator[Result]:
    whole = year.build(usage)
    days = sorted(year.restate_a_day() for _ in range(RESTATED))
    day = days[len(days) // 2]
    yield Result(
        f"one restated day against a full settle of {usage:,} usage rows",
        f"{day:.2f} s against {whole:.1f} s",
        day / whole,
        bar=0.02,
        at_least=False,
    )


def one_change(usage: int) -> Iterator[Result]:
    """What else may change between two settles, each against a full one. Measured, without a bar."""
    whole = year.build(usage)
    changes = {
        "one re-mapped person": year.remap_a_person,
        "one new allocation rule": year.add_a_rule,
        "one changed pull request": year.change_an_item,
    }
    for name, change in changes.items():
        seconds, cells = change()
        figure = f"{seconds:.2f} s against {whole:.1f} s, {cells:,} cells"
        yield Result(f"{name} against a full settle", figure, seconds / whole, None, False)


def verification(home: Path, usage: int) -> Iterator[Result]:
    """verify_books in a process of its own, in seconds and MiB per ten million cells."""
    year.build(usage)
    cells = year.count_cells()
    run = loads.measured("verify_books", "--json")
    per_ten_million = run.seconds * 10_000_000 / cells
    figure = f"{run.seconds:.1f} s for {cells:,} cells"
    yield Result("verify_books, seconds per 10 M cells", figure, per_ten_million, 120, False)
    yield Result("its peak memory, in MiB", f"{run.peak_mib:.0f} MiB", run.peak_mib, 512, False)
