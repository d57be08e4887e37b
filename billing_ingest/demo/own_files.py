"""Files in the product's own CSV formats: usage logs, tickets and deals, people."""

import json
from collections.abc import Iterable
from datetime import date

from billing_ingest.demo.calendar import stamp
from billing_ingest.demo.company import TEAMS, DemoSource
from billing_ingest.demo.events import OutcomeEvent
from billing_ingest.demo.focus_files import decimal_text
from billing_ingest.demo.pull_requests import PullRequest
from billing_ingest.demo.roster import Person, Roster
from billing_ingest.demo.usage import UsageLine, bill_of

Row = dict[str, str]

USAGE_HEADER = (
    "occurred_at person api_key project repo branch session pr ticket conversation provider model "
    "service_tier requests failed_requests input_tokens cached_input_tokens cache_write_tokens "
    "output_tokens list_cost billing_scope tags request_id"
)
OUTCOME_HEADER = (
    "idempotency_key source kind external_id state occurred_at started_at team person_emails repo "
    "branch session_ids value_amount value_currency links title url"
)
PERSON_HEADER = "email name team parent_team cost_center valid_from valid_to identities"


def usage_rows(lines: Iterable[UsageLine], prefix: str) -> list[Row]:
    """Return a log's lines; `prefix` makes the request ids unique over the year."""
    return [
        {
            "occurred_at": stamp(line.at),
            "person": line.person,
            "api_key": line.api_key,
            "project": line.account if line.vendor == "openai" else "",
            "repo": line.repo,
            "branch": line.branch,
            "session": line.session,
            "pr": line.pr,
            "ticket": line.ticket,
            "provider": line.vendor,
            "model": line.model,
            "service_tier": line.service_tier,
            "requests": str(line.requests),
            "failed_requests": str(line.failed_requests),
            "input_tokens": str(line.tokens.input),
            "cached_input_tokens": str(line.tokens.cached_input),
            "cache_write_tokens": str(line.tokens.cache_write),
            "output_tokens": str(line.tokens.output),
            "list_cost": decimal_text(line.list_cost),
            "billing_scope": "/".join(filter(None, (bill_of(line.vendor).key, line.account))),
            "tags": json.dumps(dict(line.tags)) if line.tags else "",
            "request_id": f"{prefix}-{number:05d}",
        }
        for number, line in enumerate(lines, start=1)
    ]


def outcome_rows(events: Iterable[OutcomeEvent], source: DemoSource) -> list[Row]:
    """Return one line per change of state; nobody has put a value on an outcome."""
    return [
        {
            "idempotency_key": event.idempotency_key,
            "source": source.key,
            "kind": event.kind,
            "external_id": event.external_id,
            "state": event.state,
            "occurred_at": stamp(event.at),
            "started_at": stamp(event.started_at),
            "team": event.team,
            "person_emails": event.person,
            "title": event.title,
            "url": f"https://{source.key}.quillhaven.example/{event.kind}s/{event.external_id}",
        }
        for event in events
    ]


def person_rows(roster: Roster) -> list[Row]:
    """Return one line per person and team they were in."""
    teams = {team.slug: team for team in TEAMS}
    return [
        {
            "email": person.email,
            "name": person.name,
            "team": teams[stay.team].name,
            "parent_team": teams[stay.team].department,
            "cost_center": teams[stay.team].cost_center,
            "valid_from": stay.start.isoformat(),
            "valid_to": stay.end.isoformat() if stay.end else "",
            "identities": _identities(person),
        }
        for person in roster.people
        for stay in person.stays
    ]


def _identities(person: Person) -> str:
    names = {"github": person.login, "api_key": person.api_key}
    return ";".join(f"{namespace}:{name}" for namespace, name in names.items() if name)


def opened_by_day(work: Iterable[PullRequest]) -> dict[tuple[date, str], int]:
    """Count the pull requests a person opened on a day with the help of a session."""
    counts: dict[tuple[date, str], int] = {}
    for pull_request in work:
        if pull_request.sessions:
            key = (pull_request.created_at.date(), pull_request.author.email)
            counts[key] = counts.get(key, 0) + 1
    return counts
