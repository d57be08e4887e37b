"""Loading files in tests, and a picture of the books to compare before and after."""

from pathlib import Path
from typing import Any

from django.apps import apps

from billing_ingest.load import load, receive
from finops.ledger.models import Import, Source

# A refused delivery leaves its import, and nothing else; BooksChange counts even that.
KEPT_OUT = {"Import", "Source", "BooksChange"}


def source(connector: str, key: str = "") -> Source:
    made, _ = Source.objects.get_or_create(
        key=key or connector, defaults={"name": key or connector, "connector": connector}
    )
    return made


def give(
    connector: str, content: bytes | Path, filename: str = "", *, key: str = "", **more: Any
) -> Import:
    """Receive and load a file into the connector's source, and return the import as stored."""
    name = filename or (content.name if isinstance(content, Path) else "file.csv")
    shrink = more.pop("allow_shrink", False)
    imp = receive(source(connector, key), name, content, **more)
    load(imp, allow_shrink=shrink)
    imp.refresh_from_db()
    return imp


def books() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that facts may go into."""
    models = [
        model
        for label in ("ledger", "outcomes", "people", "attribution")
        for model in apps.get_app_config(label).get_models()
        if model.__name__ not in KEPT_OUT
    ]
    return {model._meta.label: sorted(model.objects.values_list(), key=repr) for model in models}
