"""What the upload page shows before a person says yes: first rows, and what would be replaced."""

from typing import Any

from billing_ingest.delivery import Delivered
from billing_ingest.parts import add, plain_totals, sum_of
from billing_ingest.read import Reading
from billing_ingest.replace import Replacement, feed_name, scope_key
from finops.ledger.models import BillingScope, Import, Slice

ROWS = 12


def preview(
    reading: Reading, delivered: Delivered, plans: dict[str, Replacement], imp: Import
) -> dict[str, Any]:
    """Return what the page needs to say what this file is and what it would do."""
    columns, rows = first_rows(reading)
    return {
        "document_label": reading.document.label,
        "reason": reading.reason,
        "lines": reading.lines,
        "sheets": reading.sheets,
        "rows_in_scope": delivered.rows,
        "rows_out_of_scope": delivered.rows_out_of_scope,
        "columns": columns,
        "rows": rows,
        "replaces": [replaced(old) for plan in plans.values() for old in plan.replaced.values()],
        "change": change(plans),
        "overlaps": overlaps(plans, imp),
        "same_lines": delivered.same_lines,
        "shrink": shrink(plans),
    }


def first_rows(reading: Reading) -> tuple[list[str], list[list[str]]]:
    """Return the first rows as they will be booked, in the columns that say something."""
    reading.show_lines()
    names = reading.mapped_columns()
    rows = reading.run(f"SELECT * FROM mapped LIMIT {ROWS}")
    used = [i for i, name in enumerate(names) if any(row[i] not in (None, "") for row in rows)]
    used.sort(key=lambda i: names[i] != "line")
    cells = [["" if row[i] is None else str(row[i]) for i in used] for row in rows]
    return [names[i] for i in used], cells


def replaced(old: Slice) -> dict[str, Any]:
    return {
        "import_id": old.imp_id,
        "source": old.source.name,
        "label": label(old),
        "rows": old.rows,
        "totals": old.totals,
        "imported_at": old.imp.created_at.isoformat(),
    }


def label(old: Slice) -> str:
    """Return the slice in words: a month, a day, or the days of an object."""
    if old.first_day is None or old.last_day is None:
        return old.key
    if scope := old.billing_scope:
        return f"{scope.billing_period_start:%B %Y}"
    if old.first_day == old.last_day:
        return f"{old.first_day.day} {old.first_day:%b %Y}"
    return old.imp.filename


def change(plans: dict[str, Replacement]) -> dict[str, str]:
    """Return new minus replaced per currency, signed, of the charges."""
    if "charge" not in plans:
        return {}
    plan = plans["charge"]
    totals = sum_of(group.totals for group in plan.fresh)
    for currency, amount in plan.old_totals.items():
        add(totals, currency, -amount)
    return {
        currency: amount if amount.startswith("-") else f"+{amount}"
        for currency, amount in plain_totals(totals).items()
    }


def overlaps(plans: dict[str, Replacement], imp: Import) -> list[str]:
    """Say of which billing periods of the file another bill is the money already."""
    said = []
    for group in plans["charge"].fresh if "charge" in plans else []:
        if group.scope is None:
            continue
        other = BillingScope.objects.filter(**scope_key(group.scope)).exclude(
            feed=imp.source, feed_document=imp.document
        )
        said += [
            f"{scope.invoice_issuer_name} {scope.billing_account_id} from "
            f"{scope.billing_period_start} is billed by {feed_name(scope, imp)} already; this bill "
            "would be kept as evidence and book no money."
            for scope in other.select_related("feed")
        ]
    return sorted(set(said))


def shrink(plans: dict[str, Replacement]) -> dict[str, Any]:
    return {
        "rows_before": sum(plan.old_rows for plan in plans.values()),
        "rows_after": sum(plan.new_rows for plan in plans.values()),
        "totals_before": plain_totals(sum_of(plan.old_totals for plan in plans.values())),
        "totals_after": plain_totals(sum_of(plan.new_totals for plan in plans.values())),
    }
