"""Langfuse: observations of calls; their cost is an estimate, never a bill."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.langfuse.fetch import fetch


def _is_observations(sniff: Sniff) -> str | None:
    is_json = sniff.head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    names = (b'"traceId"', b'"startTime"', b'"type"')
    if is_json and all(name in sniff.head for name in names):
        return "it has observations of traces"
    return None


CONNECTOR = Connector(
    slug="langfuse",
    label="Langfuse",
    folder=Path(__file__).parent,
    brings=("usage",),
    trailing_days=2,
    history_days=90,
    restates="An observation may be completed or priced anew after its call.",
    gaps="No money: cost is an estimate. Who served a model is told from its name.",
    documents=(
        Document(
            name="observations",
            label="observations of Langfuse",
            reader="json",
            recognise=_is_observations,
            mappings=(Mapping("usage", "observations.sql", "object"),),
            names={
                "request_id": "id", "occurred_at": "startTime", "list_cost": "totalCost",
                "input_tokens": "usageDetails.input", "output_tokens": "usageDetails.output",
            },
        ),
    ),
    fetch=fetch,
    config_fields=("public_key", "api_url"),
    rights="The secret key of a project; its public key stands beside it.",
)  # fmt: skip
