"""Claude Code's own session logs: sums that a command on the user's machine posts, or a transcript."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Posted, Sniff
from billing_ingest.local_logs.counters import first_objects, has_counters, lines_of


def _is_counters(sniff: Sniff) -> str | None:
    return "it has the sums of Claude Code sessions" if has_counters(sniff, "claude_code") else None


def _is_transcript(sniff: Sniff) -> str | None:
    for line in first_objects(sniff):
        message = line.get("message")
        is_line = "sessionId" in line or line.get("type") in ("user", "assistant")
        if is_line and isinstance(message, dict) and isinstance(message.get("usage"), dict):
            return "it has answers of a Claude Code session"
    return None


def _declines(sniff: Sniff) -> str | None:
    if b'"transcript_path"' in sniff.head:
        return (
            "This is what Claude Code gives its status line: the state of a session at one moment, "
            "without the calls it is made of. Give the session's transcript instead."
        )
    return None


CONNECTOR = Connector(
    slug="claude_code_local",
    label="Claude Code (local logs)",
    folder=Path(__file__).parent,
    brings=("usage",),
    documents=(
        Document(
            name="counters",
            label="sums of Claude Code sessions",
            reader="json",
            recognise=_is_counters,
            mappings=(Mapping("usage", "counters.sql", "object"),),
            names={"occurred_at": "hour"},
        ),
        Document(
            name="transcript",
            label="a transcript of Claude Code",
            reader="json",
            recognise=_is_transcript,
            mappings=(Mapping("usage", "transcript.sql", "object"),),
            names={"occurred_at": "timestamp", "list_cost": "costUSD"},
        ),
    ),
    posted=Posted({"counters": "counters"}, lines_of),
    declines=_declines,
    restates="A day of a session replaces itself when it is sent again.",
    gaps="What was deleted on the machine (after 30 days) before it was sent.",
    rights="An ingest token of Outlay, made on the source's page.",
)
