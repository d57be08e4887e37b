"""What was known when: moments that can be asked about, and the names things had then."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.utils.dateparse import parse_datetime

from finops.attribution.models import NamesKnown
from finops.people.models import Organisation

from .shapes import NotKnownError, TeamRef

SETTLE_LOCK = 0x0A7  # the one that settle holds while it works


@dataclass(frozen=True)
class Names:
    """The organisation, its teams and their tree as they were known at a moment.

    placements: (team, parent, from, to), half-open; an open end is None.
    """

    company: Organisation
    teams: list[TeamRef]
    cost_centers: dict[int, str]
    placements: list[tuple[int, int, date | None, date | None]]


def moment_of(text: str, *, now: datetime) -> datetime:
    """Return the moment that a day (its end, UTC) or a time with a zone stands for.

    What was known then never changes any more, so a moment that lies ahead is refused, and so
    is the day that is not over. Raises NotKnownError in words.
    """
    moment = _read(text)
    if moment is None:
        raise NotKnownError(
            f"{text!r} is not a day like 2026-10-31, nor a time like 2026-10-31T18:00:00Z."
        )
    if moment > now:
        raise NotKnownError(
            f"{text} is not over yet (UTC): ask for an earlier day, or for a time like"
            f" {now:%Y-%m-%dT%H:%M:%SZ}."
        )
    if now - moment < timedelta(days=1):
        _wait_for_settle()
    return moment


def _read(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, time.max, UTC)
    except ValueError:
        pass
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


def _wait_for_settle() -> None:
    """A settle under way may count from before the moment: let it end first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [SETTLE_LOCK])
        cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [SETTLE_LOCK])


def names_known(moment: datetime) -> Names:
    """Return the names of that time. Raises NotKnownError for a time before all history."""
    found = NamesKnown.objects.filter(known_at__lte=moment).order_by("-id").first()
    if found is None:
        first = NamesKnown.objects.order_by("id").first()
        since = f"begins on {first.known_at:%-d %B %Y, %H:%M} UTC" if first else "has not begun"
        raise NotKnownError(f"The history of these books {since}: nothing was known before.")
    return Names(
        company=Organisation(**found.company),
        teams=[TeamRef(*team[:5]) for team in found.teams],
        cost_centers={team[0]: team[5] for team in found.teams},
        placements=[
            (team, parent, _day(first), _day(end)) for team, parent, first, end in found.placements
        ],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
