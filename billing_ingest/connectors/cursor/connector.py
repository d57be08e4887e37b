"""Cursor: a team's events are bill and log in one; members, daily figures and spend beside them."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Notice, Sniff
from billing_ingest.connectors.cursor.fetch import fetch

EXPORT = (
    "Date", "Kind", "Model", "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read",
    "Output Tokens", "Total Tokens", "Cost",
)  # fmt: skip
UNSAID = Notice(
    "no_amount",
    "billed_cost = '0' AND list_cost IS NULL AND NOT starts_with(charge_description, 'Included')",
    "{rows} invoiced events have no amount yet; they book nothing until the vendor says one.",
)


def _has(sniff: Sniff, *names: str) -> bool:
    """Say whether the beginning of a JSON file uses all these names."""
    is_json = sniff.head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    return is_json and all(f'"{name}"'.encode() in sniff.head for name in names)


def _is_events(sniff: Sniff) -> str | None:
    if _has(sniff, "usageEvents", "totalUsageEventsCount"):
        return "it has the usage events of a team"
    return None


def _is_export(sniff: Sniff) -> str | None:
    names = {name.lower() for name in sniff.header}
    if {"input (w/ cache write)", "input (w/o cache write)", "kind", "cost"} <= names:
        return "it has the columns of the dashboard's usage events"
    return None


def _is_daily(sniff: Sniff) -> str | None:
    if _has(sniff, "data", "totalLinesAdded", "isActive"):
        return "it has what each member did on a day"
    return None


def _is_spend(sniff: Sniff) -> str | None:
    if _has(sniff, "teamMemberSpend", "subscriptionCycleStart"):
        return "it has the members' spend of a billing cycle"
    return None


def _is_members(sniff: Sniff) -> str | None:
    return "it has the members of a team" if _has(sniff, "teamMembers") else None


CONNECTOR = Connector(
    slug="cursor",
    label="Cursor",
    folder=Path(__file__).parent,
    brings=("charges", "usage", "names", "people"),
    trailing_days=4,
    history_days=90,
    restates="Costs of the last day or so, which may also fall. Old events leave its store.",
    gaps="Seats are billed elsewhere: type their bill in, or load a list of seats.",
    documents=(
        Document(
            name="usage_events",
            label="the usage events of a Cursor team",
            reader="json",
            recognise=_is_events,
            mappings=(
                Mapping("usage", "event_usage.sql", "day"),
                Mapping("charge", "event_charges.sql", "day"),
            ),
            notices=(UNSAID,),
            names={
                "billed_cost": "chargedCents", "effective_cost": "chargedCents",
                "list_cost": "chargedCents", "occurred_at": "timestamp",
                "charge_period_start": "timestamp", "input_tokens": "inputTokens",
                "cached_input_tokens": "cacheReadTokens",
                "cache_write_tokens": "cacheWriteTokens", "output_tokens": "outputTokens",
            },
        ),
        Document(
            name="usage_export",
            label="the usage events that Cursor's dashboard exports",
            reader="csv",
            recognise=_is_export,
            mappings=(
                Mapping("usage", "export_usage.sql", "day"),
                Mapping("charge", "export_charges.sql", "day"),
            ),
            required=EXPORT,
            optional=("User", "Cloud Agent ID", "Automation ID", "Max Mode"),
            notices=(UNSAID,),
            names={
                "billed_cost": "Cost", "effective_cost": "Cost", "list_cost": "Cost",
                "occurred_at": "Date", "charge_period_start": "Date",
                "input_tokens": "Input (w/o Cache Write)", "cached_input_tokens": "Cache Read",
                "cache_write_tokens": "Input (w/ Cache Write)", "output_tokens": "Output Tokens",
            },
        ),
        Document(
            name="daily_usage",
            label="what the members of a Cursor team did by day",
            reader="json",
            recognise=_is_daily,
            mappings=(Mapping("usage", "daily_usage.sql", "day"),),
            names={"occurred_at": "date"},
        ),
        Document(
            name="spend",
            label="the members' spend of a Cursor billing cycle",
            reader="json",
            recognise=_is_spend,
            mappings=(Mapping("usage", "spend.sql", "day"),),
            names={"occurred_at": "subscriptionCycleStart", "quantity": "spendCents"},
        ),
        Document(
            name="members",
            label="the members of a Cursor team",
            reader="json",
            recognise=_is_members,
            mappings=(
                Mapping("vendor_name", "member_names.sql", "upsert"),
                Mapping("person", "members.sql", "upsert"),
            ),
            names={"external_id": "email"},
        ),
    ),
    fetch=fetch,
    config_fields=("team_id", "api_url"),
    rights="An Admin API key of the team, which an administrator makes in Cursor's dashboard.",
)  # fmt: skip
