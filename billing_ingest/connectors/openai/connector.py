"""OpenAI: the organisation's costs are the bill, its usage of every kind is the evidence."""

from collections.abc import Callable
from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.openai.fetch import fetch
from billing_ingest.connectors.openai.kinds import IN_TOKENS, KINDS, Kind

MAPPING_VERSION = 1
DASHBOARD = (
    "start_time", "end_time", "start_time_iso", "end_time_iso", "amount_currency", "quantity",
    "quantity_unit", "line_item", "user_id", "api_key_id", "project_id", "organization_id",
    "project_name", "organization_name", "user_email", "api_source",
)  # fmt: skip


def _says(sniff: Sniff, *words: str) -> bool:
    """Say whether the beginning of a JSON file uses all these words in quotes."""
    return all(f'"{word}"'.encode() in sniff.head for word in words)


def _by_object(name: str, reason: str) -> Callable[[Sniff], str | None]:
    """Recognise answers whose parts call themselves by this name."""
    return lambda sniff: reason if _says(sniff, "object", name) else None


def _is_dashboard(sniff: Sniff) -> str | None:
    columns = set(sniff.header)
    if {"amount_value", "amount_currency"} <= columns and columns & {
        "start_time",
        "start_time_iso",
    }:
        return "it has the columns amount_value and amount_currency of a cost export"
    return None


def _is_users(sniff: Sniff) -> str | None:
    if _says(sniff, "organization.user") or _says(sniff, "organization.project.user"):
        return "it has users of an organisation or project"
    return None


def _is_api_keys(sniff: Sniff) -> str | None:
    if _says(sniff, "organization.project.api_key") or _says(sniff, "organization.admin_api_key"):
        return "it has API keys and who holds them"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the files of this vendor that are known and not read."""
    if _says(sniff, "data", "email", "has_more", "next") and not _says(sniff, "object", "role"):
        return "These are the members of a group, without their groups. Give the list of users."
    if b'"organization.usage.' in sniff.head:
        return "This usage is of a kind that is not read yet."
    if b'"page"' in sniff.head and b'"bucket"' in sniff.head:
        return "Nothing was used in the days of this report: it has no results."
    return None


def _usage(kind: Kind) -> Document:
    name = f"organization.usage.{kind.object}.result"
    return Document(
        name=f"usage_{kind.name}",
        label=f"an OpenAI usage report of {kind.name.replace('_', ' ')}",
        reader="json",
        recognise=_by_object(name, f"it has buckets of {name}"),
        mappings=(
            Mapping(
                "usage",
                "usage_tokens.sql" if kind.field == IN_TOKENS else "usage_counts.sql",
                "day",
            ),
        ),
        names={
            "occurred_at": "start_time",
            "quantity": kind.field,
            "requests": "num_model_requests",
        },
    )


CONNECTOR = Connector(
    slug="openai",
    label="OpenAI",
    folder=Path(__file__).parent,
    brings=("charges", "usage", "names", "people"),
    mapping_version=MAPPING_VERSION,
    trailing_days=7,
    history_days=365,
    restates="Recent days, without saying for how long; the month before is read again in its first week.",
    gaps="ChatGPT seats and enterprise agreements are billed elsewhere.",
    documents=(
        Document(
            name="costs",
            label="an OpenAI report of costs",
            reader="json",
            recognise=_by_object("organization.costs.result", "it has daily buckets of costs"),
            mappings=(Mapping("charge", "costs.sql", "day"),),
            names={
                "billed_cost": "amount.value", "effective_cost": "amount.value",
                "billing_currency": "amount.currency", "charge_period_start": "start_time",
                "charge_period_end": "end_time",
            },
        ),
        *(_usage(kind) for kind in KINDS),
        Document(
            name="users",
            label="the users of an OpenAI organisation",
            reader="json",
            recognise=_is_users,
            mappings=(
                Mapping("person", "people.sql", "upsert"),
                Mapping("vendor_name", "users.sql", "upsert"),
            ),
            names={"identities": "id", "external_id": "id"},
        ),
        Document(
            name="projects",
            label="the projects of an OpenAI organisation",
            reader="json",
            recognise=_by_object("organization.project", "it has projects"),
            mappings=(Mapping("vendor_name", "projects.sql", "upsert"),),
            names={"external_id": "id"},
        ),
        Document(
            name="api_keys",
            label="the API keys of an OpenAI organisation",
            reader="json",
            recognise=_is_api_keys,
            mappings=(Mapping("vendor_name", "api_keys.sql", "upsert"),),
            names={"external_id": "id"},
        ),
        Document(
            name="dashboard_costs",
            label="a cost export of the OpenAI dashboard",
            reader="csv",
            recognise=_is_dashboard,
            mappings=(Mapping("charge", "dashboard_costs.sql", "day"),),
            required=("amount_value",),
            optional=DASHBOARD,
            names={
                "billed_cost": "amount_value", "effective_cost": "amount_value",
                "billing_currency": "amount_currency", "charge_period_start": "start_time",
                "charge_period_end": "end_time",
            },
        ),
    ),
    fetch=fetch,
    declines=_declines,
    config_fields=("organization_id", "api_url"),
    rights="An admin key (it begins with sk-admin), made by an owner. A project's key is refused.",
)  # fmt: skip
