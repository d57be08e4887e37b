"""Running totals refuse what is no number, as every amount does."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_ai_scope"),
    ]

    operations = [
        migrations.RunSQL(
            "SELECT ledger_refuse_nan('ledger_runningtotal')",
            "ALTER TABLE ledger_runningtotal DROP CONSTRAINT ledger_runningtotal_is_finite",
        ),
    ]
