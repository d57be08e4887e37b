"""A file that nobody knows: people say which of its columns is what, and it is remembered."""

import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing_ingest.models import Job
from billing_ingest.own_mapping import guessed
from billing_ingest.work import run
from finops.attribution.models import Cell
from finops.ledger.models import Charge, Import, SavedMapping, Usage
from finops.people.models import User
from tests.commands import settle

pytestmark = pytest.mark.django_db
BILL = b"""Day,What,Who,Costs
2026-10-05,Chat,ana@x.test,"1,200.50"
2026-10-06,Chat,bob@x.test,$99.5
"""
MAPPED = {
    "table": "charge", "do": "save", "name": "Acme Gateway", "amounts": "commas",
    "column-charge_period_start": "Day", "column-billed_cost": "Costs",
    "value-billing_currency": "usd", "value-invoice_issuer_name": "Acme",
    "column-charge_description": "What", "column-actor": "Who",
}  # fmt: skip


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="admin", role="admin"))
    return client


def drop(admin: Client, content: bytes, name: str = "acme.csv") -> Import:
    """Drop a file on the upload page and let a worker check it."""
    admin.post("/setup/upload/", {"file": SimpleUploadedFile(name, content)})
    return worked_off(Import.objects.first())


def worked_off(imp: Import) -> Import:
    while job := Job.objects.filter(state="waiting", kind__in=("check", "load")).first():
        run(job.pk)
    imp.refresh_from_db()
    return imp


def say(admin: Client, imp: Import, **said: str) -> Import:
    answer = admin.post(f"/setup/imports/{imp.pk}/mapping/", MAPPED | said)
    assert answer.status_code == 302, answer.content.decode()
    return worked_off(imp)


def book(admin: Client, imp: Import) -> Import:
    admin.post(f"/setup/imports/{imp.pk}/confirm/")
    return worked_off(imp)


def test_an_unknown_table_is_mapped_previewed_and_booked(admin):
    imp = drop(admin, BILL)
    assert imp.state == "refused"
    assert "Say what its columns are" in admin.get(f"/setup/imports/{imp.pk}/").content.decode()

    imp = say(admin, imp)
    assert imp.errors == []
    assert (imp.state, imp.totals, imp.source.name) == ("ready", {"USD": "1300"}, "Acme Gateway")
    assert Charge.objects.count() == 0

    book(admin, imp)
    settle()  # and proves the books, with a reader of its own
    first = Charge.objects.order_by("line").first()
    assert (first.billed_cost, first.actor, first.line) == (Decimal("1200.5"), "ana@x.test", 2)
    assert (first.charge_period_end - first.charge_period_start).days == 1
    assert sum(cell.billed_nanos for cell in Cell.objects.all()) == 1_300_000_000_000


def test_the_next_file_with_the_same_columns_is_read_without_a_question(admin):
    book(admin, say(admin, drop(admin, BILL)))
    later = drop(admin, b"Day,What,Who,Costs\n2026-11-02,Chat,ana@x.test,7\n", "acme-11.csv")

    assert (later.state, later.totals, later.source.name) == ("ready", {"USD": "7"}, "Acme Gateway")


def test_a_corrected_mapping_holds_for_new_files_and_old_files_keep_theirs(admin):
    book(admin, say(admin, drop(admin, BILL)))
    cents = drop(admin, b"Day,What,Who,Costs\n2026-11-02,Chat,ana@x.test,700\n", "cents.csv")
    cents = say(admin, cents, amounts="hundredths")

    assert cents.totals == {"USD": "7"}
    book(admin, cents)
    settle()
    assert SavedMapping.objects.filter(superseded_at=None).get().amounts == "hundredths"


def test_what_does_not_fit_the_style_is_refused_by_line(admin):
    imp = say(admin, drop(admin, BILL), amounts="decimal_comma")

    assert imp.state == "refused"
    assert [(e["code"], e["line"], e["column"]) for e in imp.errors] == [
        ("amount_format", 2, "Costs"), ("amount_format", 3, "Costs"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("style", "written", "meant"),
    [
        ("plain", "12.3456", "12.3456"), ("commas", "1,234,567.8", "1234567.8"),
        ("decimal_comma", "1.234,56", "1234.56"), ("decimal_comma", "-7,5", "-7.5"),
        ("hundredths", "123.456", "1.23456"),
    ],
)  # fmt: skip
def test_every_way_to_write_an_amount_is_read_exactly(admin, style, written, meant):
    content = f'Day,What,Who,Costs\n2026-10-05,Chat,,"{written}"\n'.encode()
    book(admin, say(admin, drop(admin, content), amounts=style))

    assert Charge.objects.get().billed_cost == Decimal(meant)
    settle()


def test_records_inside_a_json_answer_become_usage(admin):
    page = {"data": {"calls": [
        {"at": 1_759_658_400, "user": {"email": "Ana@x.test"}, "use": {"in": 100, "out": 20}, "id": "a"},
        {"at": 1_759_658_401, "user": {"email": "ana@x.test"}, "use": {"in": 50, "out": 5}, "id": "b"},
    ]}}  # fmt: skip
    imp = drop(admin, json.dumps(page).encode(), "calls.json")
    imp = say(
        admin, imp, table="usage", **{
            "column-occurred_at": "at", "value-provider": "Acme", "column-actor": "user.email",
            "column-input_tokens": "use.in", "column-output_tokens": "use.out", "column-request_id": "id",
        },
    )  # fmt: skip
    book(admin, imp)

    row = Usage.objects.get()
    assert (row.actor, row.input_tokens, row.output_tokens) == ("ana@x.test", 150, 25)
    assert row.occurred_at.isoformat() == "2025-10-05T10:00:00+00:00"
    settle()


def test_what_is_needed_is_asked_for_and_nothing_is_saved_without_it(admin):
    imp = drop(admin, BILL)
    page = admin.post(
        f"/setup/imports/{imp.pk}/mapping/", {"table": "charge", "do": "save", "name": "x"}
    )

    assert "Date or start, Amount, Currency, Vendor" in page.content.decode()
    assert SavedMapping.objects.count() == 0


def test_names_give_away_what_columns_are():
    found = guessed("charge", ["Usage Date", "Total Cost", "Currency Code", "User Email", "Notes"])

    assert found == {
        "charge_period_start": "Usage Date", "billed_cost": "Total Cost",
        "billing_currency": "Currency Code", "actor": "User Email",
    }  # fmt: skip


def test_a_booked_file_is_not_mapped_anew(admin):
    imp = book(admin, say(admin, drop(admin, BILL)))
    admin.post(f"/setup/imports/{imp.pk}/mapping/", MAPPED | {"name": "Other"})

    imp.refresh_from_db()
    assert (imp.state, SavedMapping.objects.count()) == ("loaded", 1)
