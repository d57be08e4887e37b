"""A company of three teams as the files its vendors would export, small and known to the cent.

Everything follows from the first day of `month`: pull requests are paid for by name (tier A), by
person and time (B), by team (C) or shared (D), and some money nobody knows (E). The month before
is the same company with less work. The last two days have usage but no bill yet.
"""

import calendar
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.bills import AI, COLUMNS

Row = dict[str, str]
TEAMS = {"Checkout": ("ana", "ben", "cleo", "dan", "eve"),
         "Search": ("finn", "gus", "hana", "ida", "jon"),
         "Platform": ("kai", "lea")}  # fmt: skip
REPOS = {"Checkout": "acme/shop", "Search": "acme/search", "Platform": "acme/infra"}
PULL_REQUESTS = {"Checkout": 16, "Search": 12, "Platform": 4}
SONNET, OPUS = "claude-sonnet-4-5", "claude-opus-4-5"
UNBILLED_DAYS = 2
SEATS, STRAY = Decimal("240.00"), Decimal("61.40")
TITLES = ("Retry the card once", "Cache the price list", "Split the cart module", "Drop old flags",
          "Rank by freshness", "Fix a race at checkout", "Type the order model", "Log less")  # fmt: skip


@dataclass(frozen=True)
class PullRequest:
    """One pull request and what its calls cost at list."""

    number: int
    team: str
    author: str
    merged_at: datetime
    named: Decimal  # calls that carry the pull request's key
    by_person: Decimal  # calls that only say who and where
    state: str
    links: str = ""

    @property
    def repo(self) -> str:
        return REPOS[self.team]

    @property
    def key(self) -> str:
        return f"{self.repo}#{self.number}"


