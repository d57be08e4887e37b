"""How files that no connector knows are read."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0012_feed_document"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField()),
                ("table", models.CharField(max_length=10)),
                ("reader", models.CharField(max_length=4)),
                ("columns", models.JSONField()),
                ("records_at", models.TextField(blank=True, default="")),
                ("fields", models.JSONField()),
                (
                    "amounts",
                    models.CharField(
                        choices=[
                            ("plain", "12345.60"),
                            ("commas", "12,345.60 or $12,345.60"),
                            ("decimal_comma", "12.345,60"),
                            ("hundredths", "in hundredths (cents)"),
                        ],
                        default="plain",
                        max_length=13,
                    ),
                ),
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
            ],
            options={
                "ordering": ["-id"],
            },
        ),
    ]
