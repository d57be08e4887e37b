"""Allocation rules, the names nobody owns, and what each log saw."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NOTED = (
    "attribution_allocationrule", "attribution_ruleshare", "attribution_nameday",
    "attribution_actorseen", "attribution_logday",
)  # fmt: skip

# One row in BooksChange per transaction that changes the table, however many rows it changes.
WATCH = """
CREATE FUNCTION attribution_watch(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION attribution_note_change()',
                   watched::text || '_noted', watched);
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0007_books_change"),
        ("people", "0002_identity_reasons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ActorSeen",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("items", models.IntegerField()),
                ("first_on", models.DateField(null=True)),
                ("last_on", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AllocationRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("version", models.IntegerField(default=1)),
                ("position", models.IntegerField()),
                ("name", models.TextField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("team", "To one team"),
                            ("even", "Split evenly"),
                            ("fixed", "Split by fixed shares"),
                            ("usage", "In proportion to usage"),
                            ("direct", "In proportion to direct cost"),
                            ("reciprocal", "Between service teams and their users"),
                        ],
                        max_length=10,
                    ),
                ),
                ("conditions", models.JSONField(default=list)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("note", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("superseded_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["position", "number"],
            },
        ),
        migrations.CreateModel(
            name="LogDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("scope_key", models.TextField()),
                ("model", models.TextField()),
                ("sub_account_id", models.TextField()),
                ("log_source_id", models.BigIntegerField()),
                ("document", models.TextField()),
                ("measure", models.DecimalField(decimal_places=18, max_digits=38)),
                ("fineness", models.DecimalField(decimal_places=9, max_digits=12)),
                ("factor", models.DecimalField(decimal_places=18, max_digits=20)),
            ],
        ),
        migrations.CreateModel(
            name="NameDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("field", models.TextField()),
                ("name", models.TextField()),
                ("vendor", models.TextField()),
                ("cells", models.BigIntegerField()),
                ("reporting_nanos", models.BigIntegerField()),
                ("teamless_nanos", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RuleShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weight", models.DecimalField(decimal_places=4, default=1, max_digits=12)),
            ],
        ),
        migrations.AddField(
            model_name="cell",
            name="own_team_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="cell",
            name="rule_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="cell",
            index=models.Index(
                condition=models.Q(("rule_id__isnull", False)), fields=["rule_id"], name="cell_rule"
            ),
        ),
        migrations.AddField(
            model_name="allocationrule",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="allocationrule",
            name="superseded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="logday",
            index=models.Index(fields=["day", "scope_key"], name="log_day_day"),
        ),
        migrations.AddIndex(
            model_name="nameday",
            index=models.Index(fields=["day"], name="name_day_day"),
        ),
        migrations.AddIndex(
            model_name="nameday",
            index=models.Index(fields=["name", "day"], name="name_day_name"),
        ),
        migrations.AddField(
            model_name="ruleshare",
            name="rule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shares",
                to="attribution.allocationrule",
            ),
        ),
        migrations.AddField(
            model_name="ruleshare",
            name="service",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.team",
            ),
        ),
        migrations.AddField(
            model_name="ruleshare",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.team"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocationrule",
            constraint=models.UniqueConstraint(
                fields=("number", "version"), name="rule_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocationrule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("superseded_at__isnull", True)),
                fields=("number",),
                name="rule_current_once",
            ),
        ),
        migrations.RunSQL(WATCH, "DROP FUNCTION attribution_watch(regclass)"),
        *(
            migrations.RunSQL(f"SELECT attribution_watch('{table}')", migrations.RunSQL.noop)
            for table in NOTED
        ),
    ]
