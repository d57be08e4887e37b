"""A closed month stays as it was; what comes later is a dated adjustment with a cause."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from finops.attribution.actions.closing import ClosingError, close_month, reopen_month
from finops.attribution.closed_books import digest_of
from finops.attribution.models import Closing, PostedRun, SpendDay
from finops.attribution.queries.adjustments import adjustments, closing_of
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.periods import month_of
from tests import facts
from tests.test_known_on import (
    LATER,
    OCTOBER,
    bill,
    books,  # noqa: F401 - a fixture
    find_a_rate,
    reorganise,
    reports,
    restate,
    withdraw,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "readable")]
NOW = datetime(2026, 11, 6, tzinfo=UTC)
MONTH = date(2026, 10, 1)


@pytest.fixture
def readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts of these tests stand on no file, so files and what hangs on them are not read."""
    from finops.attribution.verify import books as checks

    kept = tuple(check for check in checks.OF_THE_BOOKS if check.__module__.endswith("history"))
    monkeypatch.setattr(checks, "OF_THE_BOOKS", kept)
    monkeypatch.setattr(checks.files, "imports_equal_their_files", lambda _: iter(()))


def close(**more: Any) -> Closing:
    return close_month(MONTH, by=None, now=NOW, **more)


def test_a_closed_month_reads_the_same_after_everything_changed() -> None:
    closing = close(note="October, at last")
    before = reports(closing.known_at)
    for change in (restate, reorganise, find_a_rate, withdraw):
        change()
        settle(now=LATER)
    settle(full=True, now=LATER)
    assert reports(closing.known_at) == before
    assert digest_of(OCTOBER, closing.known_at) == closing.digest
    assert verify().ok


def test_a_restatement_after_closing_is_an_adjustment_with_its_day_team_amount_and_cause() -> None:
    closing = close()
    assert adjustments(closing) == []
    restate()
    settle(now=LATER)
    (found,) = adjustments(closing)
    assert found.known_at == LATER
    assert found.day == date(2026, 10, 5)
    assert found.team.slug == "core"
    assert found.nanos == 11 * 10**9
    assert found.cause == "files came or went: bill:2026-10 (bill)"


def test_an_adjustment_that_moves_money_names_both_teams() -> None:
    closing = close()
    reorganise()
    settle(now=LATER)
    found = adjustments(closing)
    assert sum(a.nanos for a in found) == 0
    assert {a.team.slug for a in found} == {"core", "data"}
    assert "1 membership" in found[0].cause


def test_a_settle_that_began_before_the_closing_is_known_after_it() -> None:
    closing = close()
    restate()
    settle(now=NOW - timedelta(hours=1))
    assert PostedRun.objects.latest("run_id").known_at > closing.known_at
    assert adjustments(closing)
    assert digest_of(OCTOBER, closing.known_at) == closing.digest


def not_settled() -> None:
    facts.dirty("item", 1)


def not_tied() -> None:
    SpendDay.objects.update(billed_nanos=5)


def closed_already() -> None:
    close()


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        (not_settled, "1 change waits for settle"),
        (not_tied, "The books do not tie"),
        (closed_already, "October 2026 is closed already"),
    ],
)
def test_what_stands_in_the_way_is_said(obstacle: Callable[[], None], words: str) -> None:
    obstacle()
    with pytest.raises(ClosingError, match=words):
        close()


def test_a_month_that_is_not_over_stays_open() -> None:
    with pytest.raises(ClosingError, match="November 2026 is not over yet"):
        close_month(date(2026, 11, 1), by=None, now=NOW)


def test_money_without_a_rate_is_a_warning_that_stays_with_the_closing() -> None:
    assert close().warnings == ["Money in EUR is not in its figures: no exchange rate is known."]


def test_reopening_needs_a_reason_and_keeps_the_closing() -> None:
    first = close()
    with pytest.raises(ClosingError, match="Say why"):
        reopen_month(MONTH, by=None, now=NOW, why=" ")
    reopen_month(MONTH, by=None, now=NOW, why="an invoice came late")
    assert closing_of(MONTH) is None
    restate()
    settle(now=LATER)
    again = close_month(MONTH, by=None, now=LATER)
    assert Closing.objects.count() == 2
    assert again.digest != first.digest
    assert adjustments(again) == []
    with pytest.raises(ClosingError, match="not closed"):
        reopen_month(date(2026, 9, 1), by=None, now=NOW, why="no reason")


def test_verify_names_a_closed_month_that_reads_otherwise() -> None:
    close()
    Closing.objects.update(digest="0" * 64)
    (violation,) = verify().violations
    assert violation.check == "closed_month"
    assert violation.where == "2026-10"


def test_the_command_closes_shows_and_reopens() -> None:
    def said(*options: str) -> dict[str, Any]:
        out = StringIO()
        call_command("close_month", "--month=2026-10", "--json", *options, stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

    closed = said()
    assert closed["state"] == "closed"
    assert closed["reads_as_closed"] is True
    bill(first_line=40)
    settle(now=datetime(2026, 11, 20, tzinfo=UTC))
    shown = said("--show")
    assert shown["adjusted"] == "20.00"
    assert [a["amount"] for a in shown["adjustments"]] == ["20.00"]
    assert shown["digest"] == closed["digest"]
    with pytest.raises(SystemExit):
        said()
    assert said("--reopen", "--why=late invoice")["state"] == "reopened"
    assert month_of(MONTH) == OCTOBER
