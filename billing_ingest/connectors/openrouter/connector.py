"""OpenRouter: what left the account's credits by day, or by generation, is bill and log in one."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.openrouter.fetch import fetch

COLUMNS = (
    "cost_web_search", "cost_cache", "cost_file_processing", "byok_usage_inference", "tokens_cached",
    "tokens_reasoning", "provider_name", "variant", "cancelled", "streamed", "user",
    "finish_reason_raw", "finish_reason_normalized", "generation_time_ms", "time_to_first_token_ms",
    "api_key_disabled", "api_key_name", "app_name",
)  # fmt: skip
REQUIRED = (
    "generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug",
)  # fmt: skip


def _has(sniff: Sniff, *names: str) -> bool:
    """Say whether the beginning of a JSON file uses all these names."""
    is_json = sniff.head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    return is_json and all(f'"{name}"'.encode() in sniff.head for name in names)


def _is_activity(sniff: Sniff) -> str | None:
    if _has(sniff, "data", "model_permaslug", "usage", "date"):
        return "it has the activity of an OpenRouter account by day"
    return None


def _is_export(sniff: Sniff) -> str | None:
    if {"generation_id", "cost_total", "model_permaslug"} <= set(sniff.header):
        return "it has the columns of OpenRouter's export of generations"
    return None


def _is_generation(sniff: Sniff) -> str | None:
    if _has(sniff, "data", "native_tokens_prompt", "usage"):
        return "it has a generation of OpenRouter"
    return None


CONNECTOR = Connector(
    slug="openrouter",
    label="OpenRouter",
    folder=Path(__file__).parent,
    brings=("charges", "usage"),
    trailing_days=3,
    history_days=30,
    restates="A completed day rarely changes; it is read again for three days to be safe.",
    gaps="Purchases of credits, their fee and people are not in the activity.",
    documents=(
        Document(
            name="activity",
            label="the activity of an OpenRouter account",
            reader="json",
            recognise=_is_activity,
            mappings=(
                Mapping("usage", "activity_usage.sql", "day"),
                Mapping("charge", "activity_charges.sql", "day"),
            ),
            names={"billed_cost": "usage", "list_cost": "usage", "occurred_at": "date"},
        ),
        Document(
            name="generations_export",
            label="OpenRouter's export of generations",
            reader="csv",
            recognise=_is_export,
            mappings=(
                Mapping("usage", "export_usage.sql", "day"),
                Mapping("charge", "export_charges.sql", "day"),
            ),
            required=REQUIRED,
            optional=COLUMNS,
            names={"billed_cost": "cost_total", "list_cost": "cost_total", "occurred_at": "created_at"},
        ),
        Document(
            name="generation",
            label="a generation of OpenRouter",
            reader="json",
            recognise=_is_generation,
            mappings=(Mapping("usage", "generation.sql", "object"),),
            names={"occurred_at": "created_at", "list_cost": "usage"},
        ),
    ),
    fetch=fetch,
    config_fields=("organization_id", "api_url"),
    rights="A management key of the account; a key for inference is refused.",
)  # fmt: skip
