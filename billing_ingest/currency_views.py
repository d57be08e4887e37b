"""Setup > Currencies: what each one is worth, from which day on, and units of vendors' own."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from billing_ingest import jobs, wording
from billing_ingest.access import for_administrators, for_uploaders, may_administer
from billing_ingest.currencies import CURRENCIES, known
from billing_ingest.rates import Rate, record
from finops.attribution.queries.currencies import unconverted
from finops.attribution.queries.organisation import organisation
from finops.ledger.models import FxRate, Unit

SHOWN = 100


class RateForm(forms.Form):
    """What one unit of a currency is worth, from a day on."""

    currency = forms.CharField(max_length=3, help_text="A code like EUR, or that of a unit below.")
    day = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    rate = forms.DecimalField(max_digits=24, decimal_places=12, min_value=Decimal("1e-12"))
    origin = forms.CharField(
        label="Where from", max_length=200, help_text="For example: ECB, or the contract."
    )

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        if code not in known()[0]:
            raise forms.ValidationError("This is neither a currency nor a registered unit.")
        if code == organisation().reporting_currency:
            raise forms.ValidationError("This is the reporting currency itself.")
        return code


class UnitForm(forms.Form):
    """A unit outside ISO 4217, and how files write it."""

    code = forms.RegexField(
        r"^[A-Za-z][A-Za-z0-9]{2}$", help_text="Three letters of your choice that are no currency.",
        error_messages={"invalid": "Three letters or digits, the first one a letter."},
    )  # fmt: skip
    label = forms.CharField(label="What it is", max_length=80)
    names = forms.CharField(
        label="As files write it", max_length=400, help_text="Separated by commas: Token, Credits."
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).upper()
        if code in CURRENCIES:
            raise forms.ValidationError("This is a national currency.")
        if Unit.objects.filter(code=code).exists():
            raise forms.ValidationError("There is such a unit already.")
        return code

    def clean_names(self) -> list[str]:
        names = [name.strip().lower() for name in self.cleaned_data["names"].split(",")]
        names = sorted({name for name in names if name})
        taken = known()[1].keys() | {code.lower() for code in CURRENCIES}
        if clash := [name for name in names if name in taken]:
            raise forms.ValidationError(f"{clash[0]} means something already.")
        return names


@dataclass(frozen=True)
class Row:
    """A currency that money came in or has a rate."""

    code: str
    label: str
    newest: FxRate | None
    waiting: str  # money that could not be converted yet


@for_uploaders
def currencies(request: HttpRequest) -> HttpResponseBase:
    """The page; an administrator adds rates and units."""
    if request.method == "POST":
        return keep(request)
    return show(request, RateForm(initial={"day": timezone.now().date()}), UnitForm())


@for_administrators
def keep(request: HttpRequest) -> HttpResponseBase:
    is_unit = request.POST.get("do") == "unit"
    rate = RateForm(None if is_unit else request.POST)
    unit = UnitForm(request.POST if is_unit else None)
    form = unit if is_unit else rate
    if not form.is_valid():
        return show(request, rate, unit)
    words = keep_unit(unit) if is_unit else keep_rate(rate)
    messages.success(request, words)
    return redirect("currencies")


def keep_rate(form: RateForm) -> str:
    said = form.cleaned_data
    reporting = organisation().reporting_currency
    with transaction.atomic():
        rate = Rate(said["currency"], reporting, said["day"], said["rate"], said["origin"])
        is_new = record(rate)
        if is_new:
            jobs.enqueue_settle(timezone.now())
    if not is_new:
        return "That rate is there already."
    return f"{rate.currency} is worth {rate.rate:f} {reporting} from {rate.day:%-d %B %Y} on."


def keep_unit(form: UnitForm) -> str:
    said = form.cleaned_data
    made = Unit.objects.create(code=said["code"], label=said["label"], names=said["names"])
    return f"{made.label} is read as {made.code} from now on. Give it a rate, then load its files."


def show(request: HttpRequest, rate: RateForm, unit: UnitForm) -> HttpResponseBase:
    rows = rows_of()
    context = {
        "page_title": "Currencies",
        "answer": answer(rows),
        "reporting": organisation().reporting_currency,
        "rows": rows,
        "rates": FxRate.objects.order_by("-day", "currency")[:SHOWN],
        "units": Unit.objects.all(),
        "rate_form": rate,
        "unit_form": unit,
        "can_administer": may_administer(request),
    }
    return render(request, "setup/currencies.html", context)


def rows_of() -> list[Row]:
    """Every currency that has a rate or money without one, those that wait first."""
    newest = {
        rate.currency: rate
        for rate in FxRate.objects.filter(reporting_currency=organisation().reporting_currency)
        .order_by("currency", "-day")
        .distinct("currency")
    }
    labels = {unit.code: unit.label for unit in Unit.objects.all()}
    waiting = {code: wording.amount(amount, code) for code, amount in unconverted().items()}
    codes = sorted({*newest, *waiting, *labels}, key=lambda code: (code not in waiting, code))
    return [
        Row(code, labels.get(code, ""), newest.get(code), waiting.get(code, "")) for code in codes
    ]


def answer(rows: list[Row]) -> str:
    waiting = [row for row in rows if row.waiting]
    if waiting:
        named = ", ".join(row.waiting for row in waiting)
        return f"No: {named} has no rate and is shown apart, unconverted."
    if rows:
        return "Yes. Every currency that came has a rate."
    return "Yes. All money is in the reporting currency."
