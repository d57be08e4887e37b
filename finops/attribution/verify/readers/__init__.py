"""What a file of each kind says: its rows, the money of a bill, the measures of a log.

Each connector has a module of its name here with its READERS: document -> reader; an empty name
stands for every document of the connector. Where people make the documents, a function `reader`
finds theirs. They share nothing with the code that loads the files.
"""

from importlib import import_module

from finops.attribution.verify.reading import Reader


def reader_for(connector: str, document: str) -> Reader | None:
    """Return the reader of a connector's document; None when there is none."""
    try:
        module = import_module(f"{__name__}.{connector}")
    except ModuleNotFoundError:
        return None
    if hasattr(module, "reader"):
        found: Reader | None = module.reader(document)
        return found
    documents: dict[str, Reader] = module.READERS
    return documents.get(document) or documents.get("")
