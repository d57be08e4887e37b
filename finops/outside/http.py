"""The one way to a vendor's API: guarded, bounded in time and size, patient with busy servers.

Tests that need no network give a fake in the place of `Http`.
"""

import json
import os
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from finops.outside.endpoint import EndpointNotAllowedError, endpoint
from finops.outside.wire import CheckedTransport, Deadline

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TOTAL_SECONDS = 180.0  # one answer, from the first packet to the last
LONGEST_WAIT_SECONDS = 90.0  # a longer wish is for the schedule, not for a worker to sleep
TRIES = 4
LARGEST_BYTES = 64 * 1024 * 1024
LARGEST_FILE = 20 * 1024**3
LONGEST_DOWNLOAD_SECONDS = 3600.0
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
SECRET_HEADERS = ("authorization", "x-api-key", "private-token")
Params = Mapping[str, str | int | list[str]]


class HttpError(Exception):
    """A request that did not work out: what happened, in the vendor's own words.

    permanent: trying again with the same request and credential will not help.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        code: str = "vendor_error",
        status: int | None = None,
        retry_after: float | None = None,
        location: str = "",
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.location = location


@dataclass(frozen=True)
class Response:
    """An answer, whole. Header names are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Return the body as JSON with exact decimals; HttpError when it is something else."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            seen = _seen(self.headers, self.body)
            raise HttpError(
                f"The answer is not JSON: {seen}", permanent=True, code="bad_answer"
            ) from None


class Http:
    """Requests to one vendor, one after another. They ask and change nothing."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], None] = time.sleep,
        total_seconds: float = TOTAL_SECONDS,
        read_seconds: float = READ_SECONDS,
        largest_bytes: int = LARGEST_BYTES,
        largest_file: int = LARGEST_FILE,
    ) -> None:
        self.sleep = sleep
        self.total_seconds = total_seconds
        self.timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
        self.largest_bytes = largest_bytes
        self.largest_file = largest_file
        self.context = ssl.create_default_context()

    def get(
        self, url: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the answer to a GET (status 200 to 299, or 304); raise HttpError otherwise."""
        return self._again(partial(self._ask, "GET", url, params or {}, headers or {}, None, None))

    def post(self, url: str, asked: Any, headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer to a question put as a POST of JSON; raise HttpError otherwise.

        It is tried again like a GET: only for endpoints that change nothing.
        """
        return self._again(partial(self._ask, "POST", url, {}, headers or {}, asked, None))

    def download(
        self, url: str, target: Path, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Write the body of the answer to a GET into a file, of any size up to `largest_file`."""
        return self._again(partial(self._ask, "GET", url, {}, headers or {}, None, target))

    def _again(self, ask: Callable[[], Response]) -> Response:
        for attempt in range(1, TRIES + 1):
            try:
                return ask()
            except HttpError as error:
                seconds = _wait(error, attempt)
                if error.permanent or attempt == TRIES or seconds > LONGEST_WAIT_SECONDS:
                    raise
            self.sleep(seconds)
        raise AssertionError("the last attempt returns or raises")

    def _ask(
        self, method: str, url: str, params: Params, headers: Mapping[str, str], asked: Any,
        target: Path | None,
    ) -> Response:  # fmt: skip
        try:
            checked = endpoint(url, settings.OUTLAY_PRIVATE_HOSTS)
            deadline = Deadline(self.total_seconds if target is None else LONGEST_DOWNLOAD_SECONDS)
            transport = CheckedTransport(checked, deadline, self.context)
            with httpx.Client(transport=transport, timeout=self.timeout, trust_env=False) as client:
                sent = {"user-agent": "outlay", **headers}
                with client.stream(
                    method, url, params=params or None, headers=sent, json=asked
                ) as answer:
                    is_file = target is not None and answer.is_success
                    response = self._write(answer, target) if is_file else self._read(answer)
        except (EndpointNotAllowedError, httpx.InvalidURL) as error:
            raise HttpError(str(error), permanent=True, code=EndpointNotAllowedError.code) from None
        except (httpx.HTTPError, OSError) as error:
            words = _clean(f"{type(error).__name__}: {error}", headers)
            raise HttpError(
                f"No answer from {checked.host}: {words}", permanent=False, code="no_answer"
            ) from None
        if response.status == 304 or 200 <= response.status < 300:
            return response
        raise _refusal(response, checked.host, headers)

    def _write(self, answer: httpx.Response, target: Path | None) -> Response:
        size = 0
        with Path(target or os.devnull).open("wb") as out:
            for chunk in answer.iter_bytes():
                size += out.write(chunk)
                if size > self.largest_file:
                    raise self._too_large(self.largest_file)
        return Response(answer.status_code, dict(answer.headers))

    def _read(self, answer: httpx.Response) -> Response:
        body = bytearray()
        declared = answer.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self.largest_bytes:
            raise self._too_large(self.largest_bytes)
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > self.largest_bytes:
                raise self._too_large(self.largest_bytes)
        return Response(answer.status_code, dict(answer.headers), bytes(body))

    def _too_large(self, limit: int) -> HttpError:
        message = f"The answer is larger than {limit} bytes"
        return HttpError(message, permanent=True, code="too_large")


def check_endpoint(url: str) -> None:
    """Raise HttpError for an address that requests of ours must not go to."""
    try:
        endpoint(url, settings.OUTLAY_PRIVATE_HOSTS)
    except EndpointNotAllowedError as error:
        raise HttpError(str(error), permanent=True, code=EndpointNotAllowedError.code) from None


def _refusal(response: Response, host: str, sent: Mapping[str, str]) -> HttpError:
    """Turn a status that is not a success into an error with the vendor's own words."""
    words = _clean(_seen(response.headers, response.body), sent)
    is_limit = response.status == 403 and (
        "retry-after" in response.headers or response.headers.get("x-ratelimit-remaining") == "0"
    )
    return HttpError(
        f"{host} answered {response.status}: {words}",
        permanent=not is_limit and response.status not in BUSY,
        code="rate_limited" if is_limit or response.status == 429 else "vendor_error",
        status=response.status,
        retry_after=_retry_after(response.headers, datetime.now(UTC)),
        location=response.headers.get("location", ""),
    )


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds the vendor asks us to wait, if it does."""
    wish = headers.get("retry-after", "").strip()
    if wish.isdigit():
        return float(wish)
    if wish:
        try:
            return max(0.0, (parsedate_to_datetime(wish) - now).total_seconds())
        except (ValueError, TypeError):
            return None
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, int(reset) - now.timestamp() + 1)
    return None


def _wait(error: HttpError, attempt: int) -> float:
    """Return the pause before the next try: the vendor's wish, or a growing one with jitter."""
    if error.retry_after is not None:
        return error.retry_after + random.uniform(0, 0.5)  # noqa: S311 - spreads load, hides nothing
    return float(2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311


def _seen(headers: Mapping[str, str], body: bytes) -> str:
    """Return what the vendor said, short: the message of a JSON error, else the first words."""
    text = body[:4000].decode("utf-8", "replace").strip()
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        inner = said.get("error")
        message = inner.get("message") if isinstance(inner, dict) else inner
        text = str(message or said.get("message") or text)
    elif "html" in headers.get("content-type", ""):
        text = "a web page, not data"
    return " ".join(text.split())[:300] or "nothing"


def _clean(words: str, sent: Mapping[str, str]) -> str:
    """Take our credential out of words that may end in a log or on a page."""
    for name, value in sent.items():
        secret = value.split()[-1] if value.split() else ""
        if name.lower() in SECRET_HEADERS and secret:
            words = words.replace(secret, "[secret]")
    return words


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
