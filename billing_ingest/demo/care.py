"""Customer Care: tickets, their reopenings, and what the assistant spent on them."""

import random
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import Any

from billing_ingest.demo.calendar import Calendar, days
from billing_ingest.demo.company import CARE
from billing_ingest.demo.dice import dice
from billing_ingest.demo.events import OutcomeEvent
from billing_ingest.demo.roster import Roster
from billing_ingest.demo.story import (
    CARE_ASSISTED_SHARE,
    CARE_COST_PER_TICKET,
    CARE_MODELS,
    CARE_REOPEN_RATE,
    CARE_RESOLVED,
    at,
    models_at,
)
from billing_ingest.demo.titles import TICKETS
from billing_ingest.demo.usage import UsageLine, spend
from finops.periods import Period, month_of

ASSISTANT_KEY = "key_care_assist"
WEEKEND_LOAD = 0.4  # of a weekday's tickets
ABANDONED_RATE = 0.02  # spam and duplicates, closed without an answer
FIRST_TICKET = 20_400


def care_year(
    calendar: Calendar, roster: Roster, seed: int
) -> tuple[list[OutcomeEvent], list[UsageLine]]:
    """Return the tickets' events and the assistant's usage, both in order of time."""
    events: list[OutcomeEvent] = []
    lines: list[UsageLine] = []
    number = FIRST_TICKET
    for month in calendar.months:
        rng = dice(seed, "care", month.start)
        for created in _arrivals(rng, calendar, month):
            number += 1
            ticket = _ticket_events(rng, calendar, roster, f"CARE-{number}", created)
            events += ticket
            lines += _assistance(rng, calendar, month, ticket)
    return sorted(events, key=attrgetter("at", "external_id")), lines


def _arrivals(rng: random.Random, calendar: Calendar, month: Period) -> list[datetime]:
    """Return when the month's tickets came in, in order."""
    all_days, whole = days(month), days(month_of(month.start))
    load = {day: WEEKEND_LOAD if day.weekday() > 4 else 1.0 for day in whole}
    elapsed = sum(load[day] for day in all_days) / sum(load.values())
    count = round(at(CARE_RESOLVED, calendar.position(month)) * elapsed / (1 - ABANDONED_RATE))
    chosen = rng.choices(all_days, weights=[load[day] for day in all_days], k=count)
    return sorted(_moment(rng, day) for day in chosen)


def _moment(rng: random.Random, day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(seconds=rng.randrange(86_400))


def _ticket_events(
    rng: random.Random, calendar: Calendar, roster: Roster, key: str, created: datetime
) -> list[OutcomeEvent]:
    """Return what happened to a ticket before `today`: at least that it was opened."""
    month = next(period for period in calendar.months if created.date() < period.end)
    agent = rng.choice(roster.members(CARE.slug, created.date())).email
    title = rng.choice(TICKETS)

    def event(state: str, moment: datetime) -> OutcomeEvent:
        return OutcomeEvent("ticket", key, state, moment, created, CARE.name, agent, title)

    if rng.random() < ABANDONED_RATE:
        told = [event("abandoned", created + timedelta(days=rng.uniform(2, 9)))]
    else:
        resolved = created + timedelta(hours=min(rng.lognormvariate(1.8, 0.9), 90))
        told = [event("resolved", resolved)]
        if rng.random() < at(CARE_REOPEN_RATE, calendar.position(month)):
            reopened = resolved + timedelta(hours=rng.uniform(4, 120))
            again = reopened + timedelta(hours=rng.uniform(2, 36))
            told += [event("reopened", reopened), event("resolved", again)]
    known = [change for change in told if change.at < calendar.now]
    return known or [event("open", created)]


def _assistance(
    rng: random.Random, calendar: Calendar, month: Period, ticket: list[OutcomeEvent]
) -> list[UsageLine]:
    """Return the assistant's usage on a ticket; some tickets are answered without it."""
    position = calendar.position(month)
    share = at(CARE_ASSISTED_SHARE, position)
    if rng.random() >= share:
        return []
    dollars = at(CARE_COST_PER_TICKET, position) / share * rng.lognormvariate(-0.08, 0.4)
    first = ticket[0]
    moments = [first.started_at]
    if "reopened" in {event.state for event in ticket}:
        moments.append(ticket[1].at)
    # The assistant answers some tickets by itself; then its key says the team and nobody.
    alone = rng.random() < 0.4
    told: dict[str, Any] = {"tags": (("team", CARE.slug),)} if alone else {"person": first.person}
    return [
        spend(
            rng, moment, models_at(CARE_MODELS, position)[0], dollars / len(moments),
            account=CARE.project, api_key=ASSISTANT_KEY, ticket=first.external_id,
            team=CARE.slug, **told,
        )
        for moment in moments
    ]  # fmt: skip
