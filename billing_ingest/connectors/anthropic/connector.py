"""Anthropic: the organisation's cost report is the bill, its usage reports are the evidence."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.anthropic.fetch import fetch

MAPPING_VERSION = 1


def _has(sniff: Sniff, *names: str) -> bool:
    """Say whether the beginning of a JSON file uses all these names."""
    return all(f'"{name}"'.encode() in sniff.head for name in names)


def _is_cost_report(sniff: Sniff) -> str | None:
    if _has(sniff, "results", "amount", "currency", "cost_type"):
        return "it has daily buckets of results with an amount in cents"
    return None


def _is_messages(sniff: Sniff) -> str | None:
    if _has(sniff, "results", "uncached_input_tokens", "cache_creation"):
        return "it has buckets of results with token counts"
    return None


def _is_claude_code(sniff: Sniff) -> str | None:
    if _has(sniff, "actor", "terminal_type", "model_breakdown"):
        return "it has the activity of people and keys in Claude Code"
    return None


def _is_users(sniff: Sniff) -> str | None:
    if _has(sniff, "data", "email", "role", "added_at"):
        return "it has the members of an organisation"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the files of this vendor that are known and not read."""
    if _has(sniff, "group", "starting_at"):
        return (
            "This is an answer of Anthropic's analytics API, which is not read yet. "
            "Give the cost report of the Admin API instead."
        )
    if "usage_date_utc" in sniff.header:
        return (
            "This is a CSV export of the Anthropic Console, which is not read yet. "
            "Give the cost report of the Admin API instead."
        )
    if _has(sniff, "partial_key_hint"):
        return "This is a list of API keys. It holds no costs and no usage."
    if _has(sniff, "display_color"):
        return "This is a list of workspaces. It holds no costs and no usage."
    return None


CONNECTOR = Connector(
    slug="anthropic",
    label="Anthropic",
    folder=Path(__file__).parent,
    brings=("charges", "usage", "people"),
    mapping_version=MAPPING_VERSION,
    trailing_days=3,
    history_days=365,
    restates="Reports of a day grow and change for up to three days.",
    documents=(
        Document(
            name="cost_report",
            label="an Anthropic cost report",
            reader="json",
            recognise=_is_cost_report,
            mappings=(Mapping("charge", "cost_report.sql", "day"),),
            names={"billed_cost": "amount", "billing_currency": "currency"},
        ),
        Document(
            name="usage_report_messages",
            label="an Anthropic usage report of messages",
            reader="json",
            recognise=_is_messages,
            mappings=(Mapping("usage", "usage_report_messages.sql", "day"),),
            names={
                "occurred_at": "starting_at",
                "input_tokens": "uncached_input_tokens",
                "cached_input_tokens": "cache_read_input_tokens",
                "cache_write_tokens": "cache_creation",
            },
        ),
        Document(
            name="usage_report_claude_code",
            label="an Anthropic usage report of Claude Code",
            reader="json",
            recognise=_is_claude_code,
            mappings=(Mapping("usage", "usage_report_claude_code.sql", "day"),),
            names={"occurred_at": "date", "list_cost": "estimated_cost.amount"},
        ),
        Document(
            name="users",
            label="the members of an Anthropic organisation",
            reader="json",
            recognise=_is_users,
            mappings=(Mapping("person", "users.sql", "upsert"),),
            names={"identities": "id"},
        ),
    ),
    fetch=fetch,
    declines=_declines,
    config_fields=("organization_id", "api_url"),
    rights="An Admin API key (it begins with sk-ant-admin). A workspace's key is refused.",
)
