"""Files that no vendor's connector knows, read as people said: one document per saved mapping."""

from functools import partial
from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.own_mapping import MADE_OF, dates_of, statement
from finops.ledger.models import SavedMapping


def now() -> Connector:
    """The connector with the mappings that are saved at this moment."""
    saved = SavedMapping.objects.all()
    return Connector(
        slug="mapped",
        label="Own mapping",
        folder=Path(__file__).parent,
        brings=("charges", "usage"),
        documents=tuple(document_of(mapping) for mapping in saved),
        gaps="Work items are not mapped: use the outcomes CSV.",
    )


def document_of(saved: SavedMapping) -> Document:
    return Document(
        name=saved.document,
        label=f"a file like those of “{saved.name}”",
        reader="json" if saved.reader == "json" else "csv",
        recognise=partial(recognised, saved),
        mappings=(Mapping("charge" if saved.table == "charge" else "usage", statement(saved), "object"),),
        required=tuple(used_columns(saved)) if saved.reader == "csv" else (),
        dates=dates_of(saved),
        names=names_of(saved),
    )  # fmt: skip


def recognised(saved: SavedMapping, sniff: Sniff) -> str | None:
    """A file of the same columns as the one that the mapping was made with."""
    if saved.superseded_at is not None:
        return None
    if saved.reader == "csv":
        is_like = {name.lower() for name in sniff.header} == {c.lower() for c in saved.columns}
    else:
        leaves = {path.rsplit(".", 1)[-1] for path in saved.columns}
        is_like = bool(leaves) and all(f'"{leaf}"'.encode() in sniff.head for leaf in leaves)
    return f"it has the columns of the mapping “{saved.name}”" if is_like else None


def used_columns(saved: SavedMapping) -> list[str]:
    return sorted({said["column"] for said in saved.fields.values() if "column" in said})


def names_of(saved: SavedMapping) -> dict[str, str]:
    """Our column -> the file's, for messages. What is made of another column carries its name."""
    names = {ours: said["column"] for ours, said in saved.fields.items() if "column" in said}
    made = {ours: names[other] for ours, other in MADE_OF.items() if other in names}
    return made | names