@dataclass(frozen=True)
class Month:
    """A month's work: each team's pull requests, one a day."""

    start: date
    first_number: int
    share: int  # of 100: how many of PULL_REQUESTS

    @property
    def days(self) -> int:
        return calendar.monthrange(self.start.year, self.start.month)[1]

    @property
    def end(self) -> date:
        return self.start + timedelta(days=self.days)

    def pull_requests(self) -> Iterator[PullRequest]:
        number = self.first_number
        for team, count in PULL_REQUESTS.items():
            for index in range(count * self.share // 100):
                yield self.pull_request(number, team, index)
                number += 1

    def pull_request(self, number: int, team: str, index: int) -> PullRequest:
        day = self.start + timedelta(days=1 + index)
        author = TEAMS[team][index % len(TEAMS[team])]
        state, links = "merged", ""
        if index == 3:
            links = f"reverts:{REPOS[team]}#{number - 1}"
        elif index == 5:
            links = f"fixes:{REPOS[team]}#{number - 1}"
        elif index == 7:
            state = "abandoned"
        elif index == 8:
            state = "open"
        return PullRequest(
            number, team, author, datetime(day.year, day.month, day.day, 17, tzinfo=UTC),
            Decimal(450 + number * 37 % 900) / 100, Decimal(120 + number * 53 % 300) / 100,
            state, links,
        )  # fmt: skip


def month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def two_months(today: date) -> tuple[Month, Month]:
    """The last whole month before `today`, and the one before it."""
    last = month_before(today)
    return Month(month_before(last), 100, 75), Month(last, 200, 100)


def people() -> Iterator[Row]:
    for team, names in TEAMS.items():
        for name in names:
            yield {
                "email": f"{name}@acme.example", "name": name.capitalize(), "team": team,
                "parent_team": "Engineering", "cost_center": "CC-1", "identities": f"github:{name}",
            }  # fmt: skip


def outcomes(months: tuple[Month, ...]) -> Iterator[Row]:
    for month in months:
        for pr in month.pull_requests():
            started = pr.merged_at - timedelta(hours=9)
            yield {
                "idempotency_key": pr.key, "kind": "pull_request", "external_id": pr.key,
                "state": pr.state, "started_at": stamp(started),
                "occurred_at": stamp(started if pr.state == "open" else pr.merged_at),
                "person_emails": f"{pr.author}@acme.example", "repo": pr.repo, "links": pr.links,
                "lines_added": str(12 + pr.number % 3 * 150), "lines_deleted": str(pr.number % 9),
                "title": f"{TITLES[pr.number % len(TITLES)]}, part {pr.number}",
                "url": f"https://git.acme.example/{pr.repo}/pull/{pr.number}",
            }  # fmt: skip


def usage(month: Month) -> Iterator[Row]:
    """Every call of the month; what nobody's pull request caused comes last."""
    for pr in month.pull_requests():
        called_at = pr.merged_at - timedelta(hours=2)
        yield call(called_at, pr.named, SONNET, person=f"{pr.author}@acme.example", pr=pr.key)
        yield call(called_at - timedelta(hours=1), pr.by_person, OPUS,
                   person=f"{pr.author}@acme.example", repo=pr.repo)  # fmt: skip
    for index, team in enumerate(TEAMS):
        yield call(noon(month.start, 4), Decimal(20 + index), SONNET, tags=f'{{"team": "{team}"}}')
    yield call(noon(month.start, 6), Decimal("33.30"), OPUS, tags='{"shared": "true"}')
    yield call(noon(month.start, 9), Decimal("17.25"), OPUS, person="stranger@nowhere.example")
    for back in range(1, UNBILLED_DAYS + 1):
        yield call(noon(month.end, -back), Decimal("4.75"), SONNET, tags='{"team": "Search"}')


def call(at: datetime, amount: Decimal, model: str, **who: str) -> Row:
    return {
        "occurred_at": stamp(at), "provider": "anthropic", "model": model, "requests": "3",
        "input_tokens": str(int(amount * 90_000)), "output_tokens": str(int(amount * 9_000)),
        "list_cost": f"{amount}", "billing_scope": "focus", **who,
    }  # fmt: skip


def bill(month: Month, unbilled_days: int = 0) -> Iterator[Row]:
    """What the calls cost, a line per day and model; then seats, and a line that says nothing."""
    sums: dict[tuple[date, str], Decimal] = {}
    for row in usage(month):
        day = date.fromisoformat(row["occurred_at"][:10])
        if day < month.end - timedelta(days=unbilled_days):
            key = (day, row["model"])
            sums[key] = sums.get(key, Decimal(0)) + Decimal(row["list_cost"])
    for (day, model), amount in sorted(sums.items()):
        yield charge(month, day, amount, "Anthropic", "acct-a", model)
    yield charge(month, month.start, SEATS, "Cursor", "acct-c", tags='{"outlay:shared": "true"}')
    yield charge(
        month, month.start + timedelta(days=11), STRAY, "Anthropic", "acct-a", "claude-haiku-4-5"
    )


def charge(
    month: Month, day: date, amount: Decimal, issuer: str, account: str, model: str = "",
    tags: str = "",
) -> Row:  # fmt: skip
    return {
        "BilledCost": f"{amount}", "EffectiveCost": f"{amount}", "ListCost": f"{amount}",
        "ContractedCost": f"{amount}", "BillingCurrency": "USD", "BillingAccountId": account,
        "InvoiceIssuerName": issuer, "BillingPeriodStart": f"{month.start}T00:00:00Z",
        "BillingPeriodEnd": f"{month.end}T00:00:00Z", "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z", "ChargeCategory": "Usage",
        "ServiceName": "Seats" if issuer == "Cursor" else "Claude API", "ProviderName": issuer,
        "ServiceCategory": AI, "x_Model": model, "Tags": tags,
    }  # fmt: skip


def write(folder: Path, today: date) -> list[tuple[str, Path]]:
    """Write all files; return (connector, path) in the order in which they are imported."""
    before, last = two_months(today)
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        ("people_csv", "people.csv", list(people())),
        ("outcomes_csv", "outcomes.csv", list(outcomes((before, last)))),
        ("focus", f"bill-{before.start:%Y-%m}.csv", list(bill(before))),
        ("focus", f"bill-{last.start:%Y-%m}.csv", list(bill(last, UNBILLED_DAYS))),
        ("usage_csv", f"calls-{before.start:%Y-%m}.csv", list(usage(before))),
        ("usage_csv", f"calls-{last.start:%Y-%m}.csv", list(usage(last))),
    ]
    return [(connector, written(folder / name, rows)) for connector, name, rows in files]


def written(path: Path, rows: list[Row]) -> Path:
    columns = [*COLUMNS, "x_Model", "Tags"] if "BilledCost" in rows[0] else None
    names = columns or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def total(rows: Iterator[Row]) -> Decimal:
    return sum((Decimal(row["BilledCost"]) for row in rows), Decimal(0))


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def noon(day: date, later: int) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=later)
