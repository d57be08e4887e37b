"""The commands that load a file and read one anew: what they print and how they end."""

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from billing_ingest import registry
from billing_ingest.load import load, receive
from finops.ledger.models import Charge, Import, Slice, Source
from tests.bills import bill
from tests.loading import give, source


@pytest.fixture
def run(capsys, tmp_path):
    """Run import_file on some bytes; return its exit code and what it printed."""

    def call(
        body: bytes, *args: str, connector: str = "focus", name: str = "bill.csv"
    ) -> tuple[int, Any]:
        path = tmp_path / name
        path.write_bytes(body)
        return ended(capsys, "import_file", connector, str(path), *args, "--json")

    return call


def ended(capsys, *command: str) -> tuple[int, Any]:
    try:
        call_command(*command)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.django_db
def test_a_loaded_file_is_told_in_full(run):
    code, told = run(bill("10", "0.50"))

    assert code == 0
    assert told == {
        "import_id": Import.objects.get().id, "state": "loaded", "rows": 2, "totals": {"USD": "10.5"},
        "out_of_scope": {}, "period_start": "2026-10-01", "period_end": "2026-11-01", "superseded": [],
        "duplicate_of": None, "warnings": [],
    }  # fmt: skip
    assert Source.objects.get().key == "focus"


@pytest.mark.django_db
def test_a_replacement_names_the_import_it_replaced_and_a_duplicate_its_twin(run):
    _, first = run(bill("10"))
    _, second = run(bill("11"))
    code, third = run(bill("11"))

    assert second["superseded"] == [first["import_id"]]
    assert (code, third["state"], third["duplicate_of"]) == (0, "duplicate", second["import_id"])


@pytest.mark.django_db
def test_a_refusal_ends_with_one_and_the_reason(run):
    code, told = run(bill("10", "x"))

    assert code == 1
    assert {name: told[name] for name in ("code", "file", "line", "column", "found")} == {
        "code": "amount_format", "file": "bill.csv", "line": 3, "column": "BilledCost", "found": "x",
    }  # fmt: skip
    assert {error["column"] for error in told["errors"]} == {
        "BilledCost", "EffectiveCost", "ListCost", "ContractedCost",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_great_loss_is_refused_without_allow_shrink(run):
    run(bill("10", "20"))
    assert run(bill("10"))[1]["code"] == "shrinks"

    code, told = run(bill("10"), "--allow-shrink")
    assert (code, told["totals"]) == (0, {"USD": "10"})


@pytest.mark.django_db
def test_scope_ai_and_a_named_source(run):
    code, told = run(bill("3", category="Compute"), "--scope", "ai", "--source", "Cloud bill")

    assert (code, told["rows"], told["out_of_scope"]) == (0, 0, {"USD": "3"})
    assert (Source.objects.get().key, Source.objects.get().name) == ("cloud-bill", "Cloud bill")


@pytest.mark.django_db
def test_a_source_reads_the_files_of_its_connector_only(run):
    source("focus", "mine")
    code, told = run(b"x", "--source", "mine", connector="people_csv")

    assert (code, told["code"]) == (1, "other_connector")


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_refused(capsys, tmp_path):
    code, told = ended(capsys, "import_file", "focus", str(tmp_path / "none.csv"), "--json")

    assert (code, told["code"]) == (1, "no_file")


@pytest.mark.django_db
def test_reading_anew_with_the_same_mapping_is_a_duplicate(capsys):
    imp = give("focus", bill("10"))
    code, told = ended(capsys, "reread", str(imp.id), "--json")

    assert (code, told["state"], told["duplicate_of"]) == (0, "duplicate", imp.id)


@pytest.mark.django_db
def test_reading_anew_after_a_mapping_fix_replaces_what_changed(capsys, monkeypatch, tmp_path):
    imp = give("focus", bill("10", "20"))
    known = registry.connector("focus")
    sql = (known.folder / "charge.sql").read_text()
    mended = replace(known, mapping_version=2, folder=tmp_path)
    monkeypatch.setattr("billing_ingest.load.connector_of", lambda _: mended)
    monkeypatch.setattr("billing_ingest.management.commands.reread.connector", lambda _: mended)

    (tmp_path / "charge.sql").write_text(sql)
    _, told = ended(capsys, "reread", str(imp.id), "--json")
    assert Slice.objects.count() == 1
    assert told["warnings"][0]["code"] == "unchanged"

    (tmp_path / "charge.sql").write_text(
        sql.replace("ServiceName AS service_name", "'Mended' AS service_name")
    )
    _, told = ended(capsys, "reread", str(imp.id), "--json")
    assert (told["state"], told["superseded"]) == ("loaded", [imp.id])
    active = Charge.objects.filter(slice__superseded_at=None)
    assert set(active.values_list("service_name", flat=True)) == {"Mended"}


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_the_same_bytes_at_once_make_one_import():
    at = source("focus")
    imports = [receive(at, "bill.csv", bill("10", "20")) for _ in range(4)]

    def load_one(imp: Import) -> None:
        try:
            load(imp)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=load_one, args=(imp,)) for imp in imports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    states = sorted(Import.objects.values_list("state", flat=True))
    assert states == ["duplicate", "duplicate", "duplicate", "loaded"]
    assert Slice.objects.count() == 1
    assert Charge.objects.count() == 2
