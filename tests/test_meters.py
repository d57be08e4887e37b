"""Uses that are no tokens, and the calls that bought nothing."""

from decimal import Decimal

import pytest

from finops.attribution.models import Cell
from finops.ledger.models import Usage
from tests.commands import bill_row, settle, write
from tests.loading import give

pytestmark = pytest.mark.django_db


def bring(tmp_path, lines, log):
    """A bill and a log that explains it, settled and proven."""
    give("focus", write(tmp_path / "bill.csv", lines), key="vendor")
    log = [{"billing_scope": "vendor", "provider": "vendor"} | row for row in log]
    give("usage_csv", write(tmp_path / "log.csv", log))
    settle()


def paid_by() -> dict[str, Decimal]:
    sums: dict[str, int] = {}
    for cell in Cell.objects.all():
        sums[cell.actor] = sums.get(cell.actor, 0) + cell.billed_nanos
    return {actor: Decimal(nanos).scaleb(-9) for actor, nanos in sums.items()}


def test_searches_are_split_by_searches_and_tokens_by_tokens(tmp_path):
    noon = "2025-10-06T00:10:00Z"
    bring(
        tmp_path,
        [
            bill_row("2025-10-06", "9", SkuMeter="web_search", x_Model="large"),
            bill_row("2025-10-06", "4", SkuMeter="Output", x_Model="large"),
        ],
        [
            {"occurred_at": noon, "person": "ann@x.test", "model": "large", "output_tokens": 300},
            {"occurred_at": noon, "person": "bob@x.test", "model": "large", "output_tokens": 100},
            {
                "occurred_at": noon, "person": "ann@x.test", "model": "large",
                "meter": "web_search", "quantity": 1, "unit": "requests",
            },
            {
                "occurred_at": noon, "person": "bob@x.test", "model": "large",
                "meter": "web_search", "quantity": 2, "unit": "requests",
            },
        ],
    )  # fmt: skip

    assert paid_by() == {"ann@x.test": Decimal(3 + 3), "bob@x.test": Decimal(6 + 1)}


def test_a_meter_that_no_log_counts_falls_to_those_who_used_the_model(tmp_path):
    noon = "2025-10-06T00:10:00Z"
    bring(
        tmp_path,
        [bill_row("2025-10-06", "8", SkuMeter="code_interpreter", x_Model="large")],
        [
            {"occurred_at": noon, "person": "ann@x.test", "model": "large", "output_tokens": 300},
            {"occurred_at": noon, "person": "bob@x.test", "model": "large", "output_tokens": 100},
        ],
    )

    assert paid_by() == {"ann@x.test": Decimal(6), "bob@x.test": Decimal(2)}


def test_failed_retried_and_empty_calls_keep_their_share_of_the_list_cost(tmp_path):
    log = [
        {
            "occurred_at": "2025-10-06T00:10:00Z", "provider": "vendor", "model": "large", "requests": 10,
            "failed_requests": 2, "retried_requests": 1, "empty_requests": 3, "list_cost": "5.00",
            "failed_list_cost": "0.50", "retried_list_cost": "0.25", "empty_list_cost": "1.00",
        },
    ] * 2  # fmt: skip
    give("usage_csv", write(tmp_path / "log.csv", log))
    row = Usage.objects.get()

    assert (row.failed_requests, row.retried_requests, row.empty_requests) == (4, 2, 6)
    assert (row.failed_list_cost, row.retried_list_cost) == (Decimal("1.00"), Decimal("0.50"))
    assert row.empty_list_cost == Decimal("2.00")


def test_an_hour_in_the_cache_has_a_price_of_its_own(tmp_path):
    log = [
        {
            "occurred_at": "2025-10-06", "provider": "anthropic", "model": "claude-sonnet-4-5",
            "cache_write_tokens": 1_000_000, "cache_write_1h_tokens": 400_000,
        },
    ]  # fmt: skip
    give("usage_csv", write(tmp_path / "log.csv", log))

    # 600,000 at $3.75 and 400,000 at twice the $3.00 of input, per million
    assert Usage.objects.get().list_cost == Decimal("2.25") + Decimal("2.40")
