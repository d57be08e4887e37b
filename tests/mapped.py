"""What a connector makes of a file, before anything is checked or booked."""

import json
from pathlib import Path
from typing import Any

from billing_ingest.read import read
from billing_ingest.registry import connector


def mapped(
    slug: str, content: Any, folder: Path, *, document: str = "", config: Any = None
) -> list[dict[str, Any]]:
    """Return the mapped rows of a file: bytes, a path, or a value that becomes JSON."""
    if isinstance(content, Path):
        path = content
    else:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        path = folder / "file.json"
        path.write_bytes(body)
    facts = ("my-source", json.dumps(config or {}))
    with read(path, path.name, connector(slug), document, folder, facts) as reading:
        reading.map(reading.document.mappings[0])
        names = reading.mapped_columns()
        rows = reading.run("SELECT * FROM mapped ORDER BY line")
    return [dict(zip(names, row, strict=True)) for row in rows]
