"""Every real and constructed file of spend at hand: it loads exactly and once, or is refused for a reason.

Each goes the way of an upload: the file itself says whose it is. The proof's own readers, which
share nothing with the loader, add it up again.
"""

from pathlib import Path

import pytest

from billing_ingest.actions import source_for
from billing_ingest.load import load, receive
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Import
from tests.loading import books
from tests.samples import SHARED

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SPEND = SHARED / "data" / "spend"
# What is no charge, usage, seat or look-up, or is known and not read -> the code of its refusal.
SPEC = "focus-spec-examples"
COPILOT = "github-copilot"
REFUSED = {
    # Lines that are shorter than their header; a currency that is none; no column of a currency.
    "aws-cur/test_cur.csv": "ragged_row",
    "aws-cur/test_cur.csv.gz": "ragged_row",
    "azure-export/azure_version_2.csv": "unknown_currency",
    **dict.fromkeys(
        (
            f"{SPEC}/one_hundred_percent_utilization_{case}.csv"
            for case in (
                "with_commitment_discount_flexibility_with_1_resource",
                "with_commitment_discount_flexibility_with_2_resources",
                "without_commitment_discount_flexibility",
            )
        ),
        "ragged_row",
    ),
    f"{SPEC}/zero_percent_utilization_without_commitment_discount_flexibility.csv": "ragged_row",
    **{f"{SPEC}/commitment_discount_purchase_scenario_{n}.csv": "missing_column" for n in "123"},
    **{f"{SPEC}/commitment_discount_usage_scenario_{n}.csv": "missing_column" for n in "1234"},
    # Descriptions of files, a status line, answers of a session without a time.
    **{
        f"azure-focus-metadata/{name}.json": "unknown_file"
        for name in (
            "FocusCost_1.0-preview(v1)", "FocusCost_1.0", "FocusCost_1.2-preview",
            "focuscost_1.0r2", "focuscost_1.2",
        )
    },
    **{
        f"claude-code-jsonl/{name}.json": "unknown_file"
        for name in ("statusline-test", "statusline-test-opus4", "statusline-test-sonnet4")
    },
    "claude-code-jsonl/test-transcript.jsonl": "missing_value",
    # Sums over 28 days or whole organisations, links to reports, tables of another tool.
    **{
        f"{COPILOT}/{name}": "unknown_file"
        for name in (
            "devlake__raw_copilot_metrics.csv", "devlake_language_breakdown.csv",
            "download-links-enterprise-28-day.json", "download-links-organization-1-day.json",
            "download-links-organization-28-day.json", "enterprise-28-day-report.json",
            "enterprise-users-28-day-report.json", "organization-1-day-report.json",
            "organization-28-day-report.json", "organization_metrics_response_sample.json",
            "organization_usage_response_sample.json",
        )
    },
    "openai/organization_groups_group_id_users.json": "unknown_file",
}  # fmt: skip
NOT_FILES_OF_SPEND = (".txt",)


def samples() -> list[str]:
    found = (path for path in SPEND.rglob("*") if path.is_file())
    return sorted(
        path.relative_to(SPEND).as_posix()
        for path in found
        if path.suffix not in NOT_FILES_OF_SPEND
    )


def bring(path: Path) -> Import:
    source = source_for(path, path.name)
    return load(receive(source, path.name, path, scope="all"), allow_shrink=True)


@pytest.mark.skipif(not SPEND.is_dir(), reason="not here")
@pytest.mark.parametrize("name", samples() or ["none"], ids=str)
def test_a_file_of_spend_is_booked_exactly_once_or_refused_for_a_reason(name):
    imp = bring(SPEND / name)

    if name in REFUSED:
        assert (imp.state, imp.errors[0]["code"]) == ("refused", REFUSED[name])
        return
    assert imp.errors == [], imp.errors[0]
    assert imp.state == "loaded"
    unread: list[str] = []
    assert list(imports_equal_their_files(unread)) == []
    assert unread == []
    before = books()
    assert bring(SPEND / name).state == "duplicate"
    assert books() == before
