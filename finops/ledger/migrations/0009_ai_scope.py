"""Which lines of a bill are for AI: a dated table, with what is shipped."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from finops.ledger.ai_scope_defaults import DEFAULTS


def ship(apps: Any, schema_editor: Any) -> None:
    rule = apps.get_model("ledger", "AiScopeRule")
    rule.objects.bulk_create(
        rule(position=place, origin="default", **default._asdict())
        for place, default in enumerate(DEFAULTS, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0014_feed_switch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AiScopeRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.IntegerField()),
                ("provider", models.TextField(blank=True, default="")),
                ("service", models.TextField(blank=True, default="")),
                ("sku", models.TextField(blank=True, default="")),
                (
                    "ai_class",
                    models.CharField(
                        choices=[
                            ("inference", "Inference"),
                            ("training", "Training"),
                            ("infrastructure", "Infrastructure"),
                            ("not_ai", "Not AI"),
                        ],
                        max_length=14,
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("default", "Shipped"), ("admin", "Made here")],
                        default="admin",
                        max_length=7,
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(valid_to__isnull=True)
                        | models.Q(valid_from__isnull=True)
                        | models.Q(valid_to__gte=models.F("valid_from")),
                        name="ai_scope_ends_after_it_begins",
                    )
                ],
            },
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
    ]
