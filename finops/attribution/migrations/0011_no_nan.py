"""No numeric column of what settle derives, of rules and of work items takes NaN."""

from django.db import migrations

GUARDED = (
    "attribution_cell", "attribution_ruleshare", "attribution_logday", "outcomes_workitem",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0009_history_and_closing"),
        ("ledger", "0006_append_only"),
        ("outcomes", "0002_initial"),
    ]

    operations = [
        migrations.RunSQL(
            f"SELECT ledger_refuse_nan('{table}')",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_is_finite",
        )
        for table in GUARDED
    ]
