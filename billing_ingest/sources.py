"""What the setup pages and the banner say about sources: read from rows, nothing is kept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Exists,
    JSONField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from billing_ingest import wording
from billing_ingest.connector import Connector, Document
from billing_ingest.models import Job
from billing_ingest.registry import CONNECTORS, connector
from billing_ingest.schedule import PULL_EVERY, can_pull, next_pull
from finops.attribution.queries import trust
from finops.attribution.queries.trust import Freshness
from finops.ledger.models import Import, Slice, Source

State = Import.State
BROUGHT = (State.LOADED, State.DUPLICATE)
# Two pulls may be missed for reasons that mend themselves; then people should know.
LATE_AFTER = 2 * PULL_EVERY + timedelta(hours=1)


@dataclass(frozen=True)
class SourceRow:
    """A source on the list."""

    source: Source
    connector_label: str
    fresh: Freshness | None  # None: it brings nothing that is dated
    rows: int
    last_brought_at: datetime | None
    next_run: datetime | None
    stale_since: datetime | None  # a scheduled source that brought nothing for too long
    is_held: bool
    is_refused: bool  # a file that came by itself was refused, and none came since
    error: str

    @property
    def complete_to(self) -> date | None:
        """The last day that cannot grow any more."""
        return self.fresh.complete_to if self.fresh else None

    @property
    def is_late(self) -> bool:
        """Late as the top bar counts it."""
        return bool(self.fresh and self.fresh.is_late)

    @property
    def days_words(self) -> str:
        """Why there is no last complete day."""
        return "It brings nothing that is dated" if self.rows else "Nothing is loaded yet"

    @property
    def written_rows(self) -> str:
        return f"{self.rows:,}"

    @property
    def state(self) -> dict[str, str]:
        """In a word, for the component `state`."""
        if self.error:
            return {"words": "Failed", "kind": "refused"}
        if self.is_held:
            return {"words": "Needs your yes", "kind": "late"}
        if self.is_refused:
            return {"words": "File refused", "kind": "refused"}
        if self.fresh and self.fresh.is_late:
            behind = wording.plural(self.fresh.days_behind or 0, "day")
            return {"words": f"{behind} behind", "kind": "late"}
        if self.stale_since:
            return {"words": "Nothing new", "kind": "late"}
        if self.last_brought_at is None:
            return {"words": "Nothing yet", "kind": ""}
        return {"words": "Up to date" if self.complete_to else "In use", "kind": ""}

    @property
    def needs_somebody(self) -> bool:
        """Whether something besides being late waits for a person."""
        return bool(self.error or self.is_held or self.is_refused or self.stale_since)


def source_rows(now: datetime) -> list[SourceRow]:
    """Every source, by vendor as it is shown."""
    fresh = {found.source_id: found for found in trust.freshness(now=now)}
    rows = [
        row_of(source, fresh.get(source.pk), now) for source in with_facts(Source.objects.all())
    ]
    return sorted(rows, key=lambda row: row.connector_label.casefold())


def source_row(source: Source, now: datetime) -> SourceRow:
    """One source that comes from `with_facts`."""
    found = (fresh for fresh in trust.freshness(now=now) if fresh.source_id == source.pk)
    return row_of(source, next(found, None), now)


def with_facts(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Sources with what their row shows, in one query."""
    active = Slice.objects.filter(source=OuterRef("pk"), superseded_at=None).order_by()
    of_source = active.values("source")
    rows = of_source.annotate(x=Sum("rows")).values("x")
    # People and work items are merged, not sliced: what the imports brought is what there is to count.
    merged = Import.objects.filter(source=OuterRef("pk"), state=State.LOADED).order_by()
    merged_rows = merged.values("source").annotate(x=Sum("rows")).values("x")
    brought = Import.objects.filter(source=OuterRef("pk"), state__in=BROUGHT).order_by()
    newest = brought.values("source").annotate(x=Max("finished_at")).values("x")
    return sources.annotate(
        row_count=Coalesce(Subquery(rows), Subquery(merged_rows), output_field=BigIntegerField()),
        last_brought_at=Subquery(newest),
        refused=Exists(unattended().filter(source=OuterRef("pk"))),
        held=Exists(Import.objects.filter(source=OuterRef("pk"), state=State.HELD)),
        last_error=Subquery(last_failures().values("error")[:1], output_field=JSONField()),
    ).order_by("connector", "name")


def last_failures() -> QuerySet[Job]:
    """The unmended failures of a source (OuterRef pk), the newest first."""
    return unmended().filter(source=OuterRef("pk")).order_by("-pk")


def unmended() -> QuerySet[Job]:
    """Failed jobs that no later one of their kind and source has made good."""
    # Kinds without a source never have one, so null matches null here.
    of_source = Q(source=OuterRef("source")) | Q(source=None)
    later = Job.objects.filter(
        of_source, kind=OuterRef("kind"), state=Job.State.DONE, pk__gt=OuterRef("pk")
    )
    return Job.objects.filter(~Exists(later), state=Job.State.FAILED, imp=None)


