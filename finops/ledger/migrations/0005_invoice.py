"""Invoices, typed in or from a file."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issuer", models.TextField()),
                ("billing_account_id", models.TextField(blank=True, default="")),
                ("number", models.TextField()),
                ("issued_on", models.DateField()),
                ("period_start", models.DateField()),
                ("period_end", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=24, max_digits=38)),
                ("tax_amount", models.DecimalField(decimal_places=24, max_digits=38, null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("typed", "Typed in"), ("file", "From a file")], max_length=5
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "imp",
                    models.ForeignKey(
                        db_column="import_id",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.import",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["period_start"], name="invoice_period")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("issuer", "billing_account_id", "number"),
                        name="invoice_current_once",
                    )
                ],
            },
        ),
    ]
