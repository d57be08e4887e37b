"""Charges and usage, partitioned by month: a bill is replaced and dropped by month."""

from django.db import migrations, models

import finops.ledger.models

CHARGE = """
CREATE SEQUENCE ledger_charge_id_seq;
CREATE TABLE ledger_charge (
    provider text NOT NULL DEFAULT '',
    sub_account_id text NOT NULL DEFAULT '',
    actor text NOT NULL DEFAULT '',
    api_key text NOT NULL DEFAULT '',
    project text NOT NULL DEFAULT '',
    repo text NOT NULL DEFAULT '',
    branch text NOT NULL DEFAULT '',
    session text NOT NULL DEFAULT '',
    pr text NOT NULL DEFAULT '',
    ticket text NOT NULL DEFAULT '',
    conversation text NOT NULL DEFAULT '',
    deal text NOT NULL DEFAULT '',
    team text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    service_tier text NOT NULL DEFAULT '',
    is_shared boolean NOT NULL DEFAULT false,
    is_excluded boolean NOT NULL DEFAULT false,
    tags jsonb,
    charged_on date NOT NULL,
    id bigint NOT NULL DEFAULT nextval('ledger_charge_id_seq'),
    slice_id bigint NOT NULL REFERENCES ledger_slice (id) ON DELETE CASCADE,
    line bigint NOT NULL,
    invoice_issuer_name text NOT NULL,
    billing_account_id text NOT NULL,
    billing_account_name text NOT NULL DEFAULT '',
    billing_currency varchar(3) NOT NULL,
    billing_period_start timestamp with time zone NOT NULL,
    billing_period_end timestamp with time zone NOT NULL,
    charge_period_start timestamp with time zone NOT NULL,
    charge_period_end timestamp with time zone NOT NULL,
    billed_cost numeric(38, 24) NOT NULL,
    effective_cost numeric(38, 24) NOT NULL,
    list_cost numeric(38, 24),
    contracted_cost numeric(38, 24),
    billed_nanos bigint NOT NULL,
    effective_nanos bigint NOT NULL,
    charge_category text NOT NULL,
    charge_class text NOT NULL DEFAULT '',
    charge_description text NOT NULL DEFAULT '',
    charge_frequency text NOT NULL DEFAULT '',
    consumed_quantity numeric(38, 12),
    consumed_unit text NOT NULL DEFAULT '',
    pricing_quantity numeric(38, 12),
    pricing_unit text NOT NULL DEFAULT '',
    list_unit_price numeric(38, 24),
    contracted_unit_price numeric(38, 24),
    invoice_id text NOT NULL DEFAULT '',
    provider_name text NOT NULL DEFAULT '',
    publisher_name text NOT NULL DEFAULT '',
    service_category text NOT NULL DEFAULT '',
    service_subcategory text NOT NULL DEFAULT '',
    service_name text NOT NULL DEFAULT '',
    sku_id text NOT NULL DEFAULT '',
    sku_price_id text NOT NULL DEFAULT '',
    sku_meter text NOT NULL DEFAULT '',
    meter text NOT NULL DEFAULT '',
    sub_account_name text NOT NULL DEFAULT '',
    resource_id text NOT NULL DEFAULT '',
    resource_name text NOT NULL DEFAULT '',
    region_id text NOT NULL DEFAULT '',
    extras jsonb,
    PRIMARY KEY (charged_on, id)
) PARTITION BY RANGE (charged_on);
"""

