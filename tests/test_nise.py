"""Bills made up by koku-nise, a generator of synthetic cloud bills: each loads to its last digit.

The generator runs in an environment of its own (`make vendors`), because it pins what we pin.
"""

import csv
import os
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from billing_ingest.registry import CONNECTORS
from finops.attribution.verify.files import imports_equal_their_files
from finops.attribution.verify.readers.gcp import export_table
from finops.attribution.verify.reading import FileSums
from finops.ledger.models import Charge
from tests.loading import give

pytestmark = [pytest.mark.heavy, pytest.mark.django_db]
PYTHON = Path(__file__).parents[1] / ".build" / "vendors" / "bin" / "python"
# A seed, so that a failure can be seen again; the generator itself takes none.
SEEDED = """
import random, sys
from faker import Faker
random.seed({seed}); Faker.seed({seed})
from nise.__main__ import main
sys.argv = ["nise", *{arguments}]
main()
"""
Totals = dict[str, Decimal]


def made(vendor: str, folder: Path, *options: str, seed: int = 1) -> Path:
    """Return a bill of some days of September 2026, as the generator makes it."""
    if not PYTHON.exists():
        assert not os.environ.get("CI"), "make vendors has not run"
        pytest.skip("the generator is not here: make vendors")
    arguments = ["report", vendor, "-s", "2026-09-01", "-e", "2026-09-04", "-w", *options]
    program = SEEDED.format(seed=seed, arguments=arguments)
    subprocess.run([PYTHON, "-c", program], cwd=folder, check=True, timeout=100)
    (bill,) = folder.glob("*.csv")
    return bill


def summed(bill: Path, amount: str, currency: str) -> Totals:
    """Add up a column with the standard library alone."""
    totals: Totals = {}
    with bill.open(newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            code = row[currency]
            totals[code] = totals.get(code, Decimal(0)) + Decimal(row[amount])
    return totals


def azure_total(bill: Path) -> Totals:
    """The generator names the currency in one of two ways."""
    header = bill.read_text("utf-8-sig").split("\n", 1)[0].split(",")
    names = ("BillingCurrencyCode", "BillingCurrency")
    return summed(bill, "CostInBillingCurrency", next(n for n in names if n in header))


def aws_total(bill: Path) -> Totals:
    return summed(bill, "lineItem/UnblendedCost", "lineItem/CurrencyCode")


def gcp_total(bill: Path) -> Totals:
    sums = FileSums()
    with bill.open(newline="") as stream:
        export_table(stream, sums)
    return dict(sums.totals)


@pytest.mark.parametrize(
    ("vendor", "options", "total"),
    [
        ("azure", (), azure_total),
        ("azure", ("--resource-group",), azure_total),
        ("gcp", (), gcp_total),
        ("gcp", ("--resource-level",), gcp_total),
        pytest.param(
            "aws", (), aws_total,
            marks=pytest.mark.skipif("aws" not in CONNECTORS, reason="there is no such connector"),
        ),
    ],
    ids=["azure", "azure-by-group", "gcp", "gcp-by-resource", "aws"],
)  # fmt: skip
@pytest.mark.parametrize("seed", [1, 2])
def test_a_made_up_bill_loads_once_to_the_last_digit(tmp_path, vendor, options, total, seed):
    bill = made(vendor, tmp_path, *options, seed=seed)
    imp = give(vendor, bill, scope="all")

    assert imp.errors == []
    assert {code: Decimal(amount) for code, amount in imp.totals.items()} == total(bill)
    assert Charge.objects.count() == imp.rows > 0
    assert give(vendor, bill, scope="all").state == "duplicate"
    assert Charge.objects.count() == imp.rows
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


@pytest.mark.parametrize("vendor", ["azure", "gcp"])
def test_what_is_left_out_and_what_is_booked_are_the_whole_bill(tmp_path, vendor):
    bill = made(vendor, tmp_path, seed=3)
    imp = give(vendor, bill)
    found: Totals = {}
    for totals in (imp.totals, imp.out_of_scope):
        for code, amount in totals.items():
            found[code] = found.get(code, Decimal(0)) + Decimal(amount)
    assert found == {"azure": azure_total, "gcp": gcp_total}[vendor](bill)
