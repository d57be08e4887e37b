"""GitHub Copilot: use in AI credits and premium requests, seats, and what people did with them."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.github_copilot.fetch import fetch

AMOUNTS = ("gross_amount", "net_amount")
PLACES = ("organization", "repository", "cost_center_name")
CSV_OPTIONAL = (
    "date", "usage_at", "username", "model", "quantity", "unit_type", "applied_cost_per_quantity",
    "discount_amount", "total_monthly_quota", "aic_quantity", "aic_gross_amount", "workflow_path",
    "workflow_name", *PLACES,
)  # fmt: skip
CSV_NAMES = {
    "billed_cost": "net_amount", "effective_cost": "net_amount", "list_cost": "gross_amount",
    "list_unit_price": "applied_cost_per_quantity", "consumed_quantity": "quantity",
    "pricing_quantity": "quantity", "charge_period_start": "date", "charge_period_end": "date",
    "billing_period_start": "date", "billing_period_end": "date",
}  # fmt: skip
JSON_NAMES = {
    "billed_cost": "netAmount", "effective_cost": "netAmount", "list_cost": "grossAmount",
    "list_unit_price": "pricePerUnit", "consumed_quantity": "grossQuantity",
    "pricing_quantity": "grossQuantity",
}  # fmt: skip


def _has(sniff: Sniff, *names: str) -> bool:
    """Say whether the beginning of a JSON file uses all these names."""
    is_json = sniff.head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    return is_json and all(f'"{name}"'.encode() in sniff.head for name in names)


def _columns(sniff: Sniff) -> set[str]:
    return {name.lower() for name in sniff.header}


def _is_ai_usage(sniff: Sniff) -> str | None:
    if {"date", "sku", "net_amount", "aic_gross_amount"} <= _columns(sniff):
        return "it has the columns net_amount and aic_gross_amount"
    return None


def _is_usage_report(sniff: Sniff) -> str | None:
    names = _columns(sniff)
    if {"product", "sku", *AMOUNTS} <= names and names & {"date", "usage_at"}:
        return "it has the columns product, sku, gross_amount and net_amount"
    return None


def _is_premium_requests(sniff: Sniff) -> str | None:
    if {"timestamp", "user", "requests used", "exceeds monthly quota"} <= _columns(sniff):
        return "it has the columns Requests Used and Exceeds Monthly Quota"
    return None


def _is_ai_usage_days(sniff: Sniff) -> str | None:
    if _has(sniff, "usageItems", "timePeriod", "month", "day", "netAmount"):
        return "it has usage items of one day"
    return None


def _is_ai_usage_month(sniff: Sniff) -> str | None:
    if _has(sniff, "usageItems", "timePeriod", "month", "netAmount") and not _has(sniff, "day"):
        return "it has usage items of one month"
    return None


def _is_billing_usage(sniff: Sniff) -> str | None:
    if _has(sniff, "usageItems", "date", "netAmount") and not _has(sniff, "timePeriod"):
        return "it has usage items with their dates"
    return None


def _is_seats(sniff: Sniff) -> str | None:
    if _has(sniff, "seats", "total_seats"):
        return "it has the seats of an organisation"
    return None


def _is_seats_table(sniff: Sniff) -> str | None:
    is_table = {"params", "data", "url"} <= _columns(sniff)
    if is_table and b"plan_type" in sniff.head and b"assignee" in sniff.head:
        return "its column data holds seats of Copilot"
    return None


def _is_user_metrics(sniff: Sniff) -> str | None:
    is_user = _has(sniff, "user_id") and (_has(sniff, "user_login") or _has(sniff, "login"))
    is_dated = _has(sniff, "day") or _has(sniff, "report_day")
    if is_user and is_dated and _has(sniff, "user_initiated_interaction_count"):
        return "it has what each user did on a day"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the files of this vendor that are known and not read."""
    if _has(sniff, "download_links"):
        return "This holds links to a report that are valid for a short while, not the report."
    if _has(sniff, "user_totals", "total_active_days"):
        return (
            "This adds up 28 days of each user, so no day can be told from it. "
            "Give the report of users by day instead."
        )
    if _has(sniff, "user_initiated_interaction_count"):
        return (
            "This is the activity of the whole organisation, which the report of users says "
            "person by person. Give that one instead, or the same use would count twice."
        )
    if _has(sniff, "copilot_ide_chat") or _has(sniff, "total_suggestions_count"):
        return (
            "This comes from an address that GitHub has closed, and it names no users and no "
            "money. Give the report of users by day instead."
        )
    if _has(sniff, "usageItems", "timePeriod"):
        return "This covers a whole year. Ask for it by month or by day."
    if "suggestions" in _columns(sniff) or {"params", "data", "url"} <= _columns(sniff):
        return "This is a table of another tool. Give what GitHub itself exports."
    return None


