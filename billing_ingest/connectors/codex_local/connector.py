"""Codex's own session logs: sums that a command on the user's machine posts, or a rollout."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Posted, Sniff
from billing_ingest.local_logs.counters import first_objects, has_counters, lines_of

TYPES = ("session_meta", "turn_context", "event_msg", "response_item")


def _is_counters(sniff: Sniff) -> str | None:
    return "it has the sums of Codex sessions" if has_counters(sniff, "codex") else None


def _is_rollout(sniff: Sniff) -> str | None:
    lines = first_objects(sniff)
    if any(line.get("type") in TYPES and isinstance(line.get("payload"), dict) for line in lines):
        return "it has the events of a Codex session"
    return None


CONNECTOR = Connector(
    slug="codex_local",
    label="Codex (local logs)",
    folder=Path(__file__).parent,
    brings=("usage",),
    documents=(
        Document(
            name="counters",
            label="sums of Codex sessions",
            reader="json",
            recognise=_is_counters,
            mappings=(Mapping("usage", "counters.sql", "object"),),
            names={"occurred_at": "hour"},
        ),
        Document(
            name="rollout",
            label="a rollout of Codex",
            reader="json",
            recognise=_is_rollout,
            mappings=(Mapping("usage", "rollout.sql", "object"),),
            names={"occurred_at": "timestamp"},
        ),
    ),
    posted=Posted({"counters": "counters"}, lines_of),
    restates="A day of a session replaces itself when it is sent again.",
    gaps="Whether a session is paid by a ChatGPT plan or by the API.",
    rights="An ingest token of Outlay, made on the source's page.",
)
