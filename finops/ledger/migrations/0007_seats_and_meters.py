"""Seats, what vendors call their users and keys, uses that are no tokens, and waste in a log."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_invoice"),
    ]

    operations = [
        migrations.AddField(
            model_name="charge",
            name="ai_class",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="usage",
            name="cache_write_1h_tokens",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="empty_list_cost",
            field=models.DecimalField(decimal_places=18, max_digits=38, null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="empty_requests",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="failed_list_cost",
            field=models.DecimalField(decimal_places=18, max_digits=38, null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="meter",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="usage",
            name="quantity",
            field=models.DecimalField(decimal_places=12, max_digits=38, null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="retried_list_cost",
            field=models.DecimalField(decimal_places=18, max_digits=38, null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="retried_requests",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="usage",
            name="unit",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("vendor", models.TextField()),
                ("plan", models.TextField(blank=True, default="")),
                ("holder", models.TextField()),
                ("holder_name", models.TextField(blank=True, default="")),
                ("assigned_from", models.DateField(null=True)),
                ("assigned_to", models.DateField(null=True)),
                ("last_active_at", models.DateTimeField(null=True)),
                ("price", models.DecimalField(decimal_places=24, max_digits=38, null=True)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("period", models.CharField(blank=True, default="", max_length=5)),
                ("renewal_date", models.DateField(null=True)),
                (
                    "imp",
                    models.ForeignKey(
                        db_column="import_id",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.import",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="ledger.source",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["holder"], name="seat_holder")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "vendor", "plan", "holder", "assigned_from"),
                        name="seat_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("external_id", models.TextField()),
                ("name", models.TextField(blank=True, default="")),
                ("email", models.TextField(blank=True, default="")),
                ("owner", models.TextField(blank=True, default="")),
                ("parent", models.TextField(blank=True, default="")),
                ("status", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "imp",
                    models.ForeignKey(
                        db_column="import_id",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.import",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vendor_names",
                        to="ledger.source",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["external_id"], name="vendor_name_external")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "kind", "external_id"), name="vendor_name_once"
                    )
                ],
            },
        ),
        # Rows are copied in with the columns their file fills.
        migrations.RunSQL(
            """
            ALTER TABLE ledger_charge ALTER COLUMN ai_class SET DEFAULT '';
            ALTER TABLE ledger_usage ALTER COLUMN meter SET DEFAULT '', ALTER COLUMN unit SET DEFAULT '';
            SELECT ledger_refuse_nan('ledger_usage');
            SELECT ledger_refuse_nan('ledger_seat');
            """,
            migrations.RunSQL.noop,
        ),
    ]
