"""Slug -> where the connector lives. One line each."""

from importlib import import_module

from billing_ingest.connector import Connector

CONNECTORS = {
    "azure": "billing_ingest.connectors.azure.connector",
    "gcp": "billing_ingest.connectors.gcp.connector",
    "aws": "billing_ingest.connectors.aws.connector",
    "focus": "billing_ingest.connectors.focus.connector",
    "usage_csv": "billing_ingest.connectors.usage_csv.connector",
    "outcomes_csv": "billing_ingest.connectors.outcomes_csv.connector",
    "people_csv": "billing_ingest.connectors.people_csv.connector",
    "invoices_csv": "billing_ingest.connectors.invoices_csv.connector",
    "fx_csv": "billing_ingest.connectors.fx_csv.connector",
    "anthropic": "billing_ingest.connectors.anthropic.connector",
    "otlp": "billing_ingest.connectors.otlp.connector",
    "claude_code_local": "billing_ingest.connectors.claude_code_local.connector",
    "codex_local": "billing_ingest.connectors.codex_local.connector",
    "openai": "billing_ingest.connectors.openai.connector",
    "github": "billing_ingest.connectors.github.connector",
    "seats_csv": "billing_ingest.connectors.seats_csv.connector",
    "resolutions_csv": "billing_ingest.connectors.resolutions_csv.connector",
    "typed_bills": "billing_ingest.connectors.typed_bills.connector",
    "github_copilot": "billing_ingest.connectors.github_copilot.connector",
    "cursor": "billing_ingest.connectors.cursor.connector",
    "litellm": "billing_ingest.connectors.litellm.connector",
    "openrouter": "billing_ingest.connectors.openrouter.connector",
    "langfuse": "billing_ingest.connectors.langfuse.connector",
    "helicone": "billing_ingest.connectors.helicone.connector",
    # Last: what people say of a file counts when no vendor's connector knows it.
    "mapped": "billing_ingest.connectors.mapped.connector",
}


def connector(slug: str) -> Connector:
    """Return the connector; KeyError when there is none of that name."""
    module = import_module(CONNECTORS[slug])
    found: Connector = module.now() if hasattr(module, "now") else module.CONNECTOR
    return found
