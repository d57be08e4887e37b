"""JSON that is wrong, and JSON whose digits must not be touched."""

import json

import pytest

from billing_ingest.refusal import Refused
from finops.ledger.models import Charge
from tests.loading import books, give
from tests.mapped import mapped

pytestmark = pytest.mark.django_db


def pull(number: int) -> bytes:
    side = {"ref": "door", "label": "Acme:door", "sha": "a" * 40, "repo": {"full_name": "Acme/Web"}}
    return json.dumps({
        "html_url": f"https://github.com/Acme/Web/pull/{number}", "number": number, "state": "open",
        "title": "A door", "user": {"login": "Alice", "type": "User"}, "head": side, "base": side,
        "created_at": "2026-05-02T10:00:00Z", "updated_at": "2026-05-03T10:00:00Z",
    }).encode()  # fmt: skip


BAD = {
    "B73 NaN": (b'[{"a": NaN}]', "bad_json", 1),
    "B73 Infinity": (b"[" + pull(1) + b',\n{"a": -Infinity}]', "bad_json", 1),
    "B75 depth": (b"[" * 100_000 + b"]" * 100_000, "bad_json", 1),
    "B76 digits": (b'[{"number": ' + b"9" * 5000 + b"}]", "bad_json", 1),
    "B77 cut line": (pull(1) + b"\n" + pull(2) + b"\n" + pull(3)[:40], "truncated_line", 3),
    "B77 cut array": (b"[" + pull(1) + b"," + pull(2)[:30], "bad_json", 1),
    "a bad line": (pull(1) + b"\n{a: 1}\n" + pull(2) + b"\n", "bad_json", 2),
    "B98 trailing comma": (b"[" + pull(1) + b",]", "bad_json", 1),
    "B78 half a pair": (pull(1).replace(b"A door", b"\\ud800"), "encoding", 1),
    "B78 Windows-1252": (pull(1) + b"\n" + pull(2).replace(b"A door", b"T\xfcr") + b"\n", "encoding", 2),
    "an escaped zero": (pull(1).replace(b"A door", b"\\u0000"), "nul_byte", 1),
    "B80 web page": (b"<html><body>Sign in</body></html>", "not_csv", None),
    "nothing in it": (b"[]", "no_rows", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_json_is_refused_whole(name):
    content, code, line = BAD[name]
    before = books()
    imp = give("github", content, "pulls.json", document="pull_requests")

    assert (imp.state, imp.errors[0]["code"], imp.errors[0]["line"]) == ("refused", code, line)
    assert books() == before
    assert give("github", pull(9), "good.json", document="pull_requests").state == "loaded"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + pull(1),
        b"[" + pull(1) + b"]",
        json.dumps(json.loads(pull(1)), indent=2).encode(),
        pull(1) + b"\n\n",
        pull(1).replace(b"A door", b"\\ud83d\\udeaa"),
    ],
    ids=["mark", "array", "pretty", "lines", "a pair"],
)
def test_json_comes_in_many_shapes(content):
    imp = give("github", content, "pulls.json", document="pull_requests")
    assert (imp.errors, imp.rows) == ([], 1)


def test_a_number_keeps_every_digit():
    result = {
        "currency": "USD",
        "amount": 0,
        "cost_type": "tokens",
        "description": "x",
        "model": "m",
    }
    bucket = {
        "starting_at": "2026-08-01T00:00:00Z",
        "ending_at": "2026-08-02T00:00:00Z",
        "results": [result],
    }
    page = json.dumps({"data": [bucket]}).replace(
        '"amount": 0', '"amount": 123.4567890123456789012'
    )
    give("anthropic", page.encode(), "cost.json", document="cost_report")

    assert f"{Charge.objects.get().billed_cost.normalize():f}" == "1.234567890123456789012"


def test_the_line_of_a_json_line_is_true_after_blank_ones(tmp_path):
    rows = mapped(
        "github", pull(1) + b"\n\n\n" + pull(2) + b"\n", tmp_path, document="pull_requests"
    )
    assert [row["line"] for row in rows] == [1, 4]


def test_a_huge_single_document_is_refused_unless_it_is_json_lines(tmp_path, monkeypatch):
    monkeypatch.setattr("billing_ingest.json_records.WHOLE_MAX", 100)
    with pytest.raises(Refused) as refused:
        mapped("github", b"[" + pull(1) + b"]", tmp_path, document="pull_requests")

    assert refused.value.problems[0]["code"] == "too_large"
