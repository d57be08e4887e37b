"""A delivery read again: every row of it is booked, or left out for a reason it shows itself."""

import json

import pytest

from billing_ingest import load
from billing_ingest.registry import CONNECTORS, connector
from finops.attribution.verify import reading
from finops.attribution.verify.books import verify
from finops.attribution.verify.readers import anthropic, github, reader_for, usage_csv
from finops.ledger.models import Import
from tests.bills import bill
from tests.breaking import found, named, run
from tests.loading import give

pytestmark = pytest.mark.django_db

LOG = (
    b"occurred_at,provider,person,requests,input_tokens,output_tokens,request_id\n"
    b"2026-10-06T10:00:00Z,openai,a@x.test,2,100,10,r1\n"
    b"2026-10-06T10:30:00Z,openai,a@x.test,1,7,,r2\n"
    b"2026-10-07T09:00:00Z,openai,b@x.test,,5,1,\n"
)
AGAIN = LOG + b"2026-10-06T10:00:00Z,openai,a@x.test,2,100,10,r1\n"


def test_every_document_that_is_read_has_a_second_reader():
    unread = [
        f"{slug} {document.name}"
        for slug in CONNECTORS
        for document in connector(slug).documents
        if reader_for(slug, document.name) is None
    ]
    assert unread == []


def test_rows_are_counted_as_they_were_booked():
    give("focus", bill("1", "2", "3"))
    give("usage_csv", LOG)
    give("people_csv", b"email,team\na@x.test,core\nb@x.test,core\n")
    give(
        "outcomes_csv",
        b"kind,external_id,state,occurred_at\nticket,T-1,done,2026-10-06T10:00:00Z\n",
    )
    verdict = verify()
    assert [str(violation) for violation in verdict.violations] == []
    assert verdict.unread == []


@pytest.mark.parametrize("more", [1, -1])
def test_a_row_too_many_or_too_few_is_named(more):
    imp = give("focus", bill("1", "0"))
    Import.objects.update(rows=2 + more)
    violation = named("import_rows")
    assert f"import {imp.pk} " in violation.where
    assert (violation.expected, violation.found) == ("2", str(2 + more))
    assert "import_slice_rows" in found()


def test_a_row_that_was_left_out_without_reason_is_named():
    imp = give("focus", bill("1", "0"))
    imp.rows, imp.preview = 1, imp.preview | {"rows_left_out": 1}
    imp.save()
    assert named("import_rows").found == "1"


def test_rows_out_of_scope_are_rows_too():
    mixed = bill("10") + bill("3", category="Compute").split(b"\n", 1)[1]
    imp = give("focus", mixed, scope="ai")
    assert (imp.rows, imp.preview["rows_left_out"]) == (1, 1)
    assert verify().ok


def test_a_request_that_a_file_repeats_counts_once():
    imp = give("usage_csv", AGAIN)
    assert (imp.rows, imp.preview["rows_left_out"]) == (3, 1)
    assert verify().ok
    imp.preview["rows_left_out"] = 0
    imp.save()
    assert {"import_rows", "import_repeats"} <= found().keys()


def test_a_request_of_an_earlier_file_counts_once():
    give("usage_csv", LOG, "one.csv")
    again = b"".join(LOG.splitlines(keepends=True)[:2])
    imp = give("usage_csv", again + b"2026-10-06T11:00:00Z,openai,a@x.test,1,1,1,r9\n", "two.csv")
    assert (imp.rows, imp.preview["rows_left_out"]) == (1, 1)
    assert verify().ok


@pytest.mark.parametrize(
    ("column", "expected"), [("requests", 3), ("input_tokens", 112), ("output_tokens", 11)]
)
def test_a_measure_that_is_not_the_logs_is_named(column, expected):
    give("usage_csv", LOG)
    run(f"UPDATE ledger_usage SET {column} = coalesce({column}, 0) + 1 WHERE line = 2")
    violation = named("import_measures")
    assert violation.where.endswith(column)
    assert violation.expected == str(expected)
    assert violation.difference == "1"


def test_lost_lines_of_a_log_are_named():
    give("usage_csv", LOG)
    run("DELETE FROM ledger_usage WHERE actor LIKE 'b%%'")
    assert found()["usage_lines"] == "-1"


def test_rows_of_no_slice_are_named():
    give("focus", bill("1"))
    give("usage_csv", LOG)
    run("UPDATE ledger_charge SET slice_id = 999999")
    run("UPDATE ledger_usage SET slice_id = 999999")
    assert {"slice_missing", "usage_lines", "slice_rows"} <= found().keys()


def test_an_import_that_was_refused_and_booked_all_the_same_is_named():
    imp = give("focus", bill("1"))
    Import.objects.update(state="refused")
    violation = named("import_state")
    assert violation.where == f"import {imp.pk} (file.csv), refused"


def test_a_loaded_import_with_refused_rows_is_named():
    give("focus", bill("1"))
    Import.objects.update(errors=[{"code": "ragged_row", "line": 3}])
    assert found()["import_errors"] == "1"


def test_an_import_that_was_taken_back_and_still_counts_is_named():
    imp = give("focus", bill("1"))
    load.undo(imp, by="ann")
    assert verify().ok
    run("UPDATE ledger_slice SET superseded_at = NULL")
    assert "import_state" in found()


# --- readers ------------------------------------------------------------------------------


def sums(tmp_path, content: object, reader: reading.Reader) -> reading.FileSums:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (tmp_path / "file").write_bytes(raw)
    return reading.sums_of(tmp_path / "file", reader)


def test_tokens_of_messages_are_added_up(tmp_path):
    results = [
        {"uncached_input_tokens": 3, "cache_read_input_tokens": 5, "output_tokens": 7,
         "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}},
        {"uncached_input_tokens": 10, "output_tokens": 1},
    ]  # fmt: skip
    seen = sums(tmp_path, {"data": [{"results": results}]}, anthropic.anthropic_messages)
    assert seen.rows == 2
    assert seen.measures == {
        "input_tokens": 13, "cached_input_tokens": 5, "cache_write_tokens": 3,
        "cache_write_1h_tokens": 2, "output_tokens": 8,
    }  # fmt: skip


def test_tokens_of_claude_code_are_added_up_per_model(tmp_path):
    used = {"tokens": {"input": 1, "cache_read": 2, "cache_creation": 3, "output": 4}}
    page = {"data": [{"model_breakdown": [used, used]}, {"model_breakdown": []}]}
    seen = sums(tmp_path, page, anthropic.anthropic_claude_code)
    assert seen.rows == 2
    assert seen.measures["cache_write_tokens"] == 6


def test_pull_requests_are_counted_in_lists_events_and_raw_tables(tmp_path):
    pull = {"head": {}, "base": {}}
    event = {"action": "closed", "pull_request": pull}
    assert sums(tmp_path, [pull, event, {"action": "ping"}], github.pull_requests).rows == 2
    cell = json.dumps(pull).replace('"', '""')
    table = f'params,data,url\nx,"{cell}",u\nx,"{{}}",u\n'.encode()
    assert sums(tmp_path, table, github.raw_pull_requests).rows == 1


def test_objects_that_follow_one_another_over_lines_are_all_read(tmp_path):
    page = json.dumps({"data": [{}, {}]}, indent=1)
    # Each of the four members is a person and a name of the vendor's.
    assert sums(tmp_path, f"{page}\n{page}".encode(), anthropic.anthropic_users).rows == 8


def test_a_log_without_its_columns_is_not_followed(tmp_path):
    with pytest.raises(reading.UnreadableError):
        sums(tmp_path, b"when,what\n1,2\n", usage_csv.usage_csv)