USAGE = """
CREATE SEQUENCE ledger_usage_id_seq;
CREATE TABLE ledger_usage (
    provider text NOT NULL DEFAULT '',
    sub_account_id text NOT NULL DEFAULT '',
    actor text NOT NULL DEFAULT '',
    api_key text NOT NULL DEFAULT '',
    project text NOT NULL DEFAULT '',
    repo text NOT NULL DEFAULT '',
    branch text NOT NULL DEFAULT '',
    session text NOT NULL DEFAULT '',
    pr text NOT NULL DEFAULT '',
    ticket text NOT NULL DEFAULT '',
    conversation text NOT NULL DEFAULT '',
    deal text NOT NULL DEFAULT '',
    team text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    service_tier text NOT NULL DEFAULT '',
    is_shared boolean NOT NULL DEFAULT false,
    is_excluded boolean NOT NULL DEFAULT false,
    tags jsonb,
    occurred_on date NOT NULL,
    id bigint NOT NULL DEFAULT nextval('ledger_usage_id_seq'),
    slice_id bigint NOT NULL REFERENCES ledger_slice (id) ON DELETE CASCADE,
    line bigint NOT NULL,
    lines bigint NOT NULL DEFAULT 1,
    occurred_at timestamp with time zone NOT NULL,
    grain varchar(4) NOT NULL DEFAULT 'hour',
    billing_scope text NOT NULL DEFAULT '',
    requests bigint,
    failed_requests bigint,
    input_tokens bigint,
    cached_input_tokens bigint,
    cache_write_tokens bigint,
    output_tokens bigint,
    list_cost numeric(38, 18),
    input_list_cost numeric(38, 18),
    cached_input_list_cost numeric(38, 18),
    cache_write_list_cost numeric(38, 18),
    output_list_cost numeric(38, 18),
    list_currency varchar(3) NOT NULL DEFAULT 'USD',
    PRIMARY KEY (occurred_on, id)
) PARTITION BY RANGE (occurred_on);
"""

