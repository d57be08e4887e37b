"""Partner Sales: a handful of deals, too few for a verdict, and the drafting around them."""

import random
from datetime import timedelta
from operator import attrgetter

from billing_ingest.demo.calendar import Calendar, office_time, workdays
from billing_ingest.demo.company import SALES
from billing_ingest.demo.dice import dice
from billing_ingest.demo.events import OutcomeEvent
from billing_ingest.demo.roster import Roster
from billing_ingest.demo.story import COMMON_OPENAI, SALES_DOLLARS, at, models_at
from billing_ingest.demo.titles import PARTNERS
from billing_ingest.demo.usage import UsageLine, choose, spend
from finops.periods import Period

DEALS_WON, DEALS_LOST = 9, 5  # of the partners; the rest is still open
DRAFTS_A_MONTH = 55
SALES_KEY = "key_sales_desk"


def deal_events(calendar: Calendar, roster: Roster, seed: int) -> list[OutcomeEvent]:
    """Return how each partner's deal stands, spread over the year, in order of time."""
    rng = dice(seed, "deals")
    partners = rng.sample(PARTNERS, len(PARTNERS))
    open_deals = len(partners) - DEALS_WON - DEALS_LOST
    states = ["won"] * DEALS_WON + ["lost"] * DEALS_LOST + ["open"] * open_deals
    events = [
        _deal(rng, calendar, roster, f"D-{1041 + number * 7}", partner, state)
        for number, (partner, state) in enumerate(zip(partners, states, strict=True))
    ]
    return sorted(events, key=attrgetter("at", "external_id"))


def _deal(
    rng: random.Random, calendar: Calendar, roster: Roster, key: str, partner: str, state: str
) -> OutcomeEvent:
    months = calendar.months[-2:] if state == "open" else calendar.months
    day = rng.choice([day for month in months for day in workdays(month)])
    ended = office_time(rng, day)
    return OutcomeEvent(
        kind="deal",
        external_id=key,
        state="abandoned" if state == "lost" else state,
        at=ended,
        started_at=ended if state == "open" else ended - timedelta(days=rng.randrange(20, 70)),
        team=SALES.name,
        person=rng.choice(roster.members(SALES.slug, day)).email,
        title=f"Wholesale agreement: {partner}",
    )


def drafting_lines(calendar: Calendar, roster: Roster, seed: int) -> list[UsageLine]:
    """Return the sales desk's drafting: the person is known, the deal is not."""
    rng = dice(seed, "drafting")
    return [
        line for month in calendar.months for line in _month_of_drafts(rng, calendar, roster, month)
    ]


def _month_of_drafts(
    rng: random.Random, calendar: Calendar, roster: Roster, month: Period
) -> list[UsageLine]:
    position = calendar.position(month)
    dollars = at(SALES_DOLLARS, position) / DRAFTS_A_MONTH
    lines = []
    for _ in range(round(DRAFTS_A_MONTH * calendar.share_elapsed(month))):
        moment = office_time(rng, rng.choice(workdays(month)))
        person = rng.choice(roster.members(SALES.slug, moment.date()))
        lines.append(
            spend(
                rng, moment, choose(rng, models_at(COMMON_OPENAI, position)),
                dollars * rng.uniform(0.5, 1.5), account=SALES.project, api_key=SALES_KEY,
                person=person.email, team=SALES.slug,
            )
        )  # fmt: skip
    return lines
