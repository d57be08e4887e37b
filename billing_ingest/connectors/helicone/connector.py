"""Helicone: the requests of a gateway; their cost is an estimate, never a bill."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.helicone.fetch import fetch


def _is_requests(sniff: Sniff) -> str | None:
    is_json = sniff.head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    names = (b'"request_id"', b'"request_created_at"', b'"request_model"')
    if is_json and all(name in sniff.head for name in names):
        return "it has requests as Helicone keeps them"
    return None


CONNECTOR = Connector(
    slug="helicone",
    label="Helicone",
    folder=Path(__file__).parent,
    brings=("usage",),
    trailing_days=2,
    history_days=90,
    restates="Costs may be computed anew. Nothing is known for certain.",
    gaps="No money: cost is an estimate. Low certainty: compare one day with the dashboard.",
    documents=(
        Document(
            name="requests",
            label="requests of Helicone",
            reader="json",
            recognise=_is_requests,
            mappings=(Mapping("usage", "requests.sql", "object"),),
            names={
                "occurred_at": "request_created_at", "list_cost": "cost",
                "input_tokens": "prompt_tokens", "output_tokens": "completion_tokens",
            },
        ),
    ),
    fetch=fetch,
    config_fields=("api_url",),
    rights="An API key of the organisation that may read requests.",
)  # fmt: skip
