"""Logs are compared meter by meter: searches and images are no rivals of tokens."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("attribution", "0012_bill_issuers")]

    operations = [
        migrations.AddField("logday", "meter", models.TextField(db_default="", default="")),
        # What was compared with tokens is compared again by the next settle.
        migrations.RunSQL(
            "INSERT INTO attribution_dirty (what, ref)"
            " SELECT 'slice', id::text FROM ledger_slice"
            " WHERE superseded_at IS NULL AND \"table\" = 'usage'",
            migrations.RunSQL.noop,
        ),
    ]
