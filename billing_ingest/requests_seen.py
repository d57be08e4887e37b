"""Request ids of usage logs that are in the books, so that a request counts once over all files.

They are kept beside the raw bytes, as a Parquet file of 64-bit hashes per import; the books hold
only its name. Files of other days are never opened. Another edition of DuckDB may hash in another
way: then the ids are read from the raw bytes anew.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import duckdb

from billing_ingest.engine import text
from billing_ingest.parts import SEPARATOR
from billing_ingest.read import Reading, read
from billing_ingest.registry import connector
from finops.ledger.models import Import, Slice, Source
from finops.outside import archive

KEY = "request_ids"  # in Import.preview: DuckDB's version and the sha256 of the Parquet file


def keep_ids(reading: Reading) -> str | None:
    """Store the hashes in the table `requests` of the reading; None when there is none."""
    if not reading.run("SELECT 1 FROM duckdb_tables() WHERE table_name = 'requests'"):
        return None
    target = reading.folder / "requests.parquet"
    reading.run(
        f"COPY (SELECT id FROM requests WHERE line > 0 ORDER BY id) TO {text(str(target))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    return f"{duckdb.__version__}:{archive.put(target).sha256}"


@contextmanager
def ids_kept(source: Source, key: str, first: date, last: date) -> Iterator[list[Path]]:
    """Give the files of other active deliveries of the source that share a day with this one."""
    others = Slice.objects.filter(
        source=source, table="usage", superseded_at=None, first_day__lte=last, last_day__gte=first
    ).select_related("imp")
    imports = {
        part.imp
        for part in others
        if part.key != key
        and not part.key.startswith(key + SEPARATOR)
        and part.imp.preview.get(KEY)
    }
    with ExitStack() as stack:
        yield [stack.enter_context(archive.local_copy(ids_of(imp))) for imp in imports]


def ids_of(imp: Import) -> str:
    """Return the sha256 of the import's hashes, made anew when another DuckDB made them."""
    version, _, sha256 = imp.preview[KEY].partition(":")
    if version == duckdb.__version__:
        return str(sha256)
    imp.preview[KEY] = read_ids(imp)
    imp.save(update_fields=["preview"])
    return str(imp.preview[KEY].partition(":")[2])


def read_ids(imp: Import) -> str | None:
    """Read the request ids from the import's raw bytes and keep their hashes."""
    kind = connector(imp.source.connector)
    with (
        archive.local_copy(imp.sha256) as path,
        archive.scratch_folder() as folder,
        read(path, imp.filename, kind, imp.document, folder) as reading,
    ):
        reading.map(next(m for m in reading.document.mappings if m.table == "usage"))
        reading.run(
            "CREATE TEMP TABLE requests AS SELECT DISTINCT hash(request_id) AS id, 1::BIGINT AS line "
            "FROM mapped WHERE coalesce(request_id, '') <> ''"
        )
        return keep_ids(reading)
