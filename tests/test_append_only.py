"""What the database itself refuses: changing a booked row, and amounts that are no numbers."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from finops.ledger.models import Charge, Usage
from finops.outside import archive
from tests.small_books import FILE, small_books

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books():
    return small_books(archive.put(FILE).sha256)


@pytest.mark.parametrize("model", [Charge, Usage])
def test_a_booked_row_is_neither_changed_nor_deleted(model):
    with pytest.raises(IntegrityError, match="supersede its slice instead"), transaction.atomic():
        model.objects.update(line=3)
    with pytest.raises(IntegrityError, match="supersede its slice instead"), transaction.atomic():
        model.objects.all().delete()
    assert model.objects.get().line == 2


def test_a_months_partition_is_guarded_by_itself_too():
    for month in ("ledger_charge_202610", "ledger_usage_202611"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {month}")


def test_a_partition_made_later_is_guarded_like_the_first(books):
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_partition('ledger_charge', '2031-01-01')")
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ledger_charge_203101'::regclass"
            " AND tgfoid = 'ledger_refuse_change'::regproc"
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("column", ["billed_cost", "list_cost", "contracted_unit_price"])
@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_no_amount_of_a_charge_is_other_than_a_number(books, column, amount):
    # A row as it came, once more, but for one amount.
    names = [f.column for f in Charge._meta.concrete_fields if f.column not in ("id", column)]
    listed = ", ".join(f'"{name}"' for name in names)
    with (
        pytest.raises((IntegrityError, DataError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO ledger_charge ({listed}, {column})"
            f" SELECT {listed}, %s::numeric FROM ledger_charge", [amount]
        )  # fmt: skip
