"""Write the demo company's files, in the order in which they would have arrived."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal, NamedTuple

from billing_ingest.demo import cloud_bills, company, openai_files, own_files, tool_bills
from billing_ingest.demo.anthropic_files import claude_code_report, cost_report, messages_report
from billing_ingest.demo.calendar import days
from billing_ingest.demo.focus_files import CURSOR, HARROWGATE, reseller_bill, seat_bill
from billing_ingest.demo.focus_files import HEADER as FOCUS_HEADER
from billing_ingest.demo.github_files import changed_in
from billing_ingest.demo.invoices import ANTHROPIC, Bill, invoice_rows
from billing_ingest.demo.invoices import HEADER as INVOICE_HEADER
from billing_ingest.demo.story import MISMATCH_MONTHS_BEFORE_LAST, MISMATCH_PERCENT
from billing_ingest.demo.usage import UsageLine
from billing_ingest.demo.year import Year, make_year
from finops.periods import Period

CLAUDE_CODE_MONTHS = 3  # its activity report was switched on late in the year
Scope = Literal["all", "ai"]


class Delivery(NamedTuple):
    """One file that a vendor sent. Files of a month lie in a folder named after it."""

    source_key: str
    connector: str
    path: Path
    scope: Scope
    label: str


def write_company(folder: Path, *, today: date, seed: int = 7, months: int = 12) -> list[Delivery]:
    """Write every file and return them in import order; same arguments, same bytes."""
    year = make_year(today, seed, months)
    people = folder / "people.csv"
    _write_csv(people, own_files.PERSON_HEADER, own_files.person_rows(year.roster))
    deliveries = [_delivery(company.PEOPLE, people, "Everybody and their teams")]
    by_month: dict[date, list[UsageLine]] = defaultdict(list)
    for line in year.lines:
        by_month[line.at.date().replace(day=1)].append(line)
    for month in year.calendar.months:
        written = _write_month(folder / f"{month.start:%Y-%m}", year, month, by_month[month.start])
        deliveries += [
            _delivery(source, path, f"{month.start:%B %Y}: {words}")
            for source, path, words in written
        ]
    return deliveries


def _delivery(source: company.DemoSource, path: Path, label: str) -> Delivery:
    scope: Scope = "ai" if source in (company.AWS, company.GOOGLE) else "all"
    return Delivery(source.key, source.connector, path, scope, label)


Written = Iterator[tuple[company.DemoSource, Path, str]]


def _write_month(folder: Path, year: Year, month: Period, lines: list[UsageLine]) -> Written:
    """Write a month's files: what people did and used first, the bills after."""
    yield from _write_outcomes(folder, year, month)
    anthropic = [line for line in lines if line.vendor == "anthropic"]
    openai = [line for line in lines if line.vendor == "openai"]
    yield from _write_anthropic(folder, year, month, anthropic)
    yield from _write_logs(folder, month, anthropic, openai)
    yield from _write_focus(folder, year, month, openai)
    yield from _write_other_bills(folder, year, month)
    yield from _write_invoices(folder, year, month)


def _write_outcomes(folder: Path, year: Year, month: Period) -> Written:
    start, end = _midnight(month.start), _midnight(month.end)
    pulls = _named(folder, "github-pulls.json")
    _write_json(pulls, changed_in(year.pull_requests, start, end))
    yield company.GITHUB, pulls, "pull requests"
    for source, all_events, words in (
        (company.HELPDESK, year.tickets, "tickets"),
        (company.CRM, year.deals, "deals"),
    ):
        events = [event for event in all_events if start <= event.at < end]
        if events:
            path = _named(folder, f"{source.key}-{words}.csv")
            rows = own_files.outcome_rows(events, source)
            _write_csv(path, own_files.OUTCOME_HEADER, rows)
            yield source, path, words


def _write_anthropic(folder: Path, year: Year, month: Period, lines: list[UsageLine]) -> Written:
    usage = _named(folder, "anthropic-messages-usage.json")
    _write_json(usage, messages_report(lines, days(month)))
    yield company.ANTHROPIC, usage, "Anthropic usage by key"
    if month in year.calendar.months[-CLAUDE_CODE_MONTHS:]:
        activity = _named(folder, "anthropic-claude-code.json")
        opened = own_files.opened_by_day(year.pull_requests)
        _write_json(activity, claude_code_report(lines, opened))
        yield company.ANTHROPIC, activity, "Claude Code activity"
    billed_days = [day for day in days(month) if day < year.calendar.billed_until]
    if billed_days:
        costs = _named(folder, "anthropic-costs.json")
        billed = [line for line in lines if line.at.date() < year.calendar.billed_until]
        _write_json(costs, cost_report(billed, billed_days))
        yield company.ANTHROPIC, costs, "Anthropic costs"