def unattended() -> QuerySet[Import]:
    """Files that came by themselves and were refused, and no later one made it good."""
    newer = Import.objects.filter(
        source=OuterRef("source"), document=OuterRef("document"), state__in=BROUGHT,
        pk__gt=OuterRef("pk"),
    )  # fmt: skip
    return Import.objects.filter(~Exists(newer), state=State.REFUSED, by=None)


def row_of(source: Source, fresh: Freshness | None, now: datetime) -> SourceRow:
    facts = vars(source)
    is_pulled = source.is_scheduled and can_pull(source)
    brought: datetime | None = facts["last_brought_at"]
    since = brought or source.created_at
    return SourceRow(
        source=source,
        connector_label=label_of(source.connector),
        fresh=fresh,
        rows=facts["row_count"] or 0,
        last_brought_at=brought,
        next_run=next_pull(now) if is_pulled else None,
        stale_since=since if is_pulled and now - since > LATE_AFTER else None,
        is_held=facts["held"],
        is_refused=facts["refused"],
        error=(facts["last_error"] or {}).get("message", ""),
    )


def label_of(slug: str) -> str:
    """The connector's name; a source outlives a connector that was taken out."""
    return connector(slug).label if slug in CONNECTORS else slug


def connectors_to_connect() -> list[Connector]:
    """What can be connected by a form: vendors that are pulled from or that send events."""
    known = (connector(slug) for slug in CONNECTORS)
    return sorted(
        (found for found in known if found.fetch or found.webhook or found.posted),
        key=by_label,
    )


@dataclass(frozen=True)
class FileKind:
    """A kind of file that can be dropped, and what it needs."""

    document: Document
    vendor: str

    @property
    def brings(self) -> str:
        return wording.listed([TABLE_WORDS[mapping.table] for mapping in self.document.mappings])


TABLE_WORDS = {
    "charge": "charges", "usage": "usage", "work_item": "outcomes", "person": "people",
    "invoice": "invoices", "seat": "seats", "vendor_name": "names", "fx_rate": "rates",
}  # fmt: skip


@dataclass(frozen=True)
class FileKinds:
    """Kinds of file: those of plain forms first, the others by vendor."""

    plain: list[FileKind]
    vendors: dict[str, list[FileKind]]


# Its files are written by a form here; nobody has one to drop.
TYPED_IN = "typed_bills"


def file_kinds() -> FileKinds:
    """Every kind of file, bills first. A form is plain when it is a format's only one, in columns."""
    plain: list[FileKind] = []
    vendors: dict[str, list[FileKind]] = {}
    for one in sorted(map(connector, set(CONNECTORS) - {TYPED_IN}), key=by_label):
        kinds = sorted(
            (FileKind(document, one.label) for document in one.documents), key=bills_first
        )
        is_plain = len(kinds) == 1 and bool(kinds[0].document.required)
        (plain if is_plain else vendors.setdefault(one.label, [])).extend(kinds)
    return FileKinds(
        sorted(plain, key=bills_first), {label: kinds for label, kinds in vendors.items() if kinds}
    )


def by_label(known: Connector) -> str:
    return known.label.casefold()


def bills_first(kind: FileKind) -> tuple[int, str]:
    return list(TABLE_WORDS).index(kind.document.mappings[0].table), kind.document.label


# --- the banner ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Alert:
    """Something that waits for an administrator."""

    words: str
    imp_id: int | None = None
    source_key: str | None = None


def alerts() -> list[Alert]:
    """Imports that are held or came by themselves and were refused; jobs that failed for good."""
    imports, jobs = what_may_wait()
    return [*(import_alerts() if imports else ()), *(job_alerts() if jobs else ())]


def what_may_wait() -> tuple[bool, bool]:
    """Whether any import or job is in a state that may need somebody: asked with every page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM ledger_import WHERE state = ANY (%s)),"
            " EXISTS (SELECT FROM billing_ingest_job WHERE state = %s)",
            [[State.HELD.value, State.REFUSED.value], Job.State.FAILED.value],
        )
        imports, jobs = cursor.fetchone()
    return imports, jobs


def import_alerts() -> list[Alert]:
    held = Import.objects.filter(state=State.HELD)
    waiting = (held | unattended()).select_related("source")
    return [
        Alert(f"{imp.source.name}: {imp.filename} is {STATE_WORDS[imp.state]}", imp_id=imp.pk)
        for imp in waiting
    ]


STATE_WORDS: dict[str, str] = {
    State.HELD: "held, because it would remove much of what is booked",
    State.REFUSED: "refused; the old figures stand",
}


def job_alerts() -> list[Alert]:
    failed = unmended().select_related("source").order_by("kind", "source_id", "-pk")
    return [
        Alert(
            f"{subject(job)} failed: {(job.error or {}).get('message', '').rstrip('.')}",
            source_key=key(job),
        )
        for job in failed.distinct("kind", "source_id")
    ]


def subject(job: Job) -> str:
    named = f" of {job.source.name}" if job.source else ""
    return f"The {JOB_WORDS.get(job.kind, job.kind)}{named}"


def key(job: Job) -> str | None:
    return job.source.key if job.source else None


JOB_WORDS = {
    "fetch": "pull",
    "inbox": "reading of events",
    "settle": "settling of new facts",
    "verify": "nightly proof of the books",
}
