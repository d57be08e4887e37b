"""What coding tools bill beside the seats: Cursor's events on demand, Copilot's credits."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from billing_ingest.demo.calendar import Calendar, office_time, stamp, workdays
from billing_ingest.demo.company import ENGINEERING_TEAMS, FULFILMENT, GITHUB_OWNER, PLATFORM
from billing_ingest.demo.dice import dice
from billing_ingest.demo.roster import Person, Roster
from finops.periods import Period

Row = dict[str, str]

CURSOR_HEADER = (
    "Date,User,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,Input (w/ Cache Write),"
    "Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost"
)
CURSOR_MODELS = ("composer-2.5", "claude-sonnet-5", "gpt-5.2")
EVENTS_A_DAY = 9
COPILOT_HEADER = (
    "date,username,product,sku,model,quantity,unit_type,applied_cost_per_quantity,gross_amount,"
    "discount_amount,net_amount,total_monthly_quota,organization,repository,cost_center_name,"
    "aic_quantity,aic_gross_amount"
)
COPILOT_TEAMS = (PLATFORM, FULFILMENT)
CREDITS_SINCE = date(2026, 6, 1)  # before that day premium requests were sold
CREDIT_PRICE, REQUEST_PRICE = Decimal("0.01"), Decimal("0.04")
INCLUDED_SHARE = Decimal("0.6")  # of the gross amount is covered by the plan's quota


def cursor_rows(calendar: Calendar, roster: Roster, month: Period, seed: int) -> list[Row]:
    """Return the month's usage events as the dashboard exports them, the newest first."""
    rng = dice(seed, "cursor", month.start)
    rows: list[Row] = []
    for day in billed_workdays(calendar, month):
        people = [p for team in ENGINEERING_TEAMS for p in roster.members(team.slug, day)]
        for person in rng.sample(people, EVENTS_A_DAY):
            written, plain = rng.randrange(0, 4000), rng.randrange(5_000, 60_000)
            read, out = rng.randrange(20_000, 300_000), rng.randrange(500, 9_000)
            is_included = rng.random() < 0.35
            cents = Decimal(plain + written + read // 10 + out * 5) / 3000
            rows.append(
                {
                    "Date": stamp(office_time(rng, day)).replace("Z", ".000Z"),
                    "User": person.email,
                    "Kind": "Included" if is_included else "On-Demand",
                    "Model": rng.choice(CURSOR_MODELS),
                    "Max Mode": "No",
                    "Input (w/ Cache Write)": str(written),
                    "Input (w/o Cache Write)": str(plain),
                    "Cache Read": str(read),
                    "Output Tokens": str(out),
                    "Total Tokens": str(written + plain + read + out),
                    "Cost": "Included" if is_included else f"{cents / 10:.4f}",
                }
            )
    return sorted(rows, key=lambda row: row["Date"], reverse=True)


def copilot_rows(calendar: Calendar, roster: Roster, month: Period, seed: int) -> list[Row]:
    """Return the month's report of AI usage: per day and person what was used and what is due."""
    rng = dice(seed, "copilot", month.start)
    rows: list[Row] = []
    for day in billed_workdays(calendar, month):
        for person, repo in copilot_people(roster, day):
            if rng.random() < 0.45:
                rows.append(_copilot_row(day, person, repo, rng.randrange(20, 400)))
    return rows


def copilot_people(roster: Roster, day: date) -> Iterator[tuple[Person, str]]:
    for team in COPILOT_TEAMS:
        for person in roster.members(team.slug, day):
            if person.login:
                yield person, team.repos[0]


def _copilot_row(day: date, person: Person, repo: str, size: int) -> Row:
    are_credits = day >= CREDITS_SINCE
    price = CREDIT_PRICE if are_credits else REQUEST_PRICE
    quantity = Decimal(size) if are_credits else Decimal(size) / 4
    gross = quantity * price
    included = gross * INCLUDED_SHARE
    return {
        "date": day.isoformat(),
        "username": person.login,
        "product": "copilot",
        "sku": "copilot_ai_credit" if are_credits else "copilot_premium_request",
        "model": "GPT-5.3-Codex" if are_credits else "GPT-5.1",
        "quantity": f"{quantity}",
        "unit_type": "ai-credits" if are_credits else "requests",
        "applied_cost_per_quantity": f"{price}",
        "gross_amount": f"{gross}",
        "discount_amount": f"{included}",
        "net_amount": f"{gross - included}",
        "total_monthly_quota": "3900" if are_credits else "300",
        "organization": GITHUB_OWNER,
        "repository": repo,
        "aic_quantity": "0" if are_credits else f"{gross / CREDIT_PRICE}",
        "aic_gross_amount": "0" if are_credits else f"{gross}",
    }


def billed_workdays(calendar: Calendar, month: Period) -> list[date]:
    """Return the month's working days that are on a bill."""
    return [day for day in workdays(month) if day < calendar.billed_until]