def _write_logs(
    folder: Path, month: Period, anthropic: list[UsageLine], openai: list[UsageLine]
) -> Written:
    for source, lines, prefix, words in (
        (company.SESSIONS, anthropic, "ses", "coding sessions"),
        (company.GATEWAY, openai, "gw", "gateway log"),
    ):
        path = _named(folder, f"{source.key}.csv")
        logged = [line for line in lines if line.is_logged]
        rows = own_files.usage_rows(logged, f"{prefix}-{month.start:%Y%m}")
        _write_csv(path, own_files.USAGE_HEADER, rows)
        yield source, path, words


def _write_focus(folder: Path, year: Year, month: Period, openai: list[UsageLine]) -> Written:
    calendar = year.calendar
    if month.start >= calendar.billed_until:
        return
    is_closed = calendar.is_closed(month)
    is_mismatched = month == calendar.months[-1 - MISMATCH_MONTHS_BEFORE_LAST :][0]
    billed = [line for line in openai if line.at.date() < calendar.billed_until]
    extra = MISMATCH_PERCENT if is_mismatched else 0
    usage = _named(folder, "harrowgate-focus.csv")
    _write_csv(usage, FOCUS_HEADER, reseller_bill(billed, month, extra, is_closed=is_closed))
    yield company.RESELLER, usage, "OpenAI bill from Harrowgate Cloud"
    seats = _named(folder, "cursor-seats-focus.csv")
    engineers = sum(
        len(year.roster.members(team.slug, month.start)) for team in company.ENGINEERING_TEAMS
    )
    _write_csv(seats, FOCUS_HEADER, seat_bill(engineers, month, is_closed=is_closed))
    yield company.SEATS, seats, "Cursor seats"


def _write_other_bills(folder: Path, year: Year, month: Period) -> Written:
    """Write the bills of smaller accounts: tools, clouds, OpenAI's own platform."""
    calendar, roster, seed = year.calendar, year.roster, year.seed
    if month.start >= calendar.billed_until:
        return
    for source, name, header, rows in (
        (company.CURSOR, "cursor-usage-events.csv", tool_bills.CURSOR_HEADER,
         tool_bills.cursor_rows(calendar, roster, month, seed)),
        (company.COPILOT, "copilot-ai-usage.csv", tool_bills.COPILOT_HEADER,
         tool_bills.copilot_rows(calendar, roster, month, seed)),
        (company.AWS, "aws-cur2.csv", cloud_bills.AWS_HEADER,
         cloud_bills.aws_rows(calendar, month, seed)),
        (company.GOOGLE, "google-billing.csv", cloud_bills.GCP_HEADER,
         cloud_bills.gcp_rows(calendar, month, seed)),
    ):  # fmt: skip
        if rows:  # the first of a month may be a Sunday
            path = _named(folder, name)
            _write_csv(path, header, rows, ",")
            yield source, path, f"{source.name} bill"
    used = openai_files.used_in(calendar, roster, month, seed)
    for name, pages, words in (
        ("openai-completions.json", openai_files.usage_pages(used), "usage"),
        ("openai-costs.json", openai_files.cost_pages(used), "costs"),
    ):
        path = _named(folder, name)
        _write_json(path, pages)
        yield company.OPENAI, path, f"OpenAI platform {words}"


def _write_invoices(folder: Path, year: Year, month: Period) -> Written:
    closed = [one for one in year.calendar.months if year.calendar.is_closed(one)]
    if month not in closed:
        return
    bills = [
        Bill(issuer, _named(folder, name))
        for issuer, name in (
            (ANTHROPIC, "anthropic-costs.json"),
            (HARROWGATE, "harrowgate-focus.csv"),
            (CURSOR, "cursor-seats-focus.csv"),
        )
    ]
    path = _named(folder, "invoices.csv")
    after = len(closed) - closed.index(month) - 1
    _write_csv(path, INVOICE_HEADER, invoice_rows(bills, month, after))
    yield company.INVOICES, path, "invoices"


def _named(folder: Path, name: str) -> Path:
    """Return a file of the month's folder with the month in its name: vendors never reuse one."""
    stem, suffix = name.rsplit(".", 1)
    return folder / f"{stem}-{folder.name}.{suffix}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _write_csv(
    path: Path, header: str, rows: list[dict[str, str]], between: str | None = None
) -> None:
    """Write a table; the names of its columns are separated by blanks unless said otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header.split(between), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_json(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
