"""Endpoints of Reconcile: every vendor's months, and the bridge of one of them."""

from datetime import date
from typing import Any

from rest_framework import serializers as s
from rest_framework.exceptions import NotFound

from dashboards import reconcile_words
from dashboards.api.base import Endpoint, Question
from dashboards.api.described import described, parameter
from dashboards.api.problems import NOT_FOUND_WORDS, wrong
from dashboards.api.shapes import Nanos, PeriodShape
from finops.attribution.queries.reconcile import (
    Bridge,
    Bucket,
    Reconciled,
    bridge,
    report,
    source_of,
)
from finops.periods import Period, add_months


class BucketShape(s.Serializer):
    bucket = s.CharField(source="cause.slug")
    name = s.CharField(source="cause.label")
    step = s.ChoiceField(["bill", "invoice"])
    definition = s.CharField()
    amount = Nanos(source="nanos")


class InvoiceShape(s.Serializer):
    number = s.CharField()
    issued_on = s.DateField()
    currency = s.CharField()
    amount = s.DecimalField(max_digits=38, decimal_places=24)


class SecondBillShape(s.Serializer):
    name = s.CharField()
    amount = Nanos(source="nanos")


class ReconciledShape(s.Serializer):
    month = s.CharField()
    vendor = s.CharField()
    source_key = s.CharField(allow_null=True)
    issuer = s.CharField()
    currency = s.CharField()
    usage_at_list_price = Nanos(allow_null=True)
    unpriced_tokens = s.IntegerField()
    bill = Nanos(allow_null=True)
    invoice = Nanos(allow_null=True)
    verdict = s.ChoiceField(["ties", "off", "no_invoice", "no_bill", "no_rate"])
    words = s.CharField()
    buckets = BucketShape(many=True)
    invoices = InvoiceShape(many=True)
    evidence = SecondBillShape(many=True)


class ReconcileShape(s.Serializer):
    period = PeriodShape()
    months = ReconciledShape(many=True)


def as_answer(line: Reconciled, buckets: tuple[Bucket, ...]) -> dict[str, Any]:
    return {
        "month": f"{line.month:%Y-%m}", "vendor": line.vendor, "source_key": line.source_key or None,
        "issuer": line.issuer, "currency": line.currency, "usage_at_list_price": line.usage_nanos,
        "unpriced_tokens": line.unpriced_tokens, "bill": line.bill_nanos,
        "invoice": line.invoice_nanos, "verdict": line.verdict,
        "words": reconcile_words.verdict(line), "buckets": buckets, "invoices": line.invoices,
        "evidence": line.second_bills,
    }  # fmt: skip


class Reconcile(Endpoint):
    for_finance = True

    @described("Whether every bill of the period's months ties to its invoice", ReconcileShape)
    def get(self, question: Question) -> Any:
        start, last = question.state.period.start, question.state.period.last_day
        period = Period(start.replace(day=1), add_months(last.replace(day=1), 1))
        lines = [as_answer(line, line.to_invoice) for line in report(period)]
        return ReconcileShape({"period": period, "months": lines}).data


class ReconcileMonth(Endpoint):
    parameters = ("currency", "issuer")
    reads_state = False
    for_finance = True

    @described(
        "One vendor's month from usage at list price to the bill to the invoice",
        ReconciledShape,
        parameter("currency", "Of the bill; the organisation's by default."),
        parameter("issuer", "Of the bill; for a source that holds several."),
        reads_state=False,
    )
    def get(self, question: Question, source: str, month: str) -> Any:
        currency = question.text("currency") or question.currency
        found = found_bridge(source, month, currency, question.text("issuer"))
        if found is None:
            raise NotFound(NOT_FOUND_WORDS)
        return ReconciledShape(as_answer(found.reconciled, found.buckets)).data


def found_bridge(source: str, month: str, currency: str, issuer: str) -> Bridge | None:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise wrong("month", f"{month[:80]!r} is not a month like 2026-10.") from None
    source_id = source_of(source)
    return None if source_id is None else bridge(first, source_id, currency, issuer)
