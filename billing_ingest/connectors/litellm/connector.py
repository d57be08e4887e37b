"""LiteLLM: a proxy's log of requests. What it says of cost is its own estimate, never a bill."""

from collections.abc import Callable
from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.litellm.fetch import fetch

NAMES = {
    "occurred_at": "startTime", "list_cost": "spend|response_cost", "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
}  # fmt: skip
COLUMNS = (
    "call_type", "api_key", "prompt_tokens", "completion_tokens", "model", "model_group",
    "custom_llm_provider", "user", "end_user", "team_id", "organization_id", "metadata", "cache_hit",
    "request_tags", "session_id", "status",
)  # fmt: skip


def _has(sniff: Sniff, *names: str) -> bool:
    """Say whether the beginning of a JSON file uses all these names."""
    is_json = sniff.head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    return is_json and all(f'"{name}"'.encode() in sniff.head for name in names)


def _is_rows(sniff: Sniff) -> str | None:
    if _has(sniff, "request_id", "spend", "startTime", "call_type"):
        return "it has rows of LiteLLM's spend logs"
    return None


def _is_table(sniff: Sniff) -> str | None:
    if {"request_id", "spend", "startTime", "call_type"} <= set(sniff.header):
        return "it has the columns of the table LiteLLM_SpendLogs"
    return None


def _is_payload(sniff: Sniff) -> str | None:
    if _has(sniff, "call_type", "saved_cache_cost", "startTime"):
        return "it has requests as LiteLLM's loggers write them"
    return None


def _is_daily(sniff: Sniff) -> str | None:
    if _has(sniff, "results", "metrics", "breakdown", "api_requests"):
        return "it has a proxy's daily activity"
    return None


def _is_keys(sniff: Sniff) -> str | None:
    return "it has the keys of a proxy" if _has(sniff, "token", "key_alias") else None


def _is_teams(sniff: Sniff) -> str | None:
    return "it has the teams of a proxy" if _has(sniff, "team_alias", "team_id") else None


def _is_users(sniff: Sniff) -> str | None:
    if _has(sniff, "users", "user_email", "user_role"):
        return "it has the users of a proxy"
    return None


def _names(name: str, label: str, key: str, recognise: Callable[[Sniff], str | None]) -> Document:
    return Document(
        name=name, label=label, reader="json", recognise=recognise,
        mappings=(Mapping("vendor_name", "names.sql", "upsert"),), names={"external_id": key},
    )  # fmt: skip


def _declines(sniff: Sniff) -> str | None:
    if _has(sniff, "startTime", "spend", "models") or _has(sniff, "startTime", "spend", "users"):
        return "These are sums by day without requests. Ask /spend/logs with summarize=false."
    return None


CONNECTOR = Connector(
    slug="litellm",
    label="LiteLLM",
    folder=Path(__file__).parent,
    brings=("usage", "names"),
    trailing_days=2,
    history_days=365,
    restates="Rows come in batches after the call; the cost of a streamed answer may be corrected.",
    gaps="No money: cost is the proxy's estimate. Names of keys and users come by API only.",
    documents=(
        Document(
            name="spend_logs",
            label="rows of LiteLLM's spend logs",
            reader="json",
            recognise=_is_rows,
            mappings=(Mapping("usage", "spend_logs.sql", "object"),),
            names=NAMES,
        ),
        Document(
            name="spend_logs_table",
            label="a dump of the table LiteLLM_SpendLogs",
            reader="csv",
            recognise=_is_table,
            mappings=(Mapping("usage", "spend_logs_table.sql", "object"),),
            required=("request_id", "spend", "startTime"),
            optional=COLUMNS,
            null_words=("NULL", "\\N"),
            names=NAMES,
        ),
        Document(
            name="payloads",
            label="requests as LiteLLM's loggers write them",
            reader="json",
            recognise=_is_payload,
            mappings=(Mapping("usage", "payloads.sql", "object"),),
            names=NAMES | {"request_id": "id"},
        ),
        Document(
            name="daily_activity",
            label="the daily activity of a LiteLLM proxy",
            reader="json",
            recognise=_is_daily,
            mappings=(Mapping("usage", "daily_activity.sql", "day"),),
            names={"occurred_at": "date", "list_cost": "spend", "input_tokens": "prompt_tokens"},
        ),
        _names("keys", "the keys of a LiteLLM proxy", "token", _is_keys),
        _names("teams", "the teams of a LiteLLM proxy", "team_id", _is_teams),
        _names("users", "the users of a LiteLLM proxy", "user_id", _is_users),
    ),
    fetch=fetch,
    declines=_declines,
    config_fields=("api_url", "activity", "bucket", "prefix", "region", "access_key_id", "endpoint_url"),
    rights=(
        "The proxy's master key or an admin's key; or, for a drop in S3, the secret of an access "
        "key that may list and read the bucket."
    ),
)  # fmt: skip
