"""The history of the figures, months that are closed, and disputed money."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

POSTED = (
    "attribution_postedrun", "attribution_posting", "attribution_itemposting",
    "attribution_outcomeposting", "attribution_itemknown", "attribution_namesknown",
)  # fmt: skip
REFUSE = """
CREATE FUNCTION attribution_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is history: rows are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def append_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION attribution_refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def watched(table: str) -> migrations.RunSQL:
    """Answers that are kept notice when the table changes."""
    return migrations.RunSQL(
        f"SELECT attribution_watch('{table}')", f"DROP TRIGGER {table}_noted ON {table}"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0008_rules_and_names"),
        ("people", "0002_identity_reasons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NamesKnown",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                ("company", models.JSONField()),
                ("teams", models.JSONField()),
                ("placements", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.TextField()),
                ("conditions", models.JSONField(default=list)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField()),
                ("charged_on", models.DateField(null=True)),
                ("charge_id", models.BigIntegerField(null=True)),
                ("nanos", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.TextField()),
                ("raised_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("answer", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="attribution.allocationrule",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.team",
                    ),
                ),
                (
                    "to_team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.team",
                    ),
                ),
            ],
            options={
                "ordering": ["-raised_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ItemKnown",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                ("item_id", models.BigIntegerField()),
                ("fate", models.CharField(max_length=12)),
                ("reverted_by_id", models.BigIntegerField(null=True)),
                ("redoes_id", models.BigIntegerField(null=True)),
                ("item", models.JSONField()),
            ],
            options={
                "indexes": [models.Index(fields=["item_id", "id"], name="item_known_item")],
            },
        ),
        migrations.CreateModel(
            name="ItemPosting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                ("rows", models.IntegerField()),
                ("day", models.DateField()),
                ("team_id", models.BigIntegerField(null=True)),
                ("source_id", models.BigIntegerField()),
                ("vendor", models.TextField()),
                ("model", models.TextField()),
                ("is_provisional", models.BooleanField()),
                ("currency", models.CharField(max_length=3)),
                ("has_rate", models.BooleanField()),
                ("billed_nanos", models.BigIntegerField()),
                ("effective_nanos", models.BigIntegerField()),
                ("reporting_billed_nanos", models.BigIntegerField()),
                ("reporting_effective_nanos", models.BigIntegerField()),
                ("item_id", models.BigIntegerField()),
                ("tier", models.CharField(max_length=2)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["day"], name="item_posting_day"),
                    models.Index(fields=["item_id"], name="item_posting_item"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutcomePosting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                ("rows", models.IntegerField()),
                ("item_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("completed_on", models.DateField(null=True)),
                ("fate", models.CharField(max_length=12)),
                ("team_id", models.BigIntegerField(null=True)),
                ("credit_ppm", models.IntegerField()),
                ("billed_nanos", models.BigIntegerField()),
                ("effective_nanos", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["completed_on"], name="outcome_posting_completed"),
                    models.Index(fields=["item_id"], name="outcome_posting_item"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PostedRun",
            fields=[
                ("run_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("known_at", models.DateTimeField()),
                ("is_full", models.BooleanField()),
                ("causes", models.JSONField(default=list)),
            ],
            options={
                "indexes": [models.Index(fields=["known_at"], name="posted_run_known")],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                ("rows", models.IntegerField()),
                ("day", models.DateField()),
                ("team_id", models.BigIntegerField(null=True)),
                ("source_id", models.BigIntegerField()),
                ("vendor", models.TextField()),
                ("model", models.TextField()),
                ("is_provisional", models.BooleanField()),
                ("currency", models.CharField(max_length=3)),
                ("has_rate", models.BooleanField()),
                ("billed_nanos", models.BigIntegerField()),
                ("effective_nanos", models.BigIntegerField()),
                ("reporting_billed_nanos", models.BigIntegerField()),
                ("reporting_effective_nanos", models.BigIntegerField()),
                ("tier", models.CharField(max_length=1)),
                ("reason", models.TextField()),
                ("kind", models.TextField()),
                ("fate", models.CharField(max_length=12)),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="posting_day")],
            },
        ),
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("known_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField()),
                ("note", models.TextField(blank=True, default="")),
                ("warnings", models.JSONField(default=list)),
                ("digest", models.CharField(max_length=64)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("reopened_why", models.TextField(blank=True, default="")),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reopened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["month", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reopened_at__isnull", True)),
                        fields=("month",),
                        name="month_closed_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(REFUSE, "DROP FUNCTION attribution_refuse_change()"),
        *(append_only(table) for table in POSTED),
        *(watched(table) for table in (*POSTED, "attribution_closing", "attribution_dispute")),
    ]
