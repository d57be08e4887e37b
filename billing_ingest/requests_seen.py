"""Request ids of usage logs that are in the books, so that a request counts once over all files.

They are kept beside the raw bytes, as a Parquet file of 64-bit hashes per import; the books hold
only its name. Files of other days are never opened.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

from billing_ingest.engine import text
from billing_ingest.parts import SEPARATOR
from billing_ingest.read import Reading
from finops.ledger.models import Slice, Source
from finops.outside import archive

KEY = "request_ids"  # in Import.preview: sha256 of the Parquet file


def keep_ids(reading: Reading) -> str | None:
    """Store the hashes in the table `requests` of the reading; None when there is none."""
    if not reading.run("SELECT 1 FROM duckdb_tables() WHERE table_name = 'requests'"):
        return None
    target = reading.folder / "requests.parquet"
    reading.run(
        f"COPY (SELECT id FROM requests WHERE line > 0 ORDER BY id) TO {text(str(target))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    return archive.put(target).sha256


@contextmanager
def ids_kept(source: Source, key: str, first: date, last: date) -> Iterator[list[Path]]:
    """Give the files of other active deliveries of the source that share a day with this one."""
    others = Slice.objects.filter(
        source=source, table="usage", superseded_at=None, first_day__lte=last, last_day__gte=first
    ).select_related("imp")
    names = {
        name
        for part in others
        if part.key != key and not part.key.startswith(key + SEPARATOR)
        for name in named(part.imp.preview)
    }
    with ExitStack() as stack:
        yield [stack.enter_context(archive.local_copy(name)) for name in sorted(names)]


def named(preview: dict[str, str]) -> Iterable[str]:
    return [preview[KEY]] if preview.get(KEY) else []
