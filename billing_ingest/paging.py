"""Lists that a vendor answers page by page: all of their pages, or an error."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing_ingest.connector import Fetched
from finops.outside.http import Http, HttpError, Params, Response

MOST_PAGES = 1000
NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


@dataclass(frozen=True)
class Cursor:
    """How a vendor walks through pages: which field names the next one, which parameter asks for it."""

    says: str
    asks: str


PAGE = Cursor("next_page", "page")


@dataclass(frozen=True)
class Api:
    """A vendor's API with the headers of one account."""

    http: Http
    home: str  # without a slash at the end
    headers: Mapping[str, str]

    def pages(self, path: str, params: Params, cursor: Cursor = PAGE) -> list[Response]:
        """Return all pages of a list, or raise HttpError: part of a report is no report."""
        found: list[Response] = []
        seen: set[str] = set()
        following: dict[str, str] = {}
        while len(found) < MOST_PAGES:
            answer = self.http.get(f"{self.home}{path}", {**params, **following}, self.headers)
            page = _page_of(answer, path)
            found.append(answer)
            if not page.get("has_more"):
                return found
            token = page.get(cursor.says)
            if not isinstance(token, str) or not token:
                raise bad_answer(path, "says there is more but not where")
            if token in seen:
                raise bad_answer(path, "names the same next page twice")
            seen.add(token)
            following = {cursor.asks: token}
        raise bad_answer(path, f"has more than {MOST_PAGES} pages")


def linked_pages(
    get: Callable[[str, Params | None], Response], path: str, params: Params
) -> Iterator[Response]:
    """Yield the pages of a list that names the next one in its Link header.

    `get` asks for a whole address and must refuse one outside the API: the credential goes along.
    """
    answer = get(path, params)
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        yield answer
        link = NEXT.search(answer.headers.get("link", ""))
        if link is None:
            return
        if link[1] in seen:
            raise bad_answer(path, "names the same next page twice")
        seen.add(link[1])
        answer = get(link[1], None)
    raise bad_answer(path, f"has more than {MOST_PAGES} pages")


def delivery(document: str, filename: str, parts: Sequence[Response | dict[str, Any]]) -> Fetched:
    """Put pages together, each byte as it came, with notes of what they were asked for.

    The notes (`{"asked": ...}`) matter: what a null in an answer means depends on the question.
    """
    bodies = [
        part.body if isinstance(part, Response) else json.dumps(part).encode() for part in parts
    ]
    return Fetched(filename, b"[" + b",\n".join(bodies) + b"]\n", document)


def bad_answer(path: str, words: str) -> HttpError:
    return HttpError(f"The answer of {path} {words}", permanent=True, code="bad_answer")


def _page_of(answer: Response, path: str) -> dict[str, Any]:
    page = answer.json()
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise bad_answer(path, "has no list of data")
    return page
