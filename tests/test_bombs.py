"""What is small outside and endless inside is refused within the memory we state."""

import pytest

from tests import bombs
from tests.bombs import MIB, read_apart

pytestmark = pytest.mark.slow

HEAD = b"occurred_at,provider,requests\n"
HERE_MOST = 450  # MiB of the process that reads, most of it what Django takes
APART_MOST = 1200  # MiB of a reader apart: DuckDB may take 512, and its address space ends at 2048

BOMBS = {
    "B41 a line of 1 GB": (lambda p: bombs.gzipped(p, HEAD, b"x" * MIB, 1024), "line_too_long"),
    "B41 a cell of 200 MB": (lambda p: bombs.gzipped(p, HEAD + b'"', b"y\tz" * 70_000, 1000), "line_too_long"),
    "B42 10,000 columns": (
        lambda p: bombs.gzipped(p, b",".join(b"c%d" % n for n in range(10_000)) + b"\n", b"", 0),
        "too_many_columns",
    ),
    "B52 gzip of 300 MB": (lambda p: bombs.gzipped(p, HEAD, b"2026-10-05,a,1\n" * 70_000, 300), "archive_ratio"),
    "B54 zip of 300 MB": (lambda p: bombs.zip_of(p, "a.csv", b"a,b\n" * 262_144, 300), "archive_ratio"),
    "B54 zips in zips in zips": (lambda p: bombs.nested_zip(p, 3), "nested_archive"),
    "B64 200 million rows in 1 MB": (lambda p: bombs.rle_bomb(p, 200_000_000), "too_many_rows"),
    "B64 a text that every row repeats": (lambda p: bombs.long_texts(p, 200_000, MIB), "too_large"),
    "B68 a text of 300 MB": (lambda p: bombs.long_texts(p, 1, 300_000_000), "too_large"),
    "B68 100,000 columns": (lambda p: bombs.columns(p, 100_000), "too_many_columns"),
    "B68 100,001 row groups": (lambda p: bombs.row_groups(p, 100_001), "too_large"),
    "B71 a sheet of 100 MB": (lambda p: bombs.endless_sheet(p, 100 * MIB), "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_the_memory_we_state(name, tmp_path):
    made, code = BOMBS[name]
    taken = read_apart(made(tmp_path / "bomb"))

    assert taken.code == code
    assert taken.here < HERE_MOST
    assert taken.apart < APART_MOST


def test_what_a_sheet_claims_of_its_size_is_not_believed(tmp_path):
    """A million rows of 16,384 columns on the label, few in the box: taken for what it holds."""
    taken = read_apart(bombs.endless_sheet(tmp_path / "claim", 1 * MIB))

    assert taken.code == "read"
    assert taken.apart < 200
