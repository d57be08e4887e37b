"""GitHub: pull requests, from its list, its events, or a raw table of another tool."""

import hashlib
import hmac
from pathlib import Path

from billing_ingest.connector import Connector, Document, Headers, Mapping, Sniff, Webhook
from billing_ingest.connectors.github.fetch import fetch

PULL_REQUEST = (b'"merge_commit_sha"', b'"head"', b'"base"')
WORK_ITEMS = (Mapping("work_item", "pull_requests.sql", "upsert"),)
NAMES = {"key": "html_url", "version_at": "updated_at", "completed_at": "merged_at"}


def is_signed(secret: str, headers: Headers, body: bytes) -> bool:
    """Check X-Hub-Signature-256 over the raw body. The older SHA-1 header does not count."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    said = headers.get("x-hub-signature-256", "")
    return hmac.compare_digest(expected.encode(), said.encode("utf-8", "replace"))


def _has_pull_request(sniff: Sniff) -> bool:
    return all(name in sniff.head for name in PULL_REQUEST)


def _is_json(sniff: Sniff) -> bool:
    return sniff.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")


def _is_event(sniff: Sniff) -> str | None:
    is_event = b'"pull_request"' in sniff.head and b'"action"' in sniff.head
    if _is_json(sniff) and is_event and _has_pull_request(sniff):
        return "it is an event about a pull request"
    return None


def _is_list(sniff: Sniff) -> str | None:
    if _is_json(sniff) and _has_pull_request(sniff):
        return "it is a list of pull requests"
    return None


def _is_raw_table(sniff: Sniff) -> str | None:
    is_raw = {"params", "data", "url"} <= set(sniff.header)
    if is_raw and b'""merge_commit_sha""' in sniff.head:
        return "its column data holds pull requests"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the files of this vendor that are known and not read."""
    if {"params", "data", "url"} <= set(sniff.header):
        return (
            "The column data of this raw table holds something else than pull requests. "
            "Give the table of pull requests (…_api_pull_requests.csv)."
        )
    if b'"hook_id"' in sniff.head or b'"repository"' in sniff.head or b'"sender"' in sniff.head:
        return "This is a GitHub event that says nothing about a pull request."
    return None


CONNECTOR = Connector(
    slug="github",
    label="GitHub",
    folder=Path(__file__).parent,
    brings=("outcomes",),
    trailing_days=3,
    history_days=365,
    history_by="whole",
    restates="Anything, at any time; the newest version of a pull request counts.",
    documents=(
        Document(
            name="webhook",
            label="a GitHub event about a pull request",
            reader="json",
            recognise=_is_event,
            mappings=WORK_ITEMS,
            names=NAMES,
        ),
        Document(
            name="pull_requests",
            label="a list of GitHub pull requests",
            reader="json",
            recognise=_is_list,
            mappings=WORK_ITEMS,
            names=NAMES,
        ),
        Document(
            name="raw_table",
            label="a raw table of GitHub pull requests",
            reader="csv",
            recognise=_is_raw_table,
            mappings=WORK_ITEMS,
            required=("data",),
            names={name: f"data.{words}" for name, words in NAMES.items()},
        ),
    ),
    fetch=fetch,
    webhook=Webhook(
        is_signed=is_signed,
        delivery_header="x-github-delivery",
        event_header="x-github-event",
        applies=("pull_request", "pull_request_review"),
        document="webhook",
    ),
    declines=_declines,
    config_fields=("repos", "api_url"),
    rights=(
        "A fine-grained token or an app's token that may read Pull requests, Contents and "
        "Metadata of the repositories. The webhook needs the event Pull requests and, for the "
        "first review, Pull request reviews."
    ),
)