CONNECTOR = Connector(
    slug="github_copilot",
    label="GitHub Copilot",
    folder=Path(__file__).parent,
    brings=("charges", "usage", "seats"),
    default_scope="ai",
    trailing_days=5,
    history_days=365,
    restates="Days of the open month: use grows, and included quota is shared out anew.",
    gaps="The list of seats has no prices; use is in requests and credits, not in tokens.",
    documents=(
        Document(
            name="ai_usage",
            label="a GitHub report of AI usage",
            reader="csv",
            recognise=_is_ai_usage,
            mappings=(Mapping("charge", "charges_csv.sql", "day"),),
            required=("date", "product", "sku", *AMOUNTS),
            optional=tuple(name for name in CSV_OPTIONAL if name != "date"),
            dates=("date",),
            names=CSV_NAMES,
        ),
        Document(
            name="usage_report",
            label="a GitHub usage report",
            reader="csv",
            recognise=_is_usage_report,
            mappings=(Mapping("charge", "charges_csv.sql", "day"),),
            required=("product", "sku", *AMOUNTS),
            optional=CSV_OPTIONAL,
            dates=("date", "usage_at"),
            names=CSV_NAMES,
        ),
        Document(
            name="premium_requests",
            label="a GitHub report of premium requests",
            reader="csv",
            recognise=_is_premium_requests,
            mappings=(Mapping("usage", "premium_requests.sql", "day"),),
            required=("Timestamp", "User", "Model", "Requests Used", "Exceeds Monthly Quota"),
            optional=("Total Monthly Quota",),
            names={"occurred_at": "Timestamp", "quantity": "Requests Used"},
        ),
        Document(
            name="ai_usage_days",
            label="GitHub's AI usage by day",
            reader="json",
            recognise=_is_ai_usage_days,
            mappings=(Mapping("charge", "charges_json.sql", "day"),),
            names=JSON_NAMES,
        ),
        Document(
            name="ai_usage_month",
            label="GitHub's AI usage of a month",
            reader="json",
            recognise=_is_ai_usage_month,
            mappings=(Mapping("charge", "charges_json.sql", "billing_period"),),
            names=JSON_NAMES,
        ),
        Document(
            name="billing_usage",
            label="GitHub's usage by date and product",
            reader="json",
            recognise=_is_billing_usage,
            mappings=(Mapping("charge", "charges_json.sql", "day"),),
            names=JSON_NAMES,
        ),
        Document(
            name="seats",
            label="the Copilot seats of an organisation",
            reader="json",
            recognise=_is_seats,
            mappings=(Mapping("seat", "seats.sql", "upsert"),),
            names={"assigned_from": "created_at", "last_active_at": "last_activity_at"},
        ),
        Document(
            name="seats_raw_table",
            label="a raw table of Copilot seats",
            reader="csv",
            recognise=_is_seats_table,
            mappings=(Mapping("seat", "seats_raw_table.sql", "upsert"),),
            required=("data",),
            optional=("params", "url"),
            names={"assigned_from": "data", "holder": "data"},
        ),
        Document(
            name="user_metrics",
            label="a Copilot report of users by day",
            reader="json",
            recognise=_is_user_metrics,
            mappings=(Mapping("usage", "user_metrics.sql", "day"),),
            names={"occurred_at": "day", "requests": "user_initiated_interaction_count"},
        ),
    ),
    fetch=fetch,
    declines=_declines,
    config_fields=("organization", "enterprise", "usage_metrics", "api_url"),
    rights=(
        "A token of an owner or billing manager: manage_billing:copilot for seats, read:org for "
        "the reports of users, and billing of the organisation or enterprise."
    ),
)
