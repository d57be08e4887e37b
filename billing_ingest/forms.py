"""Forms of the setup pages. Secrets are write-only: a form never shows one it was given."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from billing_ingest.connector import Connector
from billing_ingest.schedule import PULL_EVERY
from billing_ingest.source_keys import free_key
from finops.ledger.models import Source
from finops.ledger.secrets import set_secret, set_webhook_secret

PERCENT = Decimal(100)
HOURS = int(PULL_EVERY.total_seconds() // 3600)

# What the settings of connectors are called on a form, and what to write there.
CONFIG_WORDS = {
    "organization_id": (
        "Organisation id",
        "From the vendor's console; names the account that pays. Needed where one vendor has several.",
    ),
    "repos": ("Repositories", "owner/name, one per line or separated by commas."),
    "organization": ("Organisation", "The organisation that pays; leave empty for an enterprise."),
    "enterprise": ("Enterprise", "The enterprise that pays, as its address spells it."),
    "usage_metrics": ("Reports of users", "Write no to leave out what each user did by day."),
    "team_id": ("Team", "Names the account that pays; choose it before the first import."),
    "api_url": ("API address", "Leave empty unless you run your own server."),
    "container_url": (
        "Container",
        "Its address, for example https://account.blob.core.windows.net/exports.",
    ),
    "prefix": ("Folder", "Only what lies under this folder is read. Leave empty for all."),
    "billing_account_id": (
        "Billing account",
        "Only for files that name none. Choose before the first import.",
    ),
    "export_scope": (
        "Scope of the exports",
        "Write subscription when each export covers one subscription only; else leave empty.",
    ),
    "bucket": ("Bucket", "The name alone, without s3://."),
    "region": ("Region", "Of the bucket, like us-east-1."),
    "access_key_id": ("Access key id", "Belongs to the secret access key above."),
    "endpoint_url": ("Storage address", "Leave empty for AWS; the address of another S3 server."),
    "public_key": ("Public key", "Of the same project as the secret key."),
    "activity": ("Activity", "Write daily to read sums by day instead of every request."),
    "issuer": (
        "Invoice issuer",
        "Of all reports of an account. Leave empty for Amazon Web Services, Inc.",
    ),
    "reports": (
        "Reports",
        "admin (the usual one), analytics (Claude Enterprise) or both, separated by a comma.",
    ),
}


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files; cleans to a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = data if isinstance(data, list | tuple) and data else [data or None]
        # An empty file is not refused here: the check says so in the same words as ever.
        return [super(FilesField, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    """Files, and the source they are for; without one each file says it itself."""

    file = FilesField(allow_empty_file=True)
    source = forms.ModelChoiceField(Source.objects.all(), to_field_name="key", required=False)


class TargetForm(forms.Form):
    """Where a file goes, and how much of it: for correcting what was guessed."""

    source = forms.ModelChoiceField(Source.objects.all(), to_field_name="key")
    scope = forms.ChoiceField(choices=[("all", "Everything"), ("ai", "AI services only")])


class PullForm(forms.Form):
    """From which day on to pull."""

    first_day = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class SourceForm(forms.Form):
    """Connects a vendor's account, or changes how one is connected."""

    name = forms.CharField(max_length=80, help_text="As people know it, for example Anthropic.")
    secret = forms.CharField(
        label="Key", required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    webhook_secret = forms.CharField(
        label="Webhook secret", required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="The secret that you also enter at the vendor; events without it are refused.",
    )  # fmt: skip
    is_scheduled = forms.BooleanField(label=f"Pull every {HOURS} hours", required=False)
    discount = forms.DecimalField(
        label="Contract discount, %", required=False, min_value=0, max_value=100, decimal_places=3,
        help_text="Off the list price; used for the days whose bill has not come yet.",
    )  # fmt: skip

    def __init__(
        self, connector: Connector, source: Source | None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial_of(connector, source))
        self.connector, self.source = connector, source
        for name in connector.config_fields:
            label, words = CONFIG_WORDS.get(name, (name.replace("_", " ").capitalize(), ""))
            self.fields[config_field(name)] = forms.CharField(
                label=label, required=False, help_text=words
            )
        if connector.fetch is None:
            for name in ("secret", "is_scheduled"):
                del self.fields[name]
        else:
            self.fields["secret"].help_text = secret_words(connector, source)
        if connector.webhook is None:
            del self.fields["webhook_secret"]
        self.order_fields(["name", "secret", *map(config_field, connector.config_fields)])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        has_secret = cleaned.get("secret") or (self.source and self.source.secret)
        if cleaned.get("is_scheduled") and not has_secret:
            self.add_error("secret", "Without a key nothing can be pulled.")
        return cleaned

    def save(self, now: datetime) -> Source:
        """Write the source. An empty secret keeps the one there is."""
        cleaned = self.cleaned_data
        source = self.source or Source(
            connector=self.connector.slug, key=free_key(cleaned["name"], self.connector.slug)
        )
        source.name = cleaned["name"]
        source.config = {**source.config, **self.config()}
        source.is_scheduled = cleaned.get("is_scheduled", False)
        source.contract_discount = (cleaned["discount"] or Decimal()) / PERCENT
        if cleaned.get("secret"):
            set_secret(source, cleaned["secret"])
        if cleaned.get("webhook_secret"):
            set_webhook_secret(source, cleaned["webhook_secret"], now)
        source.save()
        return source

    def config(self) -> dict[str, Any]:
        """What the connector reads; lists come as lists."""
        given = {
            name: self.cleaned_data[config_field(name)] for name in self.connector.config_fields
        }
        if "repos" in given:
            given["repos"] = given["repos"].replace(",", " ").split()
        return given


def initial_of(connector: Connector, source: Source | None) -> dict[str, Any]:
    if source is None:
        return {"name": connector.label, "is_scheduled": True}
    config = {
        config_field(name): shown(source.config.get(name)) for name in connector.config_fields
    }
    discount = (source.contract_discount * PERCENT).normalize()
    return {
        "name": source.name,
        "is_scheduled": source.is_scheduled,
        "discount": f"{discount:f}" if discount else "",
        **config,
    }


def shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def config_field(name: str) -> str:
    return f"config_{name}"


def secret_words(connector: Connector, source: Source | None) -> str:
    kept = " There is one; leave this empty to keep it." if source and source.secret else ""
    return f"{connector.rights}{kept}"


def first_day_to_pull(complete_to: date | None, today: date) -> date:
    """Where a pull by hand starts unless somebody says otherwise."""
    return complete_to or today - timedelta(days=30)
