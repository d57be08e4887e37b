"""What was known on a day stays what it was: postings are added, never changed."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from finops.attribution import printed
from finops.attribution.models import (
    ItemPosting,
    OutcomePosting,
    PostedRun,
    Posting,
    SpendDay,
)
from finops.attribution.queries.flow import money_flow
from finops.attribution.queries.items import work_items
from finops.attribution.queries.known import moment_of, names_known
from finops.attribution.queries.mix import model_mix
from finops.attribution.queries.shapes import NotKnownError, Scope
from finops.attribution.queries.trend import weekly
from finops.attribution.queries.unit_costs import By, unit_cost
from finops.attribution.queries.untied import untied
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.ledger.models import FxRate, Slice
from finops.people.models import Membership, Organisation, Team, TeamPlacement
from finops.periods import Period
from tests import facts
from tests.test_settle_histories import EVENTS, PEOPLE

pytestmark = pytest.mark.django_db
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
FIRST = datetime(2026, 11, 3, 9, tzinfo=UTC)
LATER = datetime(2026, 11, 10, 9, tzinfo=UTC)
KNOWN = datetime(2026, 11, 5, tzinfo=UTC)
BYS: tuple[By | None, ...] = ("team", "month", "kind", "outcome", "tier", "fate", None)


def bill(first_line: int = 20) -> Slice:
    part = facts.deliver(facts.source("bill"), "charge", "bill:2026-10", "2026-10-01", "2026-10-31")
    facts.charge(part, "2026-10-05", first_line * 10**9, line=2, pr="a/x#1", actor="ann@acme.test")
    facts.charge(part, "2026-10-06", 7_000_000_001, line=3, actor="ann@acme.test", model="m1")
    facts.charge(part, "2026-10-07", 5 * 10**9, line=4, actor="bob@acme.test", pr="a/x#2")
    facts.charge(part, "2026-10-08", 3 * 10**9, line=5, charge_category="Credit")
    facts.charge(part, "2026-10-09", 2 * 10**9, line=6)
    facts.charge(
        part, "2026-10-10", 4 * 10**9, line=7, actor="bob@acme.test", billing_currency="EUR"
    )
    return part


@pytest.fixture
def books() -> None:
    facts.person("ann", "core")
    facts.person("bob", "data")
    bill()
    keys = {"pr:a/x#1": 1}
    facts.item("a/x#1", started="2026-10-01", ended="2026-10-12", people=("ann",), keys=keys)
    facts.item(
        "a/x#2", started="2026-10-01", ended="2026-10-13", people=("bob",), keys={"pr:a/x#2": 1}
    )
    settle(now=FIRST)


def scope(moment: datetime | None = None, **more: Any) -> Scope:
    return Scope(OCTOBER, known_on=moment, **more)


def reports(moment: datetime | None, now: datetime = FIRST) -> str:
    """Every report that can be asked as known, in one text."""
    asked = scope(moment)
    found: list[Any] = [
        printed.report(unit_cost(scope(moment, cost=cost), by=by, now=now))
        for by in BYS
        for cost in ("billed", "effective")
    ]
    found += [money_flow(asked), model_mix(asked, now=now)]
    found.append(weekly(asked, kind="pull_request", weeks=6, now=now))
    return json.dumps(found, default=str, indent=1)


def restate() -> None:
    bill(first_line=31)


def reorganise() -> None:
    ann = facts.person("ann")
    Membership.objects.filter(person=ann).update(team=facts.team("data"))
    TeamPlacement.objects.create(team=facts.team("core"), parent=facts.team("data"))


def rename() -> None:
    Team.objects.filter(slug="core").update(slug="kernel", name="Kernel", cost_center="K1")


def find_a_rate() -> None:
    FxRate.objects.create(
        day=date(2026, 10, 1), currency="EUR", rate="1.25", reporting_currency="USD"
    )
    facts.dirty("rates", "EUR")


def withdraw() -> None:
    facts.item(
        "a/x#1", state="abandoned", started="2026-10-01", ended="2026-10-20", people=("ann",)
    )


def retitle() -> None:
    facts.item(
        "a/x#2", started="2026-10-01", ended="2026-10-13", people=("bob",), title="Other words",
        keys={"pr:a/x#2": 1},
    )  # fmt: skip


def report_in_euro() -> None:
    Organisation.objects.update(reporting_currency="EUR", tied_percent_min=99)
    facts.dirty("rates", "USD")


CHANGES = (restate, reorganise, rename, find_a_rate, withdraw, retitle, report_in_euro)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_known_reads_the_same_for_ever(books: None, change: Callable[[], None]) -> None:
    known, current = reports(KNOWN), reports(None)
    change()
    settle(now=LATER)
    settle(full=True, now=LATER)
    assert reports(None) != current
    assert reports(KNOWN) == known
    assert reports(datetime(2026, 11, 11, tzinfo=UTC), LATER) == reports(
        None, datetime(2026, 11, 11, tzinfo=UTC)
    )


def test_everything_changes_and_the_past_does_not(books: None) -> None:
    known = reports(KNOWN)
    for change in CHANGES:
        change()
        settle(now=LATER)
    assert reports(KNOWN) == known
    assert not [v for v in verify().violations if v.check.startswith("posting")]


def test_now_and_as_known_now_are_the_same_report(books: None) -> None:
    assert reports(FIRST) == reports(None)
    assert "a/x#1" in reports(FIRST)


def test_a_full_settle_that_changes_nothing_posts_nothing(books: None) -> None:
    count = [m.objects.count() for m in (Posting, ItemPosting, OutcomePosting, PostedRun)]
    assert all(count)
    settle(full=True, now=LATER)
    settle(now=LATER)
    assert [m.objects.count() for m in (Posting, ItemPosting, OutcomePosting, PostedRun)] == count


def test_a_restated_day_posts_only_itself(books: None) -> None:
    before = Posting.objects.count()
    restate()
    settle(now=LATER)
    posted = list(Posting.objects.order_by("id")[before:])
    assert {p.day for p in posted} == {date(2026, 10, 5)}
    assert sum(p.reporting_billed_nanos for p in posted) == 11 * 10**9
    run = PostedRun.objects.latest("known_at")
    assert [cause["what"] for cause in run.causes] == ["slice"]
    assert len(run.causes[0]["imports"]) == 2


@pytest.mark.parametrize("table", [Posting, ItemPosting, OutcomePosting, PostedRun])
def test_nobody_changes_or_removes_a_posting(books: None, table: Any) -> None:
    with pytest.raises(Error, match="is history"), transaction.atomic():
        table.objects.update(known_at=timezone.now())
    with pytest.raises(Error, match="is history"), transaction.atomic():
        table.objects.all().delete()


def test_verify_names_a_figure_that_was_never_posted(books: None) -> None:
    SpendDay.objects.filter(tier="A").update(effective_nanos=1)
    checks = {violation.check for violation in verify().violations}
    assert "posting_day" in checks


def test_names_are_those_of_the_time(books: None) -> None:
    rename()
    settle(now=LATER)
    assert {team.slug for team in names_known(KNOWN).teams} == {"core", "data"}
    now = names_known(LATER)
    assert {team.slug for team in now.teams} == {"kernel", "data"}
    assert now.cost_centers[Team.objects.get(slug="kernel").pk] == "K1"


def test_a_settle_that_waited_is_known_after_the_one_it_waited_for(books: None) -> None:
    restate()
    settle(now=datetime(2026, 11, 2, tzinfo=UTC))
    assert PostedRun.objects.latest("run_id").known_at == FIRST + timedelta.resolution


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-24", "not over yet"),
        ("2027-01-01", "not over yet"),
        ("soon", "not a day"),
        ("2026-13-01", "not a day"),
        ("2026-11-05T10:00:00", "not a day"),
    ],
)
def test_a_moment_that_means_nothing_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotKnownError, match=words):
        moment_of(text, now=datetime(2026, 11, 24, 12, tzinfo=UTC))


def test_a_day_ends_with_its_last_moment() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert moment_of("2026-11-05", now=now) == datetime(2026, 11, 5, 23, 59, 59, 999999, UTC)
    assert moment_of("2026-11-24T11:00:00Z", now=now) == datetime(2026, 11, 24, 11, tzinfo=UTC)


def test_lines_and_people_have_no_history_and_say_so(books: None) -> None:
    with pytest.raises(NotKnownError):
        untied(scope(KNOWN))
    with pytest.raises(NotKnownError):
        work_items(scope(KNOWN), now=FIRST)
    with pytest.raises(NotKnownError, match="person"):
        unit_cost(scope(KNOWN), by="person", now=FIRST)


def test_before_the_first_settle_nothing_was_known(books: None) -> None:
    with pytest.raises(NotKnownError, match="begins on 3 November 2026"):
        unit_cost(scope(datetime(2026, 11, 1, tzinfo=UTC)), by=None, now=FIRST)


def test_the_command_prints_the_same_bytes(books: None) -> None:
    def said(*more: str) -> str:
        out = StringIO()
        call_command(
            "unit_cost", "--start=2026-10-01", "--end=2026-11-01", "--by=team",
            "--known-on=2026-11-05", *more, stdout=out,
        )  # fmt: skip
        return out.getvalue()

    before = said("--json"), said(), said("--team=core")
    reorganise()
    rename()
    restate()
    settle(now=LATER)
    assert (said("--json"), said(), said("--team=core")) == before
    assert '"core"' in before[0]


def test_history_is_not_derived_and_survives_a_rebuild(books: None) -> None:
    known = reports(KNOWN)
    with connection.cursor() as cursor:
        for table in ("cell", "allocation", "spendday", "teamday", "spendmonth", "itemday",
                      "outcomecost", "outcomeday", "itemfate", "itemteam"):  # fmt: skip
            cursor.execute(f"DELETE FROM attribution_{table}")
    assert reports(KNOWN) == known
    settle(full=True, now=LATER)
    assert reports(None) == reports(LATER)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_every_moment_stays_what_it_was(seed: int) -> None:
    """Each settle's reports, asked for later, are those that were printed then."""
    chance = Random(seed)
    for name, home in zip(PEOPLE, ("core", "data", "ops"), strict=True):
        facts.person(name, home)
    printed_then: dict[datetime, str] = {}
    for step in range(6):
        for _ in range(chance.randint(1, 4)):
            chance.choice(EVENTS)(chance)
        when = FIRST + timedelta(days=step)
        settle(now=when)
        printed_then[when] = reports(None, when)
        assert not [v for v in verify().violations if v.check.startswith("posting")]
    settle(full=True, now=LATER)
    for when, text in printed_then.items():
        assert reports(when) == text, f"history {seed}, {when}"
