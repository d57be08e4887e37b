"""The form of an invoice. People write a period with its last day; the books keep it half-open."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from billing_ingest.currencies import CURRENCIES
from billing_ingest.invoices import Stated
from finops.ledger.models import BillingScope, Invoice
from finops.periods import add_months

MOST = Decimal(9_000_000_000)  # what still fits into nanos


def day_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def amount_field(label: str, help_text: str, *, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, required=required, max_digits=38, decimal_places=24,
        min_value=-MOST, max_value=MOST,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip


class InvoiceForm(forms.Form):
    """Types in an invoice, or corrects one: then what names it stays as it is."""

    issuer = forms.CharField(
        label="Vendor", max_length=200, widget=forms.TextInput(attrs={"list": "issuers"}),
        help_text="As its bill names it.",
    )  # fmt: skip
    billing_account_id = forms.CharField(
        label="Account", max_length=200, required=False,
        widget=forms.TextInput(attrs={"list": "accounts"}),
        help_text="The bill’s billing account; empty when the vendor has only one.",
    )  # fmt: skip
    number = forms.CharField(label="Invoice number", max_length=200)
    issued_on = day_field("Issued on")
    first_day = day_field("First day")
    last_day = day_field("Last day")
    currency = forms.CharField(max_length=3, min_length=3)
    amount = amount_field("Amount due", "Tax included, digits with a decimal point.")
    tax_amount = amount_field("Of it tax", "Empty when the invoice does not say.", required=False)
    note = forms.CharField(max_length=2000, required=False)

    def __init__(self, known: Invoice | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        if known:
            for name in ("issuer", "billing_account_id", "number"):
                self.fields[name].disabled = True
                self.initial[name] = getattr(known, name)

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        if code not in CURRENCIES:
            raise forms.ValidationError("This is not a currency code like USD.")
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The period ends before it starts.")
        number = data.get("number")
        if number and not self.known and self.names_known(data):
            self.add_error("number", "There is such an invoice; open it to correct it.")
        return data

    def names_known(self, data: dict[str, Any]) -> bool:
        return Invoice.objects.filter(
            issuer__iexact=data.get("issuer", ""),
            billing_account_id__iexact=data.get("billing_account_id", ""),
            number__iexact=data["number"],
            superseded_at=None,
        ).exists()

    def stated(self) -> Stated:
        """What a valid form says."""
        data = self.cleaned_data
        return Stated(
            issuer=data["issuer"], billing_account_id=data["billing_account_id"],
            number=data["number"], issued_on=data["issued_on"], period_start=data["first_day"],
            period_end=data["last_day"] + timedelta(days=1), currency=data["currency"],
            amount=data["amount"], tax_amount=data["tax_amount"], note=data["note"],
        )  # fmt: skip


def as_written(known: Invoice) -> dict[str, Any]:
    """An invoice as the form shows it."""
    return {
        "issued_on": known.issued_on, "first_day": known.period_start,
        "last_day": known.period_end - timedelta(days=1), "currency": known.currency,
        "amount": plain(known.amount),
        "tax_amount": None if known.tax_amount is None else plain(known.tax_amount),
        "note": known.note,
    }  # fmt: skip


def of_month(month: date, issuer: str, account: str, currency: str) -> dict[str, Any]:
    """What is known of an invoice that is still to be typed in."""
    return {
        "issuer": issuer, "billing_account_id": account, "currency": currency, "first_day": month,
        "last_day": add_months(month, 1) - timedelta(days=1),
    }  # fmt: skip


def accounts() -> list[tuple[str, str]]:
    """Issuers and billing accounts that a bill has named, to choose from."""
    named = BillingScope.objects.values_list("invoice_issuer_name", "billing_account_id")
    return sorted(set(named.distinct()))


def plain(amount: Decimal) -> str:
    """All digits there are, at least two decimals."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"
