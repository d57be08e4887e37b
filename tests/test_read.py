"""The quick reader against the standard library: the same cells, and true line numbers."""

import csv
import io
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_ingest.connector import Connector, Document
from billing_ingest.engine import connect
from billing_ingest.read import read

KIND = Connector(
    "any", "Any", Path(), (), (Document("any", "any table", "csv", lambda _: None, (), ("a", "b")),)
)  # fmt: skip
cells = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufeff\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=8,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6),
    line_end=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_every_cell_is_read_as_written(rows, line_end, delimiter):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c"])
    lines = []
    for row in rows:
        lines.append(line_number(text.getvalue()))
        writer.writerow(row)

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "table.csv"
        path.write_bytes(text.getvalue().encode())
        with read(path, "table.csv", KIND, "any", Path(name)) as reading:
            count = reading.run("SELECT count(*) FROM raw")[0][0]
            reading.lines_moved(count)
            found = reading.run("SELECT _line, a, b, c FROM raw ORDER BY _line")

    wanted = [(n, *map(one_line_end, row)) for n, row in zip(lines, rows, strict=True)]
    assert [(n, *map(one_line_end, row)) for n, *row in found] == wanted


def line_number(before: str) -> int:
    return one_line_end(before).count("\n") + 1


def one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


numbers = st.one_of(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=24, min_value=-(10**9), max_value=10**9
    ).map(str),
    st.from_regex(r"\A[-+]?[0-9]{0,12}\.?[0-9]{0,28}([eE][-+]?[0-9]{1,3})?\Z"),
    st.text(max_size=12),
)


@settings(max_examples=400, deadline=None)
@given(number=numbers)
def test_an_amount_is_taken_exactly_or_not_at_all(tmp_path_factory, number):
    code, amount, is_bad = CON.execute(
        "SELECT amount_problem($1), try_cast($1 AS DECIMAL(38, 24)), amount_is_bad($1)", [number]
    ).fetchone()

    assert (code is not None) == is_bad
    if code is None and number:
        assert amount == Decimal(number)
        assert abs(amount) < 9_000_000_000


CON = connect(Path(tempfile.gettempdir()))
