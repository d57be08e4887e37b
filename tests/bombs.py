"""Files that are small outside and endless inside, and a look at what reading one takes."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
READ = """
import json, resource, sys, tempfile
from pathlib import Path
import django
django.setup()
from billing_ingest.read import read
from billing_ingest.refusal import Refused
from billing_ingest.registry import connector
def peak_here():
    said = Path("/proc/self/status").read_text()  # getrusage counts what the parent had
    return int(said.split("VmHWM:")[1].split()[0]) // 1024
kind, path = sys.argv[1:]
code = "read"
with tempfile.TemporaryDirectory() as folder:
    try:
        with read(Path(path), "bomb.bin", connector(kind), "", Path(folder)) as reading:
            reading.run("SELECT count(*) FROM raw")
    except Refused as refused:
        code = refused.problems[0]["code"]
print(json.dumps([code, peak_here(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024]))
"""


@dataclass(frozen=True)
class Taken:
    """How reading a file ended: its code, and the peak memory here and in readers apart, in MiB."""

    code: str
    here: int
    apart: int


def read_apart(path: Path, connector: str = "usage_csv") -> Taken:
    """Read a file in a fresh process and measure that process and its children."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "finops.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", READ, connector, str(path)],
        cwd=ROOT, env=env, capture_output=True, check=True,
    )  # fmt: skip
    return Taken(*json.loads(ended.stdout))


def gzipped(path: Path, head: bytes, block: bytes, times: int) -> Path:
    with gzip.open(path, "wb", 6) as out:
        out.write(head)
        for _ in range(times):
            out.write(block)
    return path


def rle_bomb(path: Path, rows: int) -> Path:
    """One number, many times: kilobytes that are gigabytes once decoded."""
    group = pa.table({"requests": pa.array([0]).take(pa.array([0] * 1_000_000))})
    with pq.ParquetWriter(path, group.schema) as writer:
        for _ in range(rows // 1_000_000):
            writer.write_table(group)
    return path


def long_texts(path: Path, rows: int, size: int) -> Path:
    """One long text that every row names."""
    names = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * size]))
    pq.write_table(pa.table({"person": names}), path)
    return path


def row_groups(path: Path, count: int) -> Path:
    table = pa.table({"requests": [1] * count})
    pq.write_table(table, path, row_group_size=1, write_statistics=False)
    return path


def columns(path: Path, count: int) -> Path:
    pq.write_table(pa.table({f"c{n}": [1] for n in range(count)}), path)
    return path


def endless_sheet(path: Path, size: int) -> Path:
    """A workbook whose sheet unpacks to `size` bytes of rows."""
    row = b"<row><c><v>1</v></c></row>" * 10_000
    kinds = "http://schemas.openxmlformats.org"
    rels = (
        f'<Relationships xmlns="{kinds}/package/2006/relationships">'
        '<Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    book = (
        f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" '
        f'xmlns:r="{kinds}/officeDocument/2006/relationships">'
        '<sheets><sheet name="S" r:id="r1"/></sheets></workbook>'
    )
    names = ("occurred_at", "provider", "requests")
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in names)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", rels)
        with archive.open("xl/worksheets/sheet1.xml", "w") as out:
            out.write(b'<worksheet><dimension ref="A1:XFD1048576"/><sheetData>')
            out.write(f'<row r="1">{header}</row>'.encode())
            for _ in range(size // len(row)):
                out.write(row)
            out.write(b"</sheetData></worksheet>")
    return path


def zip_of(path: Path, name: str, block: bytes, times: int) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as out,
    ):
        for _ in range(times):
            out.write(block)
    return path


def nested_zip(path: Path, depth: int) -> Path:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.csv", b"0" * MIB)
    for level in range(depth):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(16):
                archive.writestr(f"{level}-{copy}.zip", body.getvalue())
        body = outer
    path.write_bytes(body.getvalue())
    return path
