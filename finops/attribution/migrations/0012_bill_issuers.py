"""Bills and the usage they pay for by issuer: one source may hold the bills of several vendors."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0010_bill_against_usage"),
    ]

    operations = [
        migrations.AddField(
            model_name="billmonth",
            name="issuer",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="meterday",
            name="issuer",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="metermonth",
            name="issuer",
            field=models.TextField(default=""),
        ),
        # What is summed already is summed again by the next settle.
        migrations.RunSQL(
            "INSERT INTO attribution_dirty (what, ref)"
            " SELECT 'slice', id::text FROM ledger_slice WHERE superseded_at IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
