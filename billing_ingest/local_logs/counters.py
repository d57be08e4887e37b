"""What the command on a user's machine posts: sums per session and day, nothing else.

Whatever else a body may hold is left out before anything is booked.
"""

import json
import re
from typing import Any

from billing_ingest.connector import BadBodyError, Sniff

MEASURES = (
    "requests", "empty_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "cache_write_1h_tokens", "output_tokens",
)  # fmt: skip
WORDS = ("hour", "model", "repo", "branch", "list_cost")
PARTS = {
    "machine": re.compile(r"[0-9a-f]{8,64}"),
    "session": re.compile(r"[^\s/]{1,200}"),
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
}
LONGEST = 500
Object = dict[str, Any]


def lines_of(kind: str, content_type: str, body: bytes) -> list[str]:
    """Return the objects of a post, one per line. Raises BadBodyError."""
    return [json.dumps(one, ensure_ascii=False) for one in objects_of(body)]


def objects_of(body: bytes) -> list[Object]:
    """Return {tool, machine, session, day, person, rows} of each object. Raises BadBodyError."""
    try:
        said = json.loads(body, parse_float=str)
        tool, objects = str(said["tool"]), said["objects"]
        return [as_object(tool, one) for one in objects]
    except (ValueError, RecursionError) as error:
        raise BadBodyError(str(error)) from None
    except (TypeError, KeyError, AttributeError):
        raise BadBodyError("The body is not {tool, objects: [{machine, session, ...}]}.") from None


def as_object(tool: str, one: Object) -> Object:
    for name, form in PARTS.items():
        if not form.fullmatch(str(one[name])):
            raise BadBodyError(f"{name} is not written as it must be.")
    kept = {"tool": tool} | {name: one[name] for name in PARTS}
    person = str(one.get("person") or "")[:LONGEST]
    return kept | {"person": person, "rows": [as_row(row, one["day"]) for row in one["rows"]]}


def as_row(row: Object, day: str) -> Object:
    counts = {name: row[name] for name in MEASURES if name in row}
    if not all(type(value) is int and 0 <= value < 10**15 for value in counts.values()):
        raise BadBodyError("A count is no whole number.")
    words = {name: str(row[name])[:LONGEST] for name in WORDS if row.get(name)}
    if not re.fullmatch(re.escape(day) + r"T\d\d:00:00Z", words.get("hour", "")):
        raise BadBodyError("A row is not of an hour of its object's day.")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", words.get("list_cost", "0")):
        raise BadBodyError("list_cost is no amount.")
    return counts | words


def first_objects(sniff: Sniff) -> list[Object]:
    """Return the objects on the first whole lines of a file."""
    found = []
    for line in sniff.head.removeprefix(b"\xef\xbb\xbf").splitlines()[:50]:
        try:
            element = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(element, dict):
            found.append(element)
    return found


def has_counters(sniff: Sniff, tool: str) -> bool:
    """Say whether the file holds what the command posted for a tool."""
    return any(
        one.get("tool") == tool and one.keys() >= {"machine", "session", "day", "rows"}
        for one in first_objects(sniff)
    )
