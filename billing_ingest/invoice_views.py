"""Setup > Invoices: what vendors say is due, typed in or from files; correct it, take it out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from billing_ingest import invoices as books
from billing_ingest import wording
from billing_ingest.access import for_uploaders, may_administer, user_of
from billing_ingest.invoice_forms import InvoiceForm, accounts, as_written, of_month
from finops.ledger.models import Invoice

SHOWN = 200


@dataclass(frozen=True)
class Row:
    """An invoice on the list."""

    invoice: Invoice
    earlier: int  # versions that it superseded

    @property
    def period(self) -> str:
        return wording.period(self.invoice.period_start, self.invoice.period_end)

    @property
    def amount(self) -> str:
        return wording.amount(self.invoice.amount, self.invoice.currency)

    @property
    def tax(self) -> str:
        tax = self.invoice.tax_amount
        return "" if tax is None else wording.amount(tax, self.invoice.currency)

    @property
    def origin(self) -> str:
        """Who or which file said so."""
        if self.invoice.imp:
            return self.invoice.imp.filename
        by = self.invoice.by
        return f"typed in by {by.get_username()}" if by else "typed in"


@require_GET
@for_uploaders
def invoices(request: HttpRequest) -> HttpResponseBase:
    """All invoices that count, the newest first."""
    rows = rows_of(Invoice.objects.filter(superseded_at=None).order_by("-period_start", "issuer"))
    context = {
        "page_title": "Invoices",
        "rows": rows,
        "answer": answer(rows),
        "can_administer": may_administer(request),
    }
    return render(request, "setup/invoices.html", context)


def rows_of(found: Any) -> list[Row]:
    shown = list(found.select_related("imp", "by")[:SHOWN])
    names = {(one.issuer, one.billing_account_id, one.number) for one in shown}
    counts: dict[tuple[str, str, str], int] = {}
    old = Invoice.objects.exclude(superseded_at=None).filter(number__in={n for _, _, n in names})
    for one in old:
        key = (one.issuer, one.billing_account_id, one.number)
        counts[key] = counts.get(key, 0) + 1
    return [
        Row(one, counts.get((one.issuer, one.billing_account_id, one.number), 0)) for one in shown
    ]


def answer(rows: list[Row]) -> SafeString:
    if not rows:
        return format_html("{}", "None yet: no bill can be held against its invoice.")
    vendors = len({row.invoice.issuer.lower() for row in rows})
    return format_html(
        "<b>{}</b> of {}. They book no money; bills are held against them.",
        wording.plural(len(rows), "invoice"), wording.plural(vendors, "vendor"),
    )  # fmt: skip


@for_uploaders
def new_invoice(request: HttpRequest) -> HttpResponseBase:
    """Type in an invoice."""
    form = InvoiceForm(None, request.POST or None, initial=asked_for(request))
    if request.method == "POST" and form.is_valid():
        books.record(form.stated(), origin=Invoice.Origin.TYPED, by=user_of(request))
        messages.success(request, f"Invoice {form.cleaned_data['number']} is kept.")
        return redirect(back_to(form.cleaned_data["first_day"]))
    context = {"page_title": "New invoice", "form": form, "accounts": accounts()}
    return render(request, "setup/invoice.html", context)


def asked_for(request: HttpRequest) -> dict[str, Any]:
    """The vendor and month that the address names, as Reconcile links here."""
    get = request.GET.get
    try:
        month = date.fromisoformat(f"{get('month') or ''}-01")
    except ValueError:
        return {}
    return of_month(month, get("issuer") or "", get("account") or "", get("currency") or "")


@for_uploaders
def invoice(request: HttpRequest, invoice_id: int) -> HttpResponseBase:
    """Correct an invoice. Its earlier versions stay readable."""
    known = get_object_or_404(Invoice.objects.select_related("imp", "by"), pk=invoice_id)
    if known.superseded_at and request.method == "POST":
        raise Http404("This version was superseded.")
    form = InvoiceForm(known, request.POST or None, initial=as_written(known))
    if request.method == "POST" and form.is_valid():
        made = books.record(form.stated(), origin=Invoice.Origin.TYPED, by=user_of(request))
        said = f"Invoice {known.number} is corrected." if made else "Nothing was changed."
        messages.success(request, said)
        return redirect(back_to(form.cleaned_data["first_day"]))
    context = {
        "page_title": f"Invoice {known.number}", "form": form, "known": Row(known, 0),
        "versions": [Row(one, 0) for one in versions(known)], "accounts": accounts(),
    }  # fmt: skip
    return render(request, "setup/invoice.html", context)


def versions(known: Invoice) -> Any:
    """Every version of an invoice, the newest first."""
    return Invoice.objects.filter(
        issuer__iexact=known.issuer, billing_account_id__iexact=known.billing_account_id,
        number__iexact=known.number,
    ).select_related("imp", "by").order_by("-id")  # fmt: skip


@require_POST
@for_uploaders
def withdraw(request: HttpRequest, invoice_id: int) -> HttpResponseBase:
    """Let an invoice count no more."""
    known = get_object_or_404(Invoice, pk=invoice_id, superseded_at=None)
    books.withdraw(known)
    messages.success(request, f"Invoice {known.number} counts no more. It stays readable.")
    return redirect("invoices")


def back_to(day: date) -> str:
    """The month on Reconcile."""
    return f"{reverse('reconcile')}?period={day:%Y-%m}"
