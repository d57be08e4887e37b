"""OpenTelemetry: what coding agents and instrumented programs say about their own calls."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Posted, Sniff
from billing_ingest.connectors.otlp.unseen import unseen
from billing_ingest.export_requests import lines_of

KINDS = {"logs": "events", "metrics": "metrics", "traces": "spans"}
FRAMES = {"events": "resourceLogs", "metrics": "resourceMetrics", "spans": "resourceSpans"}


def _frames(sniff: Sniff) -> list[str]:
    """Which kinds of export requests the beginning of the file holds."""
    return [name for name, frame in FRAMES.items() if f'"{frame}"'.encode() in sniff.head]


def _is_events(sniff: Sniff) -> str | None:
    return "it has log records of OpenTelemetry" if _frames(sniff) == ["events"] else None


def _is_metrics(sniff: Sniff) -> str | None:
    return "it has metrics of OpenTelemetry" if _frames(sniff) == ["metrics"] else None


def _is_spans(sniff: Sniff) -> str | None:
    return "it has spans of OpenTelemetry" if _frames(sniff) == ["spans"] else None


def _declines(sniff: Sniff) -> str | None:
    if len(_frames(sniff)) > 1:
        return (
            "This file mixes logs, metrics and traces, which may tell of the same calls. "
            "Let the collector write a file for each of them."
        )
    return None


CONNECTOR = Connector(
    slug="otlp",
    label="OpenTelemetry",
    folder=Path(__file__).parent,
    brings=("usage",),
    documents=(
        Document(
            name="events",
            label="log records of OpenTelemetry (Claude Code, Codex, Gemini CLI)",
            reader="json",
            recognise=_is_events,
            mappings=(Mapping("usage", "events.sql", "object"),),
            names={"occurred_at": "timeUnixNano", "list_cost": "cost_usd"},
        ),
        Document(
            name="metrics",
            label="metrics of OpenTelemetry (token usage)",
            reader="json",
            recognise=_is_metrics,
            mappings=(Mapping("usage", "metrics.sql", "object"),),
            names={"occurred_at": "timeUnixNano"},
        ),
        Document(
            name="spans",
            label="spans of OpenTelemetry (gen_ai)",
            reader="json",
            recognise=_is_spans,
            mappings=(Mapping("usage", "spans.sql", "object"),),
            names={"occurred_at": "startTimeUnixNano"},
        ),
    ),
    posted=Posted(KINDS, lines_of, unseen),
    declines=_declines,
    restates="Nothing: a call is told once.",
    gaps="Repositories, unless a resource attribute names them; whether Claude Code is paid by a seat.",
    rights="An ingest token of Outlay, made on the source's page.",
)