# Attaching takes a weaker lock than CREATE TABLE ... PARTITION OF, so readers go on; the table
# lock (not an advisory one) makes two loaders see each other's new partition.
PARTITION = """
CREATE FUNCTION ledger_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    lo date := date_trunc('month', day);
    part text := parent || '_' || to_char(day, 'YYYYMM');
BEGIN
    IF to_regclass(part) IS NULL THEN
        EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', parent);
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                           parent, part, lo, (lo + interval '1 month')::date);
        END IF;
    END IF;
END $f$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_initial")]

    operations = [
        migrations.RunSQL(PARTITION, "DROP FUNCTION ledger_partition(text, date)"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    CHARGE, "DROP TABLE ledger_charge; DROP SEQUENCE ledger_charge_id_seq"
                ),
                migrations.RunSQL(
                    USAGE, "DROP TABLE ledger_usage; DROP SEQUENCE ledger_usage_id_seq"
                ),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Charge",
                    fields=[
                        ("provider", models.TextField(blank=True, default="")),
                        ("sub_account_id", models.TextField(blank=True, default="")),
                        ("actor", models.TextField(blank=True, default="")),
                        ("api_key", models.TextField(blank=True, default="")),
                        ("project", models.TextField(blank=True, default="")),
                        ("repo", models.TextField(blank=True, default="")),
                        ("branch", models.TextField(blank=True, default="")),
                        ("session", models.TextField(blank=True, default="")),
                        ("pr", models.TextField(blank=True, default="")),
                        ("ticket", models.TextField(blank=True, default="")),
                        ("conversation", models.TextField(blank=True, default="")),
                        ("deal", models.TextField(blank=True, default="")),
                        ("team", models.TextField(blank=True, default="")),
                        ("model", models.TextField(blank=True, default="")),
                        ("service_tier", models.TextField(blank=True, default="")),
                        ("is_shared", models.BooleanField(default=False)),
                        ("is_excluded", models.BooleanField(default=False)),
                        ("tags", models.JSONField(null=True)),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "charged_on",
                                "id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("charged_on", models.DateField()),
                        (
                            "id",
                            models.BigIntegerField(
                                db_default=finops.ledger.models.NextVal("ledger_charge_id_seq")
                            ),
                        ),
                        (
                            "slice",
                            models.ForeignKey(
                                on_delete=models.CASCADE, related_name="charges", to="ledger.slice"
                            ),
                        ),
                        ("line", models.BigIntegerField()),
                        ("invoice_issuer_name", models.TextField()),
                        ("billing_account_id", models.TextField()),
                        ("billing_account_name", models.TextField(blank=True, default="")),
                        ("billing_currency", models.CharField(max_length=3)),
                        ("billing_period_start", models.DateTimeField()),
                        ("billing_period_end", models.DateTimeField()),
                        ("charge_period_start", models.DateTimeField()),
                        ("charge_period_end", models.DateTimeField()),
                        ("billed_cost", models.DecimalField(decimal_places=24, max_digits=38)),
                        ("effective_cost", models.DecimalField(decimal_places=24, max_digits=38)),
                        (
                            "list_cost",
                            models.DecimalField(decimal_places=24, max_digits=38, null=True),
                        ),
                        (
                            "contracted_cost",
                            models.DecimalField(decimal_places=24, max_digits=38, null=True),
                        ),
                        ("billed_nanos", models.BigIntegerField()),
                        ("effective_nanos", models.BigIntegerField()),
                        ("charge_category", models.TextField()),
                        ("charge_class", models.TextField(blank=True, default="")),
                        ("charge_description", models.TextField(blank=True, default="")),
                        ("charge_frequency", models.TextField(blank=True, default="")),
                        (
                            "consumed_quantity",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        ("consumed_unit", models.TextField(blank=True, default="")),
                        (
                            "pricing_quantity",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        ("pricing_unit", models.TextField(blank=True, default="")),
                        (
                            "list_unit_price",
                            models.DecimalField(decimal_places=24, max_digits=38, null=True),
                        ),
                        (
                            "contracted_unit_price",
                            models.DecimalField(decimal_places=24, max_digits=38, null=True),
                        ),
                        ("invoice_id", models.TextField(blank=True, default="")),
                        ("provider_name", models.TextField(blank=True, default="")),
                        ("publisher_name", models.TextField(blank=True, default="")),
                        ("service_category", models.TextField(blank=True, default="")),
                        ("service_subcategory", models.TextField(blank=True, default="")),
                        ("service_name", models.TextField(blank=True, default="")),
                        ("sku_id", models.TextField(blank=True, default="")),
                        ("sku_price_id", models.TextField(blank=True, default="")),
                        ("sku_meter", models.TextField(blank=True, default="")),
                        ("meter", models.TextField(blank=True, default="")),
                        ("sub_account_name", models.TextField(blank=True, default="")),
                        ("resource_id", models.TextField(blank=True, default="")),
                        ("resource_name", models.TextField(blank=True, default="")),
                        ("region_id", models.TextField(blank=True, default="")),
                        ("extras", models.JSONField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="Usage",
                    fields=[
                        ("provider", models.TextField(blank=True, default="")),
                        ("sub_account_id", models.TextField(blank=True, default="")),
                        ("actor", models.TextField(blank=True, default="")),
                        ("api_key", models.TextField(blank=True, default="")),
                        ("project", models.TextField(blank=True, default="")),
                        ("repo", models.TextField(blank=True, default="")),
                        ("branch", models.TextField(blank=True, default="")),
                        ("session", models.TextField(blank=True, default="")),
                        ("pr", models.TextField(blank=True, default="")),
                        ("ticket", models.TextField(blank=True, default="")),
                        ("conversation", models.TextField(blank=True, default="")),
                        ("deal", models.TextField(blank=True, default="")),
                        ("team", models.TextField(blank=True, default="")),
                        ("model", models.TextField(blank=True, default="")),
                        ("service_tier", models.TextField(blank=True, default="")),
                        ("is_shared", models.BooleanField(default=False)),
                        ("is_excluded", models.BooleanField(default=False)),
                        ("tags", models.JSONField(null=True)),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "occurred_on",
                                "id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("occurred_on", models.DateField()),
                        (
                            "id",
                            models.BigIntegerField(
                                db_default=finops.ledger.models.NextVal("ledger_usage_id_seq")
                            ),
                        ),
                        (
                            "slice",
                            models.ForeignKey(
                                on_delete=models.CASCADE, related_name="usages", to="ledger.slice"
                            ),
                        ),
                        ("line", models.BigIntegerField()),
                        ("lines", models.BigIntegerField(default=1)),
                        ("occurred_at", models.DateTimeField()),
                        ("grain", models.CharField(default="hour", max_length=4)),
                        ("billing_scope", models.TextField(blank=True, default="")),
                        ("requests", models.BigIntegerField(null=True)),
                        ("failed_requests", models.BigIntegerField(null=True)),
                        ("input_tokens", models.BigIntegerField(null=True)),
                        ("cached_input_tokens", models.BigIntegerField(null=True)),
                        ("cache_write_tokens", models.BigIntegerField(null=True)),
                        ("output_tokens", models.BigIntegerField(null=True)),
                        (
                            "list_cost",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        (
                            "input_list_cost",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        (
                            "cached_input_list_cost",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        (
                            "cache_write_list_cost",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        (
                            "output_list_cost",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        ("list_currency", models.CharField(default="USD", max_length=3)),
                    ],
                ),
            ],
        ),
        migrations.AddIndex("charge", models.Index(fields=["slice"], name="charge_slice")),
        migrations.AddIndex("usage", models.Index(fields=["slice"], name="usage_slice")),
    ]
