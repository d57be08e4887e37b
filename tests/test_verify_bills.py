"""What Reconcile reads is proved like every other sum."""

import pytest
from django.db import connection

from finops.attribution.models import BillDay, BillMonth, MeterMonth
from finops.attribution.verify.books import verify
from finops.ledger.models import BillingScope
from finops.outside import archive
from tests.bill_and_log import Month
from tests.small_books import FILE, small_books

pytestmark = pytest.mark.django_db


def found() -> dict[str, str]:
    """The checks that failed, with the first difference of each."""
    return {v.check: v.difference for v in reversed(verify().violations)}


def test_a_month_that_settle_made_ties():
    Month().load()
    assert verify().violations == []


@pytest.mark.parametrize(("model", "check"), [(BillDay, "bill_day"), (BillMonth, "bill_month")])
def test_a_bill_one_nano_over_is_named(model, check):
    small_books(archive.put(FILE).sha256)
    row = model.objects.get()
    model.objects.update(billed_nanos=row.billed_nanos + 1)
    assert found() == {check: "1"}


@pytest.mark.parametrize(("model", "check"), [(BillDay, "bill_day"), (BillMonth, "bill_month")])
def test_a_lost_bill_is_named(model, check):
    small_books(archive.put(FILE).sha256)
    model.objects.all().delete()
    assert list(found()) == [check]


def test_a_bill_that_lost_its_feed_is_named():
    books = small_books(archive.put(FILE).sha256)
    other = books.source
    other.pk, other.key = None, "other"
    other.save()
    BillingScope.objects.update(feed=other)
    assert {"bill_day", "bill_month"} <= found().keys()


def test_usage_by_month_that_is_not_its_days_is_named():
    Month().load()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE attribution_metermonth SET listed = listed + 0.000000000001")
    assert set(found()) == {"meter_month"}
    MeterMonth.objects.all().delete()
    assert "meter_month" in found()
