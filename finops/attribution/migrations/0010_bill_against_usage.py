"""Bills by day and by what usage can be held against, usage by meter; invoices are watched."""

from django.db import migrations, models

NOTED = (
    "attribution_billday", "attribution_billmonth", "attribution_meterday", "attribution_metermonth",
    "ledger_invoice",
)  # fmt: skip
GUARDED = (
    "attribution_billmonth", "attribution_meterday", "attribution_metermonth", "ledger_invoice",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0011_no_nan"),
        ("ledger", "0005_invoice"),
    ]

    operations = [
        migrations.CreateModel(
            name="BillDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("source_id", models.BigIntegerField()),
                ("issuer", models.TextField()),
                ("billing_account_id", models.TextField()),
                ("invoice_id", models.TextField()),
                ("charge_category", models.TextField()),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("is_booked", models.BooleanField()),
                ("lines", models.BigIntegerField()),
                ("billed_nanos", models.BigIntegerField()),
                ("effective_nanos", models.BigIntegerField()),
                ("repeats", models.BigIntegerField()),
                ("repeated_nanos", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["month", "source_id"], name="bill_day_month")],
            },
        ),
        migrations.CreateModel(
            name="BillMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("source_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("charge_category", models.TextField()),
                ("standing", models.CharField(max_length=10)),
                ("model", models.TextField()),
                ("meter", models.TextField()),
                ("service_tier", models.TextField()),
                ("is_listed", models.BooleanField()),
                ("is_counted", models.BooleanField()),
                ("is_repeat", models.BooleanField()),
                ("lines", models.BigIntegerField()),
                ("billed_nanos", models.BigIntegerField()),
                ("listed", models.DecimalField(decimal_places=24, max_digits=38)),
                ("contracted", models.DecimalField(decimal_places=24, max_digits=38)),
                ("tokens", models.DecimalField(decimal_places=12, max_digits=38)),
            ],
            options={
                "indexes": [models.Index(fields=["month", "source_id"], name="bill_month_month")],
            },
        ),
        migrations.CreateModel(
            name="MeterDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("source_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("standing", models.CharField(max_length=8)),
                ("model", models.TextField()),
                ("meter", models.TextField()),
                ("service_tier", models.TextField()),
                ("tokens", models.DecimalField(decimal_places=12, max_digits=38)),
                ("listed", models.DecimalField(decimal_places=24, max_digits=38)),
                ("unpriced_tokens", models.DecimalField(decimal_places=12, max_digits=38)),
                ("day", models.DateField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["day", "source_id"], name="meter_day_day"),
                    models.Index(fields=["month", "source_id"], name="meter_day_month"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("source_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("standing", models.CharField(max_length=8)),
                ("model", models.TextField()),
                ("meter", models.TextField()),
                ("service_tier", models.TextField()),
                ("tokens", models.DecimalField(decimal_places=12, max_digits=38)),
                ("listed", models.DecimalField(decimal_places=24, max_digits=38)),
                ("unpriced_tokens", models.DecimalField(decimal_places=12, max_digits=38)),
            ],
            options={
                "indexes": [models.Index(fields=["month", "source_id"], name="meter_month_month")],
            },
        ),
        *(
            migrations.RunSQL(
                f"SELECT attribution_watch('{table}')", f"DROP TRIGGER {table}_noted ON {table}"
            )
            for table in NOTED
        ),
        *(
            migrations.RunSQL(
                f"SELECT ledger_refuse_nan('{table}')",
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_is_finite",
            )
            for table in GUARDED
        ),
        # Books that exist are summed by the next settle.
        migrations.RunSQL(
            "INSERT INTO attribution_dirty (what, ref)"
            " SELECT 'slice', id::text FROM ledger_slice WHERE superseded_at IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
