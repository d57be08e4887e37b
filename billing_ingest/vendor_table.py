"""What can be connected or uploaded, as a table for people: made of what the connectors say."""

from collections.abc import Iterator

from billing_ingest.connector import Connector
from billing_ingest.registry import CONNECTORS, connector

BEGIN, END = "<!-- vendors -->", "<!-- /vendors -->"
HEAD = (
    "| connector | brings | how it arrives | re-read for changes | history |\n|---|---|---|---|---|"
)


def table() -> str:
    """Return the table in Markdown, one line per connector."""
    return "\n".join([HEAD, *(line(connector(slug)) for slug in CONNECTORS)])


def written_into(text: str) -> str:
    """Return the text with the table between its two marks renewed. ValueError without marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{BEGIN} and {END} are not both there")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def line(known: Connector) -> str:
    name = (
        f"[{known.label}](billing_ingest/connectors/{known.folder.name}/README.md) `{known.slug}`"
    )
    trailing = f"{known.trailing_days} days" if known.trailing_days else "–"
    history = f"{known.history_days} days" if known.history_days else "–"
    cells = (name, ", ".join(known.brings), ", ".join(ways(known)), trailing, history)
    return f"| {' | '.join(cells)} |"


def ways(known: Connector) -> Iterator[str]:
    """How its deliveries get here."""
    if known.fetch:
        yield (
            "pulled from storage"
            if {"bucket", "container_url"} & set(known.config_fields)
            else "pulled by API"
        )
    if known.webhook:
        yield "webhooks"
    if known.posted:
        yield "sent to us"
    if known.documents:
        yield "files"
