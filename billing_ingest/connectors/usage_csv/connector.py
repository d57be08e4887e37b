"""Usage logs of any gateway or tool, in our own CSV form: who used what, when, for which work."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Packing, Sniff
from billing_ingest.tables import COUNTS, MEASURES

REQUIRED = ("occurred_at", "provider")
OPTIONAL = (
    "person", "api_key", "project", "repo", "branch", "session", "pr", "ticket", "conversation", "model",
    "service_tier", "requests", "failed_requests", "input_tokens", "cached_input_tokens",
    "cache_write_tokens", "output_tokens", "list_cost", "billing_scope", "tags", "request_id",
    "retried_requests", "empty_requests", "cache_write_1h_tokens", "meter", "quantity", "unit",
    "failed_list_cost", "retried_list_cost", "empty_list_cost",
)  # fmt: skip
COSTS = ("list_cost", "failed_list_cost", "retried_list_cost", "empty_list_cost", "quantity")
PACKING = Packing("occurred_at", COUNTS, COSTS, "request_id")


def recognise(sniff: Sniff) -> str | None:
    """A usage log of ours names a time, a provider and a measure."""
    names = set(sniff.header)
    if names.issuperset(REQUIRED) and names & set(MEASURES):
        return "it has the columns occurred_at, provider and a measure"
    return None


CONNECTOR = Connector(
    slug="usage_csv",
    label="Usage log (CSV)",
    folder=Path(__file__).parent,
    brings=("usage",),
    documents=(
        Document(
            name="usage",
            label="a usage log in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("usage", "usage.sql", "object", PACKING),),
            required=REQUIRED,
            optional=OPTIONAL,
            names={
                "actor": "person", "team": "tags", "deal": "tags", "is_shared": "tags", "is_excluded": "tags",
            },
        ),
    ),
)  # fmt: skip
