"""An archived Parquet file or sheet as CSV text: as_csv.py FILE [SHEET], on standard output.

The first column, _line, is the number of the row. Nothing of it is shared with the code that
loads such files: Arrow and calamine read here. The script needs no other module of ours.
"""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

BATCH = 8192


def of_parquet(path: str) -> Iterator[list[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        yield [name.strip() for name in file.schema_arrow.names]
        for batch in file.iter_batches(BATCH):
            columns = [plain(column, pa).to_pylist() for column in batch.columns]
            yield from map(list, zip(*columns, strict=True))


def plain(column: Any, pa: Any) -> Any:
    """Without types of somebody's own; times to the microsecond, as Python keeps them."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    if pa.types.is_timestamp(column.type) and column.type.tz:
        column = column.cast(pa.timestamp(column.type.unit, tz="UTC"))
    return column


def of_sheet(path: str, name: str) -> Iterator[list[Any]]:
    from python_calamine import CalamineWorkbook

    yield from (
        CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python(skip_empty_area=False)
    )


def as_text(value: Any) -> str:
    """Say a value as the text of a CSV export would."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_text)
    return str(value).removesuffix(".0")


def main(path: str, sheet: str = "") -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    rows = of_sheet(path, sheet) if sheet else of_parquet(path)
    first = 1 if sheet else 0  # a sheet counts its header as a row
    has_header = False
    for number, row in enumerate(rows, start=first):
        cells = [as_text(value) for value in row]
        if has_header and any(cells):
            writer.writerow([number, *cells])
        elif not has_header and any(cells):
            has_header = True
            writer.writerow(["_line", *(cell.strip() for cell in cells)])


if __name__ == "__main__":
    main(*sys.argv[1:])
