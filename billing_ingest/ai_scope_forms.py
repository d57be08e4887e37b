"""The form of a rule of the AI scope table. People write its last day; the table keeps it half-open."""

from datetime import timedelta

from django import forms

from billing_ingest.ai_scope_changes import LONGEST_PATTERN, Stated
from billing_ingest.invoice_forms import day_field
from finops.ledger.models import AiScopeRule


def pattern_field(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=LONGEST_PATTERN
    )


class RuleForm(forms.Form):
    """Says what the lines are that three patterns fit."""

    provider = pattern_field("Provider", "Like aws, azure or gcp.")
    service = pattern_field("Service", "Part of its name, or of the publisher’s: sagemaker.")
    sku = pattern_field("Meter", "Part of the usage type, SKU or description: train | tuning.")
    ai_class = forms.ChoiceField(label="These lines are", choices=AiScopeRule.AiClass.choices)
    first_day = day_field("First day")
    last_day = day_field("Last day")
    note = forms.CharField(max_length=300, required=False, help_text="For whoever asks why.")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("first_day", "last_day"):
            self.fields[name].required = False
        self.fields["first_day"].help_text = "Empty: as long as there are bills."

    def stated(self) -> Stated:
        """What a valid form says."""
        data = self.cleaned_data
        last = data["last_day"]
        return Stated(
            data["provider"], data["service"], data["sku"], data["ai_class"], data["first_day"],
            last + timedelta(days=1) if last else None, data["note"],
        )  # fmt: skip


class EndForm(forms.Form):
    """Ends a rule."""

    last_day = day_field("Last day")
