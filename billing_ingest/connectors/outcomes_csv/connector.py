"""Outcomes of any tool, in our own CSV form: what was worked on, by whom, and what became of it."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff

REQUIRED = ("kind", "external_id", "state", "occurred_at")
OPTIONAL = (
    "idempotency_key", "source", "started_at", "team", "person_emails", "repo", "branch", "session_ids",
    "value_amount", "value_currency", "links", "title", "url", "lines_added", "lines_deleted",
    "first_review_at", "deployed_at",
)  # fmt: skip


def recognise(sniff: Sniff) -> str | None:
    """A list of outcomes names kind, external_id, state and occurred_at."""
    if set(sniff.header).issuperset(REQUIRED):
        return "it has the columns kind, external_id, state and occurred_at"
    return None


CONNECTOR = Connector(
    slug="outcomes_csv",
    label="Outcomes (CSV)",
    folder=Path(__file__).parent,
    brings=("outcomes",),
    documents=(
        Document(
            name="outcomes",
            label="a list of outcomes in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("work_item", "work_item.sql", "upsert"),),
            required=REQUIRED,
            optional=OPTIONAL,
            expected={"keys": "s7;s8 or s7=120;s8=80", "links": "reverts:ID;fixes:ID"},
            names={
                "key": "external_id", "version_at": "occurred_at", "completed_at": "occurred_at",
                "closed_at": "occurred_at", "created_at": "occurred_at", "number": "external_id",
                "people": "person_emails", "keys": "session_ids", "size_added": "lines_added",
                "size_deleted": "lines_deleted",
            },
        ),
    ),
)  # fmt: skip
