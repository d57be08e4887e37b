"""Bills of the same money, from several sources or several documents of one, book once."""

from dataclasses import replace

import pytest

from billing_ingest.connectors.focus import connector as focus
from billing_ingest.load import undo
from finops.attribution.models import Dirty
from finops.ledger.models import BillingScope, Slice
from tests.loading import give
from tests.test_load import bill

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_documents(monkeypatch):
    """A connector with three kinds of file: two ways to bill the usage, and one for the seats."""
    (plain,) = focus.CONNECTOR.documents
    kinds = (
        plain,
        replace(plain, name="newer", label="the newer export"),
        replace(plain, name="seats", label="the list of seats", bill="seats"),
    )
    made = replace(focus.CONNECTOR, documents=kinds)
    monkeypatch.setattr(focus, "CONNECTOR", made)
    return plain.name


def booked() -> list[str]:
    """Documents of the slices that book money."""
    active = Slice.objects.filter(superseded_at=None, table="charge").select_related(
        "billing_scope"
    )
    return sorted(
        part.document
        for part in active
        if part.billing_scope
        and (part.billing_scope.feed_id, part.billing_scope.feed_document)
        == (part.source_id, part.document)
    )


def test_the_first_document_of_a_source_is_the_money_and_another_one_evidence(two_documents):
    first = give("focus", bill("10"), document=two_documents)
    second = give("focus", bill("11"), document="newer")

    scope = BillingScope.objects.get()
    assert (scope.feed, scope.feed_document) == (first.source, first.document)
    assert booked() == [two_documents]
    assert [warning["code"] for warning in second.warnings] == ["evidence"]
    assert "by focus (a FOCUS cost and usage file)" in second.warnings[0]["message"]


def test_a_later_version_of_the_first_document_stays_the_money(two_documents):
    give("focus", bill("10"), document=two_documents)
    give("focus", bill("11"), document="newer")
    again = give("focus", bill("12"), document=two_documents)

    assert (again.state, again.warnings) == ("loaded", [])
    assert booked() == [two_documents]


def test_when_the_document_that_is_the_money_is_taken_back_the_other_one_becomes_it(two_documents):
    first = give("focus", bill("10"), document=two_documents)
    give("focus", bill("11"), document="newer")
    Dirty.objects.all().delete()

    undo(first, by="ana")

    assert (BillingScope.objects.get().feed_document, booked()) == ("newer", ["newer"])
    assert {mark.ref for mark in Dirty.objects.filter(what="slice")} == {
        str(part.id) for part in Slice.objects.all()
    }


def test_the_same_document_of_another_source_is_evidence_too(two_documents):
    give("focus", bill("10"), document=two_documents, key="one")
    give("focus", bill("10"), document=two_documents, key="other")

    assert booked() == [two_documents]
    assert BillingScope.objects.get().feed.key == "one"


def test_a_bill_that_adds_to_another_one_is_money_as_well(two_documents):
    give("focus", bill("10"), document=two_documents)
    seats = give("focus", bill("20"), document="seats")

    assert seats.warnings == []
    assert booked() == sorted([two_documents, "seats"])
    assert set(BillingScope.objects.values_list("bill", flat=True)) == {"", "seats"}
