"""The daily sum of what was finished, and the note that every change of the books leaves."""

from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# What answers are made of. Facts of bills and logs are missing: they come and go with slices.
# So are users, whose sight is looked up at every request.
NOTED = (
    "people_organisation", "people_team", "people_teamplacement", "people_person",
    "people_membership", "people_identity",
    "ledger_source", "ledger_import", "ledger_billingscope", "ledger_slice",
    "outcomes_workitem", "outcomes_workitemevidence", "outcomes_workitemperson",
    "outcomes_workitemkey", "outcomes_workitemlink", "outcomes_transition",
    "attribution_cell", "attribution_allocation", "attribution_itemteam", "attribution_itemfate",
    "attribution_outcomecost", "attribution_outcomeday", "attribution_itemday",
    "attribution_spendday", "attribution_teamday", "attribution_spendmonth",
    "attribution_usageday", "attribution_settlerun",
)  # fmt: skip

NOTE = """
CREATE FUNCTION attribution_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO attribution_bookschange AS b (transaction, statements)
    VALUES (pg_current_xact_id()::text::bigint, 1)
    ON CONFLICT (transaction) DO UPDATE SET statements = b.statements + 1;
    RETURN NULL;
END
$$
"""
FILL = """
INSERT INTO attribution_outcomeday
    (completed_on, kind, team_id, items, credit_ppm, value_ppm, billed_nanos, effective_nanos)
SELECT completed_on, kind, team_id, count(*) FILTER (WHERE credit_ppm > 0), sum(credit_ppm),
       coalesce(sum(credit_ppm) FILTER (WHERE fate = 'value'), 0), sum(billed_nanos), sum(effective_nanos)
FROM attribution_outcomecost WHERE completed_on IS NOT NULL
GROUP BY completed_on, kind, team_id
"""


def trigger(table: str) -> migrations.RunSQL:
    """One row per transaction, however many rows it changes: the trigger is per statement."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION attribution_note_change()",
        f"DROP TRIGGER {table}_noted ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0006_team_tags"),
        ("ledger", "0004_no_row_checks"),
        ("outcomes", "0002_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutcomeDay",
            fields=[
                ("id", ID),
                ("completed_on", models.DateField()),
                ("kind", models.TextField()),
                ("team_id", models.BigIntegerField(null=True)),
                ("items", models.IntegerField()),
                ("credit_ppm", models.BigIntegerField()),
                ("value_ppm", models.BigIntegerField()),
                ("billed_nanos", models.BigIntegerField()),
                ("effective_nanos", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["completed_on", "kind"], name="outcome_day_completed")
                ],
            },
        ),
        migrations.CreateModel(
            name="BooksChange",
            fields=[
                ("transaction", models.BigIntegerField(primary_key=True, serialize=False)),
                ("statements", models.IntegerField(default=1)),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(NOTE, "DROP FUNCTION attribution_note_change()"),
        *(trigger(table) for table in NOTED),
    ]
