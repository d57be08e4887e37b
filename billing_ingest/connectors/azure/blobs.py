"""A container of Azure's blob storage, read over its REST interface with a SAS token."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

from billing_ingest.connector import Outside
from finops.outside.http import Http, HttpError, Response

VERSION = {"x-ms-version": "2021-08-06"}
MOST_PAGES = 1000
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Blob:
    """A stored file: its name within the container and its size in bytes."""

    name: str
    size: int


class Container:
    """One container; the token is put behind every address and kept out of every message."""

    def __init__(self, outside: Outside) -> None:
        self.http: Http = outside.http
        self.home = _home(outside)
        self.token = parse_qsl(outside.secret.strip().lstrip("?"))

    def list(self, prefix: str) -> list[Blob]:
        """Return every blob whose name begins so, or raise HttpError: part of a list is no list."""
        found: list[Blob] = []
        seen: set[str] = set()
        asked = {"restype": "container", "comp": "list", "prefix": prefix, "maxresults": "5000"}
        for _ in range(MOST_PAGES):
            page = self._page(asked)
            found += [_blob(one) for one in page.iter("Blob")]
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return found
            if marker in seen:
                raise _bad("names the same next page twice")
            seen.add(marker)
            asked["marker"] = marker
        raise _bad(f"has more than {MOST_PAGES} pages")

    def read(self, name: str) -> Response:
        return self._ask(lambda: self.http.get(self._address(name), headers=VERSION))

    def download(self, blob: Blob, target: Path) -> None:
        """Write the blob into a file. Raises HttpError when it is shorter or longer than listed."""
        self._ask(lambda: self.http.download(self._address(blob.name), target, VERSION))
        size = target.stat().st_size
        if size != blob.size:
            words = f"{blob.name} came with {size} bytes, the list says {blob.size}"
            raise HttpError(words, permanent=False, code="half_delivered")

    def _page(self, asked: dict[str, str]) -> ET.Element:
        answer = self._ask(
            lambda: self.http.get(self.home, dict(self.token) | asked, headers=VERSION)
        )
        # Entities are not needed in a list and never expanded.
        if b"<!" in answer.body:
            raise _bad("is not the list of a container")
        try:
            page = ET.fromstring(answer.body.removeprefix(b"\xef\xbb\xbf"))  # noqa: S314
        except ET.ParseError:
            raise _bad("is not XML") from None
        if page.tag != "EnumerationResults":
            raise _bad("is not the list of a container")
        return page

    def _address(self, name: str) -> str:
        return f"{self.home}/{quote(name)}?{urlencode(self.token)}"

    def _ask(self, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except HttpError as error:
            words = str(error)
            for name, value in self.token:
                if name == "sig":
                    words = words.replace(value, "[secret]").replace(quote(value), "[secret]")
            raise HttpError(
                words, permanent=error.permanent, code=error.code, status=error.status,
                retry_after=error.retry_after,
            ) from None  # fmt: skip


def _home(outside: Outside) -> str:
    """The container's address; `api_url` stands in for its host."""
    said = str(outside.config.get("container_url") or "").split("?")[0].rstrip("/")
    proxy = str(outside.config.get("api_url") or "").rstrip("/")
    home = proxy + urlsplit(said).path if proxy else said
    if not urlsplit(home).path.strip("/"):
        words = (
            "The address of the container is missing: https://account.blob.core.windows.net/name"
        )
        raise HttpError(words, permanent=True, code="needs_setting")
    return home


def _blob(one: ET.Element) -> Blob:
    name, size = one.findtext("Name"), one.findtext("Properties/Content-Length")
    if not name or not (size or "").isdigit():
        raise _bad("has a blob without a name or a size")
    return Blob(name, int(size or 0))


def _bad(words: str) -> HttpError:
    return HttpError(f"The list of the container {words}", permanent=True, code="bad_answer")
