"""Charges and usage are never changed or deleted, and no amount is NaN.

A correction is a new version of a slice, so an UPDATE or DELETE of a row is a mistake, whoever
makes it. Emptying the books as a whole (TRUNCATE) and dropping a month's partition remain.
A numeric column takes NaN, and from then on every sum over it is NaN; infinity it does not take
where it has a precision.
"""

from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% keeps every row as it came: supersede its slice instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""
# A row trigger on the parent is on every partition, also on those to come.
KEEP_ROWS = """
CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()
"""
REFUSE_NAN = """
CREATE FUNCTION ledger_refuse_nan(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bad text;
BEGIN
    SELECT string_agg(
        CASE WHEN atttypmod = -1 THEN format('%I IN (''NaN'', ''Infinity'', ''-Infinity'')', attname)
             ELSE format('%I = ''NaN''', attname) END, ' OR ' ORDER BY attnum)
    INTO STRICT bad FROM pg_attribute
    WHERE attrelid = guarded AND atttypid = 'numeric'::regtype AND attnum > 0 AND NOT attisdropped;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I, ADD CONSTRAINT %2$I CHECK (NOT (%s))',
                   guarded, guarded::text || '_is_finite', bad);
END
$$
"""
KEPT = ("ledger_charge", "ledger_usage")
GUARDED = ("ledger_charge", "ledger_usage", "ledger_source", "ledger_price", "ledger_fxrate")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_no_row_checks")]

    operations = [
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION ledger_refuse_change()"),
        *(
            migrations.RunSQL(
                KEEP_ROWS.format(table=table), f"DROP TRIGGER {table}_kept ON {table}"
            )
            for table in KEPT
        ),
        migrations.RunSQL(REFUSE_NAN, "DROP FUNCTION ledger_refuse_nan(regclass)"),
        *(
            migrations.RunSQL(
                f"SELECT ledger_refuse_nan('{table}')",
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_is_finite",
            )
            for table in GUARDED
        ),
    ]
