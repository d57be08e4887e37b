"""What the forms about people say: days, owners, words for owners."""

from datetime import date

from django.http import HttpRequest

from dashboards import words
from dashboards.menus import mark
from finops.attribution.actions.identities import BadIdentityError
from finops.attribution.owners import Owner
from finops.attribution.queries.shapes import TeamRef


def posted_day(request: HttpRequest, name: str) -> date | None:
    """A day of a form; empty is None. Raises BadIdentityError for what is no day."""
    text = (request.POST.get(name) or "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadIdentityError(f"{text!r} is not a day; write it like 2026-10-31.") from None


def days_words(start: date | None, end: date | None) -> str:
    """always; from 3 May 2026; until 2 May 2026 (the last day); 3 May 2026 to 2 June 2026."""
    last = date.fromordinal(end.toordinal() - 1) if end else None
    if start is None and last is None:
        return "always"
    if last is None:
        return f"from {words.day(start, year=True)}" if start else "always"
    if start is None:
        return f"until {words.day(last, year=True)}"
    return f"{words.day(start, year=True)} to {words.day(last, year=True)}"


def mark_of(owner: Owner, teams: dict[int | None, TeamRef]) -> str:
    """The colour mark of a team's candidate; empty for people and shared services."""
    ref = teams.get(owner.team_id) if owner.team_id is not None else None
    return mark(ref) if ref else ""
