"""What a source brought: its imports, the newest first, and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from billing_ingest import wording
from billing_ingest.card import MARKS, state_words
from billing_ingest.models import Job
from finops.ledger.models import Import, Slice, Source

PAGE = 50


@dataclass(frozen=True)
class Line:
    """An import in the history."""

    imp: Import
    superseded_by: list[int]

    @property
    def state(self) -> dict[str, str]:
        return {"words": state_words(self.imp), "kind": MARKS.get(self.imp.state, "")}

    @property
    def written_rows(self) -> str:
        return f"{self.imp.rows:,}" if self.imp.rows else ""

    @property
    def totals(self) -> str:
        return wording.totals(self.imp.totals)

    @property
    def brought_by(self) -> str:
        """Who or what brought it: a user, a pull, an event of the vendor, or a command."""
        if self.imp.by is not None:
            return self.imp.by.username
        kind, slot = vars(self.imp)["job_kind"], vars(self.imp)["job_slot"]
        if kind == "fetch":
            return "schedule" if slot else "pull by hand"
        return "webhook" if kind == "inbox" else "command"

    @property
    def period(self) -> str:
        return wording.period(self.imp.period_start, self.imp.period_end)


@dataclass(frozen=True)
class History:
    """A page of it; `before` opens the next one and is empty on the last."""

    lines: list[Line]
    before: str


def history(source: Source, before: str = "") -> History:
    """The imports of a source with ids below `before`."""
    imports = with_jobs(Import.objects.filter(source=source).select_related("by", "duplicate_of"))
    if before.isdecimal():
        imports = imports.filter(pk__lt=int(before))
    found = list(imports.defer("preview", "errors")[: PAGE + 1])
    page = found[:PAGE]
    heirs = heirs_of([imp.pk for imp in page])
    lines = [Line(imp, heirs.get(imp.pk, [])) for imp in page]
    return History(lines, str(page[-1].pk) if len(found) > PAGE else "")


def with_jobs(imports: QuerySet[Import]) -> QuerySet[Import]:
    """With the kind and slot of the job that was at work for the source when the import came."""
    then = Q(finished_at=None) | Q(finished_at__gte=OuterRef("created_at"))
    jobs = Job.objects.filter(
        then, kind__in=("fetch", "inbox"), source=OuterRef("source"),
        created_at__lte=OuterRef("created_at"), started_at__isnull=False,
    ).order_by("-pk")  # fmt: skip
    return imports.annotate(
        job_kind=Subquery(jobs.values("kind")[:1]), job_slot=Subquery(jobs.values("slot")[:1])
    )


def heirs_of(imp_ids: list[int]) -> dict[int, list[int]]:
    """Which later imports replaced something of these: {old: [new, ...]}."""
    heirs: dict[int, list[int]] = {}
    for old, new in pairs(Slice.objects.filter(imp__in=imp_ids)):
        heirs.setdefault(old, []).append(new)
    return heirs


def superseded_by(imp_ids: list[int]) -> dict[int, tuple[int, ...]]:
    """Of which earlier imports these replaced something: {new: (old, ...)}."""
    found: dict[int, tuple[int, ...]] = {}
    for old, new in pairs(Slice.objects.filter(superseded_by__imp__in=imp_ids)):
        found[new] = (*found.get(new, ()), old)
    return found


def pairs(slices: QuerySet[Slice]) -> Iterable[tuple[int, int]]:
    """(replaced import, replacing import), each pair once, in order."""
    replaced = slices.filter(superseded_by__isnull=False)
    ids = ("imp_id", "superseded_by__imp_id")
    return replaced.values_list(*ids).distinct().order_by(*ids)
