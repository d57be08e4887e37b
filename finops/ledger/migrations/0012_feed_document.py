"""The money of a billing scope comes from one document of one source.

Several documents of a source may bill the same money. Those that fed a scope together before
keep booking what the first of them brought; the rest is evidence from now on.
"""

from django.db import migrations, models

NAME_DOCUMENTS = """
UPDATE ledger_slice s SET document = i.document FROM ledger_import i WHERE i.id = s.import_id
"""
NAME_FEEDS = """
UPDATE ledger_billingscope b SET feed_document = first.document
FROM (
    SELECT DISTINCT ON (billing_scope_id, source_id) billing_scope_id, source_id, document
    FROM ledger_slice WHERE "table" = 'charge' AND billing_scope_id IS NOT NULL
    ORDER BY billing_scope_id, source_id, superseded_at IS NOT NULL, id
) first
WHERE first.billing_scope_id = b.id AND first.source_id = b.feed_id
"""
# What books no money any more has cells that must go.
MARK_EVIDENCE = """
INSERT INTO attribution_dirty (what, ref)
SELECT 'slice', s.id::text
FROM ledger_slice s JOIN ledger_billingscope b ON b.id = s.billing_scope_id
WHERE s."table" = 'charge' AND s.superseded_at IS NULL AND s.source_id = b.feed_id
  AND s.document <> b.feed_document
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_seats_and_meters"), ("attribution", "0001_initial")]

    operations = [
        migrations.AddField(
            "slice", "document", models.TextField(blank=True, db_default="", default="")
        ),
        migrations.AddField(
            "billingscope", "bill", models.TextField(blank=True, db_default="", default="")
        ),
        migrations.AddField(
            "billingscope", "feed_document", models.TextField(blank=True, db_default="", default="")
        ),
        migrations.RemoveConstraint("billingscope", "billing_scope_once"),
        migrations.AddConstraint(
            "billingscope",
            models.UniqueConstraint(
                fields=[
                    "invoice_issuer_name",
                    "billing_account_id",
                    "billing_period_start",
                    "bill",
                ],
                name="billing_scope_once",
            ),
        ),
        migrations.RunSQL(NAME_DOCUMENTS, migrations.RunSQL.noop),
        migrations.RunSQL(NAME_FEEDS, migrations.RunSQL.noop),
        migrations.RunSQL(MARK_EVIDENCE, migrations.RunSQL.noop),
    ]
