"""Slug -> where the connector lives. One line each."""

from functools import cache
from importlib import import_module

from billing_ingest.connector import Connector

CONNECTORS = {
    "focus": "billing_ingest.connectors.focus.connector",
    "usage_csv": "billing_ingest.connectors.usage_csv.connector",
    "outcomes_csv": "billing_ingest.connectors.outcomes_csv.connector",
    "people_csv": "billing_ingest.connectors.people_csv.connector",
    "invoices_csv": "billing_ingest.connectors.invoices_csv.connector",
    "anthropic": "billing_ingest.connectors.anthropic.connector",
    "github": "billing_ingest.connectors.github.connector",
    "github_copilot": "billing_ingest.connectors.github_copilot.connector",
    "cursor": "billing_ingest.connectors.cursor.connector",
}


@cache
def connector(slug: str) -> Connector:
    """Return the connector; KeyError when there is none of that name."""
    found: Connector = import_module(CONNECTORS[slug]).CONNECTOR
    return found
