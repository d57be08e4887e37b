"""Units outside ISO 4217 that vendors bill in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_ai_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="Unit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=3, unique=True)),
                ("label", models.TextField()),
                ("names", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        # Sums of counters are numeric too.
        migrations.RunSQL(
            "SELECT ledger_refuse_nan('ledger_runningtotal')", migrations.RunSQL.noop
        ),
    ]
