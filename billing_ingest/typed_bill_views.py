"""Setup > Bills: a one-off bill typed in. It becomes a small file, and an import like any other."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from billing_ingest import actions
from billing_ingest.access import for_uploaders, user_of
from billing_ingest.currencies import CURRENCIES
from billing_ingest.invoice_forms import accounts, amount_field, day_field
from finops.ledger.models import Import
from finops.people.models import Team

SPREAD_DECIMALS = 9  # of an amount that is shared out over months


class BillForm(forms.Form):
    """What is on the paper, and whose it is."""

    vendor = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"list": "issuers"}),
        help_text="Who asks for the money.",
    )  # fmt: skip
    number = forms.CharField(
        label="Bill number", max_length=200,
        help_text="The same number of the same vendor corrects a bill.",
    )  # fmt: skip
    description = forms.CharField(label="What for", max_length=200)
    first_day = day_field("First day")
    last_day = day_field("Last day")
    amount = amount_field("Amount", "Digits with a decimal point; a credit is negative.")
    currency = forms.CharField(max_length=3, min_length=3)
    account = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput(attrs={"list": "accounts"}),
        help_text="Write seats or outcomes when a list of those says the same money.",
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.all(), to_field_name="slug", required=False, empty_label="everybody’s"
    )
    person = forms.EmailField(
        required=False, help_text="Whose it is, when it is one person’s. Empty for a team."
    )
    note = forms.CharField(max_length=2000, required=False)

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        if code not in CURRENCIES:
            raise forms.ValidationError("This is not a currency code like USD.")
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last, amount = data.get("first_day"), data.get("last_day"), data.get("amount")
        if first and last and last < first:
            self.add_error("last_day", "The period ends before it starts.")
        if amount is not None and -int(amount.as_tuple().exponent) > SPREAD_DECIMALS:
            self.add_error("amount", f"Write at most {SPREAD_DECIMALS} decimals.")
        return data

    def said(self) -> dict[str, Any]:
        """The bill as its file holds it; days are half-open there."""
        data = self.cleaned_data
        return {
            "vendor": data["vendor"], "account": data["account"], "number": data["number"],
            "description": data["description"], "period_start": data["first_day"].isoformat(),
            "period_end": (data["last_day"] + timedelta(days=1)).isoformat(),
            "amount": f"{data['amount']:f}", "currency": data["currency"],
            "person": data["person"].lower(), "team": data["team"].slug if data["team"] else "",
            "note": data["note"],
        }  # fmt: skip


@for_uploaders
def new_bill(request: HttpRequest) -> HttpResponseBase:
    """Type in a bill; what became of it stands on its import's page."""
    form = BillForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        imp = actions.book_typed(form.said(), user_of(request), timezone.now())
        if imp.state == Import.State.LOADED:
            messages.success(request, f"Bill {form.cleaned_data['number']} is booked.")
        return redirect("import", imp.pk)
    context = {"page_title": "New bill", "form": form, "accounts": accounts()}
    return render(request, "setup/new_bill.html", context)
