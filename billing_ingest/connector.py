"""The contract of a connector: one folder that knows one vendor.

A connector says which documents it reads. A document knows how to recognise itself, how its
bytes become a DuckDB relation `raw`, and which SELECT turns `raw` into each of our tables.
All SELECTs yield text columns named as in `tables`, plus `line` (BIGINT, 1-based line of the
file for CSV, ordinal of the record for JSON).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from finops.ledger.models import Source
from finops.outside.files import Bucket
from finops.outside.http import Http

Headers = dict[str, str]  # names in lower case
Replaces = Literal["billing_period", "day", "object", "seat", "upsert"]
Reader = Literal["csv", "json"]
BUCKET_FIELDS = ("bucket", "region", "access_key_id", "endpoint_url")


@dataclass(frozen=True)
class Packing:
    """Columns of a CSV log whose lines may be added up before the SQL runs.

    Lines that agree in every other column are one: their counts and costs are summed, their time
    cut to the hour. The SQL must pass the counts and costs on as they are and look at each line
    by itself.
    """

    time: str
    counts: tuple[str, ...]
    costs: tuple[str, ...]
    request: str  # the id of a request


@dataclass(frozen=True)
class Mapping:
    """One table that a document fills: its SQL file and what a delivery of it replaces."""

    table: Literal[
        "charge", "usage", "work_item", "person", "invoice", "seat", "vendor_name", "fx_rate"
    ]
    sql: str  # file name in the connector's folder, or the statement itself
    replaces: Replaces
    packing: Packing | None = None
    base: str = ""  # a SQL file over `raw` that the mapping's own SQL reads as `base`


@dataclass(frozen=True)
class Sniff:
    """What a document may look at to recognise itself: never the whole file."""

    filename: str
    header: tuple[str, ...]  # first CSV record, empty when not CSV
    head: bytes  # first 64 KiB, decompressed


@dataclass(frozen=True)
class Notice:
    """Something worth saying about rows that are accepted: counted and shown as a warning."""

    code: str
    when: str  # SQL over the columns of the first mapping
    message: str  # with {rows}


@dataclass(frozen=True)
class Document:
    """A kind of file a vendor gives: how to recognise, read and map it.

    reader csv: `raw` has the file's columns as VARCHAR, `_line` BIGINT (true line number) and
    `_extras` VARCHAR (JSON of the columns that are neither required nor optional). The file may
    be CSV with any usual delimiter, Parquet, a workbook or a zip of several of them.
    reader json: `raw` has `doc` (JSON: one row per top-level object of the file: a page, a
    JSONL line, or an element of a top-level array) and `_line` BIGINT (its ordinal).
    """

    name: str
    label: str  # "an Anthropic cost report"
    reader: Reader
    recognise: Callable[[Sniff], str | None]  # the reason in words, or None
    mappings: tuple[Mapping, ...]
    required: tuple[str, ...] = ()  # CSV columns that must be there
    optional: tuple[str, ...] = ()  # CSV columns the SQL names; null when the file has none
    null_words: tuple[str, ...] = ()  # unquoted words that mean nothing was said, besides ""
    floats: bool = False  # whether a Parquet file's amounts may be binary floating point
    dates: tuple[str, ...] = ()  # CSV columns that tell the order of day and month in 4/1/25
    notices: tuple[Notice, ...] = ()
    # Charges: documents of one word bill the same money, so only the first that came counts.
    # Another word is another bill of the account, which adds to it (seats beside usage).
    bill: str = ""
    expected: dict[str, str] = field(default_factory=dict)  # our column -> form of its lists
    # our column -> vendor's, for messages; several, split by |, where dialects differ
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetched:
    """One delivery pulled from a vendor: its bytes as they came, in memory or in a file."""

    filename: str
    body: bytes | Path
    document: str


@dataclass(frozen=True)
class Outside:
    """What a pull may use of the world: one account's address, settings and credential."""

    http: Http
    config: dict[str, Any]
    secret: str
    folder: Path  # for files too large for memory; gone when the pull ends

    def bucket(self) -> Bucket:
        """The S3 bucket that the settings name; the secret is that of its access key."""
        said = {name: str(self.config.get(name) or "") for name in BUCKET_FIELDS}
        return Bucket(
            said["bucket"], region=said["region"], access_key_id=said["access_key_id"],
            secret_access_key=self.secret, endpoint_url=said["endpoint_url"],
        )  # fmt: skip


@dataclass(frozen=True)
class Webhook:
    """How a vendor signs its events, and which of them say something we keep."""

    is_signed: Callable[[str, Headers, bytes], bool]  # (secret, headers, raw body)
    delivery_header: str  # names the delivery; the same on a redelivery
    event_header: str
    applies: tuple[str, ...]  # events that are loaded; any other is counted and ignored
    document: str


class BadBodyError(ValueError):
    """A posted body that is not what it must be: the reason in words."""


@dataclass(frozen=True)
class Posted:
    """What is posted to us with an ingest token of ours.

    Posts that wait are booked together: `lines` gives what of a body counts, as lines of JSON, and
    the lines of one kind become a file of that kind's document; `unseen` leaves out what is
    counted already. `lines` raises BadBodyError.
    """

    documents: dict[str, str]  # kind of post -> name of the document
    lines: Callable[[str, str, bytes], list[str]]  # (kind, content type, body)
    unseen: Callable[[Source, str, list[str]], list[str]] | None = None  # (source, kind, lines)


@dataclass(frozen=True)
class Connector:
    """Everything the product knows about one vendor or format."""

    slug: str
    label: str
    folder: Path
    brings: tuple[str, ...]  # of: charges, usage, seats, names, outcomes, people, invoices
    documents: tuple[Document, ...]
    mapping_version: int = 1
    default_scope: Literal["all", "ai"] = "all"
    trailing_days: int = 0  # how far back a scheduled pull re-reads
    history_days: int = 0  # how far back the vendor still has data: where a first pull begins
    # What a first pull asks for at a time: a month, the oldest first, or everything at once.
    history_by: Literal["month", "whole"] = "month"
    restates: str = ""  # what the vendor changes afterwards, in words
    gaps: str = ""  # what it does not bring, in words
    # fetch(outside, first_day, end_day) pulls one window from a live account
    fetch: Callable[[Outside, date, date], Iterator[Fetched]] | None = None
    webhook: Webhook | None = None
    posted: Posted | None = None  # programs of the customer send to us with a token
    # why a file that no document recognises is not read, in words; None when it is a stranger
    declines: Callable[[Sniff], str | None] | None = None
    config_fields: tuple[str, ...] = ()
    rights: str = ""  # what the credential needs, in words
