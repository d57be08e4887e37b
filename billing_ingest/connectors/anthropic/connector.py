"""Anthropic: the organisation's cost report is the bill, its usage reports are the evidence."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.anthropic.fetch import fetch

MAPPING_VERSION = 2


def _has(sniff: Sniff, *names: str) -> bool:
    """Say whether the beginning of a JSON file uses all these names."""
    return all(f'"{name}"'.encode() in sniff.head for name in names)


def _is_cost_report(sniff: Sniff) -> str | None:
    if (
        _has(sniff, "results", "amount", "currency", "cost_type")
        and b'"list_amount"' not in sniff.head
    ):
        return "it has daily buckets of results with an amount in cents"
    return None


def _is_messages(sniff: Sniff) -> str | None:
    is_other = b'"total_tokens"' in sniff.head
    if _has(sniff, "results", "uncached_input_tokens", "cache_creation") and not is_other:
        return "it has buckets of results with token counts"
    return None


def _is_claude_code(sniff: Sniff) -> str | None:
    if _has(sniff, "actor", "terminal_type", "model_breakdown"):
        return "it has the activity of people and keys in Claude Code"
    return None


def _is_users(sniff: Sniff) -> str | None:
    if _has(sniff, "data", "email", "role", "added_at") and not _has(sniff, "object"):
        return "it has the members of an organisation"
    return None


def _is_analytics_cost(sniff: Sniff) -> str | None:
    if _has(sniff, "group", "starting_at", "cost", "list_amount"):
        return "it has rows of groups with an amount in cents, as the analytics API gives them"
    return None


def _is_analytics_usage(sniff: Sniff) -> str | None:
    if _has(sniff, "group", "starting_at", "usage", "uncached_input_tokens"):
        return "it has rows of groups with token counts, as the analytics API gives them"
    return None


def _is_workspaces(sniff: Sniff) -> str | None:
    return "it has workspaces" if _has(sniff, "data", "display_color") else None


def _is_api_keys(sniff: Sniff) -> str | None:
    return "it has API keys" if _has(sniff, "data", "partial_key_hint") else None


def _is_console_costs(sniff: Sniff) -> str | None:
    if {"usage_date_utc", "cost_usd", "model"} <= set(sniff.header):
        return "it has the columns usage_date_utc and cost_usd"
    return None


def _is_console_usage(sniff: Sniff) -> str | None:
    if {"usage_date_utc", "usage_output_tokens"} <= set(sniff.header):
        return "it has the columns usage_date_utc and usage_output_tokens"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the files of this vendor that are known and not read."""
    if _has(sniff, "period_to_date_spend"):
        return "These are spending limits. What was spent is in the cost report."
    if _has(sniff, "data", "starting_at", "results") and (
        b'"list_amount"' in sniff.head or b'"total_tokens"' in sniff.head
    ):
        return (
            "This is an older answer of the analytics API, which leaves small groups out without "
            "saying so. Give analytics/cost and analytics/usage instead."
        )
    return None


CONNECTOR = Connector(
    slug="anthropic",
    label="Anthropic",
    folder=Path(__file__).parent,
    brings=("charges", "usage", "names", "people"),
    mapping_version=MAPPING_VERSION,
    trailing_days=3,
    history_days=365,
    restates="Reports of a day grow and change for up to three days, analytics for up to 30.",
    gaps="Priority Tier, Claude seats and what clouds resell are billed elsewhere.",
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
            mappings=(
                Mapping("person", "users.sql", "upsert"),
                Mapping("vendor_name", "user_names.sql", "upsert"),
            ),
            names={"identities": "id", "external_id": "id"},
        ),
        Document(
            name="workspaces",
            label="the workspaces of an Anthropic organisation",
            reader="json",
            recognise=_is_workspaces,
            mappings=(Mapping("vendor_name", "workspaces.sql", "upsert"),),
            names={"external_id": "id"},
        ),
        Document(
            name="api_keys",
            label="the API keys of an Anthropic organisation",
            reader="json",
            recognise=_is_api_keys,
            mappings=(Mapping("vendor_name", "api_keys.sql", "upsert"),),
            names={"external_id": "id"},
        ),
        Document(
            name="analytics_cost",
            label="costs of Anthropic's analytics API",
            reader="json",
            recognise=_is_analytics_cost,
            mappings=(Mapping("charge", "analytics_cost.sql", "day"),),
            names={
                "billed_cost": "cost.amount", "effective_cost": "cost.amount",
                "list_cost": "cost.list_amount", "billing_currency": "cost.currency",
                "charge_period_start": "starting_at", "charge_period_end": "ending_at",
            },
        ),
        Document(
            name="analytics_usage",
            label="usage of Anthropic's analytics API",
            reader="json",
            recognise=_is_analytics_usage,
            mappings=(Mapping("usage", "analytics_usage.sql", "day"),),
            names={"occurred_at": "starting_at", "input_tokens": "uncached_input_tokens"},
        ),
        Document(
            name="console_costs",
            label="a cost export of the Anthropic Console",
            reader="csv",
            recognise=_is_console_costs,
            mappings=(Mapping("charge", "console_costs.sql", "day"),),
            required=("usage_date_utc", "model", "cost_usd"),
            optional=(
                "workspace", "api_key", "usage_type", "context_window", "token_type",
                "list_price_usd", "cost_type", "inference_geo", "speed", "api_key_id",
                "api_key_status",
            ),
            names={
                "billed_cost": "cost_usd", "effective_cost": "cost_usd",
                "list_cost": "list_price_usd", "charge_period_start": "usage_date_utc",
            },
        ),
        Document(
            name="console_usage",
            label="a usage export of the Anthropic Console",
            reader="csv",
            recognise=_is_console_usage,
            mappings=(Mapping("usage", "console_usage.sql", "day"),),
            required=("usage_date_utc", "model_version", "usage_output_tokens"),
            optional=(
                "api_key", "workspace", "usage_type", "context_window", "usage_input_tokens_no_cache",
                "usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h",
                "usage_input_tokens_cache_read", "web_search_count", "inference_geo", "speed",
            ),
            names={
                "occurred_at": "usage_date_utc", "input_tokens": "usage_input_tokens_no_cache",
                "cached_input_tokens": "usage_input_tokens_cache_read",
                "output_tokens": "usage_output_tokens", "quantity": "web_search_count",
            },
        ),
    ),
    fetch=fetch,
    declines=_declines,
    config_fields=("organization_id", "reports", "api_url"),
    rights=(
        "An Admin API key (it begins with sk-ant-admin); for the analytics reports also an Analytics "
        "API key. A workspace's key is refused."
    ),
)  # fmt: skip
