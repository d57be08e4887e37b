"""The whole year at once: everything the vendor files are written from."""

from dataclasses import dataclass
from datetime import date

from billing_ingest.demo.calendar import Calendar
from billing_ingest.demo.care import care_year
from billing_ingest.demo.coding import coding_lines, review_bot_lines
from billing_ingest.demo.dice import dice
from billing_ingest.demo.events import OutcomeEvent
from billing_ingest.demo.overhead import overhead_lines
from billing_ingest.demo.pull_requests import PullRequest, plan_pull_requests
from billing_ingest.demo.roster import Roster, make_roster
from billing_ingest.demo.sales import deal_events, drafting_lines
from billing_ingest.demo.titles import name_pull_request
from billing_ingest.demo.usage import UsageLine


@dataclass(frozen=True)
class Year:
    """What happened at the company, before any vendor wrote it down."""

    calendar: Calendar
    seed: int
    roster: Roster
    pull_requests: list[PullRequest]
    tickets: list[OutcomeEvent]
    deals: list[OutcomeEvent]
    lines: list[UsageLine]  # all AI use, in order of time


def make_year(today: date, seed: int, months_count: int = 12) -> Year:
    """Return the year up to `today`; the same arguments give the same year."""
    calendar = Calendar(today, months_count)
    roster = make_roster(calendar, seed)
    work = plan_pull_requests(calendar, roster, seed)
    names = dice(seed, "names")
    for pull_request in work:
        name_pull_request(names, pull_request)
    tickets, care_lines = care_year(calendar, roster, seed)
    lines = [
        *coding_lines(calendar, work, seed),
        *review_bot_lines(calendar, seed),
        *care_lines,
        *drafting_lines(calendar, roster, seed),
        *overhead_lines(calendar, roster, seed),
    ]
    lines.sort(key=lambda line: (line.at, line.vendor, line.account, line.api_key, line.person))
    deals = deal_events(calendar, roster, seed)
    return Year(calendar, seed, roster, work, tickets, deals, lines)
