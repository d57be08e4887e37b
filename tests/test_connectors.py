"""What every connector must do, held to its own sample.

A connector has a folder of cases, each with a sample, a restated sample and the rows expected of
the first. A connector without one fails here.
"""

import json
import socket
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from billing_ingest.registry import CONNECTORS, connector
from finops.ledger.models import Charge, FxRate, Import, Invoice, Seat, Slice, Usage, VendorName
from finops.outcomes.models import WorkItem
from finops.people.models import Person
from tests.loading import books, give

CASES = Path(__file__).parent / "connectors"
TABLES = {
    "charge": Charge, "usage": Usage, "work_item": WorkItem, "person": Person, "invoice": Invoice,
    "seat": Seat, "vendor_name": VendorName, "fx_rate": FxRate,
}  # fmt: skip
ORDER = {
    "charge": ("line", "charge_period_start", "sku_price_id"),
    "usage": ("line", "meter"), "work_item": ("kind", "key"), "person": ("email",), "invoice": ("number",),
    "seat": ("vendor", "plan", "holder", "assigned_from"), "vendor_name": ("kind", "external_id"),
    "fx_rate": ("currency", "day"),
}  # fmt: skip

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Case:
    """One kind of file of a connector."""

    slug: str
    folder: Path

    def file(self, name: str) -> Path:
        (found,) = (path for path in self.folder.iterdir() if path.stem == name)
        return found

    @property
    def expected(self) -> dict[str, Any]:
        return json.loads((self.folder / "expected.json").read_text())


# Its documents are made by people: tests/test_own_mapping.py has their cases.
WITH_CASES = [slug for slug in CONNECTORS if slug != "mapped"]
ALL = [Case(slug, folder) for slug in WITH_CASES for folder in sorted((CASES / slug).glob("*"))]
every_case = pytest.mark.parametrize(
    "case", ALL, ids=lambda case: f"{case.slug}-{case.folder.name}"
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A mapping is a pure function of a file: nothing may be asked of the world."""
    connect = socket.socket.connect

    def guarded(self, address):
        assert self.family == socket.AF_UNIX, f"a connection to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.mark.parametrize("slug", WITH_CASES)
def test_every_connector_has_a_case_and_says_what_it_is(slug):
    known = connector(slug)
    assert list((CASES / slug).glob("*/expected.json")), f"{slug} has no sample with expected rows"
    assert known.slug == slug
    assert (known.folder / "README.md").is_file()
    for document in known.documents:
        assert document.mappings
        assert all((known.folder / mapping.sql).is_file() for mapping in document.mappings)


@every_case
def test_a_sample_becomes_exactly_the_expected_rows(case):
    imp = give(case.slug, case.file("sample"))

    assert imp.errors == []
    assert (imp.state, imp.document) == ("loaded", case.expected["document"])
    assert (imp.rows, imp.totals) == (case.expected["rows"], case.expected["totals"])
    for table, model in TABLES.items():
        wanted = case.expected.get(table, [])
        found = model.objects.order_by(*ORDER.get(table, ("line",)))
        assert found.count() == len(wanted)
        for row, fields in zip(found, wanted, strict=True):
            assert {name: plain(getattr(row, name)) for name in fields} == fields


@every_case
def test_the_charges_add_up_to_the_stated_total(case):
    give(case.slug, case.file("sample"))

    sums = Charge.objects.values_list("billing_currency").annotate(total=Sum("billed_cost"))
    stated = case.expected["totals"]
    assert {c: f"{total.normalize():f}" for c, total in sums} == stated


@every_case
def test_the_same_file_again_changes_nothing(case):
    first = give(case.slug, case.file("sample"))
    before = books()

    again = give(case.slug, case.file("sample"))

    assert (again.state, again.duplicate_of) == ("duplicate", first)
    assert (again.rows, again.totals) == (first.rows, first.totals)
    assert books() == before


@every_case
def test_a_broken_file_is_refused_whole(case):
    sample = case.file("sample")
    broken = sample.read_bytes().rstrip()
    before = books()

    imp = give(case.slug, broken[: broken.rfind(b",")] + b"\n", sample.name)

    assert imp.state == "refused"
    assert imp.errors[0]["line"]
    assert books() == before


@every_case
def test_a_restated_file_takes_the_place_of_the_old_one(case):
    first = give(case.slug, case.file("sample"))
    restated = give(case.slug, case.file("restated"), case.file("sample").name, allow_shrink=True)

    assert (restated.state, restated.totals) == ("loaded", case.expected["restated_totals"])
    active = Slice.objects.filter(superseded_at=None)
    for part in active.filter(imp=first):
        assert not active.filter(imp=restated, table=part.table, key=part.key).exists()
    for old in Slice.objects.exclude(superseded_at=None):
        assert (old.imp, old.superseded_by.imp) == (first, restated)
    assert Import.objects.count() == 2


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if value is None or isinstance(value, bool | int | str | dict) else str(value)
