"""Names that nobody owns, by dollars at stake, and what is known about who they may be."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from finops.attribution.directory import Directory, KnownPerson, KnownTeam
from finops.attribution.owners import Owner
from finops.attribution.suggestions import Candidate, Claim, Unknown, Witness, suggest
from finops.ledger.models import Import
from finops.people.models import Identity, Person, Team
from finops.people.names import FIELDS, Name
from finops.periods import Period

from .sql_files import fetch

PAGE = 25
CONFLICTING_NAME = "conflicting_name"  # the code of a warning that `claims` reads
FILES_READ = 20  # the latest directory files that had such names


@dataclass(frozen=True)
class UnknownName:
    """One name of the queue. Amounts are billed, in nanos of the reporting currency.

    `teamless` is the part that no team pays; items counts the work that the name stands on.
    """

    field: str
    name: str
    vendors: tuple[str, ...]
    cells: int
    nanos: int
    teamless: int
    items: int
    first_on: date | None
    last_on: date | None

    @property
    def token(self) -> str:
        """Tells it apart in a form: field and name."""
        return f"{self.field} {self.name}"

    @property
    def unknown(self) -> Unknown:
        return Unknown(self.field, self.name, self.vendors[0] if len(self.vendors) == 1 else "")

    @property
    def place(self) -> str:
        """Where the queue goes on after it."""
        return f"{self.teamless}~{self.nanos}~{self.items}~{self.field}~{self.name}"


@dataclass(frozen=True)
class Queue:
    """A page of the queue. `waiting` names have something at stake, money that no team pays or
    work; `idle` ones have not. `next` is where the next page begins."""

    names: list[UnknownName]
    waiting: int
    idle: int
    next: str = ""


def unknown_names(
    period: Period,
    *,
    field: str = "",
    search: str = "",
    names: Sequence[str] | None = None,
    idle: bool | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Queue:
    """Return names without an owner in the period, the dearest teamless money first.

    `names` narrows to these tokens ("api_key k1"), `idle` to those with nothing at stake, or with
    something. `after` is the place of the last name seen.
    """
    teamless, nanos, items, last_field, last_name = read_place(after)
    rows = fetch(
        "unknown_names",
        start=period.start, end=period.end, field=field, search=search.strip(),
        names=None if names is None else list(names), is_idle=idle,
        has_after=bool(last_name), a_teamless=teamless, a_nanos=nanos, a_items=items,
        a_field=last_field, a_name=last_name, limit=limit + 1,
    )  # fmt: skip
    found = [
        UnknownName(row[0], row[1], tuple(filter(None, row[2])), *row[3:9])
        for row in rows
        if row[0] is not None
    ]
    return Queue(
        names=found[:limit],
        waiting=rows[0][9],
        idle=rows[0][10],
        next=found[limit - 1].place if len(found) > limit else "",
    )


def read_place(text: str) -> tuple[int, int, int, str, str]:
    """A place in the queue; one that makes no sense is the start."""
    parts = text.split("~", 4)
    if len(parts) == 5 and parts[3] in FIELDS:
        try:
            return int(parts[0]), int(parts[1]), int(parts[2]), parts[3], parts[4]
        except ValueError:
            pass
    return 0, 0, 0, "", ""


def teamless_nanos(period: Period) -> int:
    """Return the period's money that no team pays, without what all share."""
    ((nanos,),) = fetch("teamless", start=period.start, end=period.end)
    return int(nanos)


def candidates(names: Iterable[UnknownName]) -> list[list[Candidate]]:
    """Return for each name who it may be, the strongest first."""
    asked = list(names)
    if not asked:
        return []
    known = directory()
    witnesses = commit_witnesses([one.name for one in asked if one.field == "actor"])
    claims = directory_claims()
    return [
        suggest(one.unknown, known, witnesses.get(one.name, ()), claims.get(key_of(one), ()))
        for one in asked
    ]


def key_of(one: UnknownName) -> str:
    try:
        return one.unknown.name.key
    except ValueError:
        return one.name


def directory() -> Directory:
    """Return everybody who is known. Three statements."""
    names: dict[int, list[Name]] = defaultdict(list)
    services: set[Owner] = set()
    for namespace, external_id, person_id, team_id, service in Identity.objects.values_list(
        "namespace", "external_id", "person_id", "team_id", "service"
    ):
        if person_id:
            names[person_id].append(Name(namespace, external_id))
        elif service:
            services.add(Owner("service", team_id, service))
    people = Person.objects.filter(merged_into=None).values_list("id", "email", "name")
    return Directory(
        [KnownPerson(id_, email, name, tuple(names[id_])) for id_, email, name in people],
        [KnownTeam(*row) for row in Team.objects.values_list("id", "slug", "name")],
        sorted(services, key=lambda owner: (owner.service, owner.id or 0)),
    )


def commit_witnesses(names: Sequence[str]) -> dict[str, list[Witness]]:
    """Return the known e-mails that stand beside each name on work items."""
    found: dict[str, list[Witness]] = defaultdict(list)
    if names:
        for name, email, together, items in fetch("commit_witnesses", names=list(names)):
            found[name].append(Witness(email, together, items))
    return found


def directory_claims() -> dict[str, list[Claim]]:
    """Return what directory files say of names that could not be booked, newest file first."""
    found: dict[str, list[Claim]] = {}
    files = Import.objects.filter(
        state=Import.State.LOADED, warnings__contains=[{"code": CONFLICTING_NAME}]
    )
    for imp in files.only("filename", "warnings")[:FILES_READ]:
        for warning in imp.warnings:
            if warning.get("code") == CONFLICTING_NAME:
                key = str(warning["found"]).lower()
                found.setdefault(key, [Claim(email, imp.filename) for email in warning["claims"]])
    return found
