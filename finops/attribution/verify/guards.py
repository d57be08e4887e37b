"""What the database refuses by itself: the guards that keep the books right are in place."""

from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, rows_that_differ

# Unique indexes without which a thing could count twice: name, table, columns, condition.
UNIQUE = (
    ("slice_active_once", "ledger_slice", "source_id,table,key", "superseded_at IS NULL"),
    ("billing_scope_once", "ledger_billingscope",
     "invoice_issuer_name,billing_account_id,billing_period_start,bill", ""),
    ("", "ledger_source", "key", ""),
    ("", "outcomes_workitem", "kind,key", ""),
    ("delivery_once", "billing_ingest_delivery", "source_id,delivery_id", ""),
    ("job_slot_once", "billing_ingest_job", "kind,source_id,slot", "slot IS NOT NULL"),
    ("rule_version_once", "attribution_allocationrule", "number,version", ""),
    ("rule_current_once", "attribution_allocationrule", "number", "superseded_at IS NULL"),
)  # fmt: skip
KEPT = ("ledger_charge", "ledger_usage")
APPS = "^(ledger|outcomes|people|attribution|planning|value)_"


def things_count_once_by_constraint() -> Iterator[Violation]:
    """The unique indexes stand, whole and valid, over exactly these columns."""
    wanted = ", ".join(
        f"('{name}', '{table}', '{columns}', '{condition}')"
        for name, table, columns, condition in UNIQUE
    )
    yield from rows_that_differ(
        "unique_missing",
        "nothing in the database keeps these columns unique",
        f"""
        WITH wanted (name, "table", columns, condition) AS (VALUES {wanted}),
        there AS (
            SELECT i.indrelid, c.relname AS name,
                   coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS condition,
                   (SELECT string_agg(a.attname, ',' ORDER BY k.place)
                    FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) AS columns
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indisunique AND i.indisvalid AND i.indislive
        )
        SELECT w."table" || ' (' || w.columns || ')', 'a unique index', 'none' FROM wanted w
        WHERE NOT EXISTS (
            SELECT FROM there t
            WHERE t.indrelid = to_regclass(w."table") AND t.columns = w.columns
              AND (w.name = '' OR t.name = w.name)
              AND trim(both '()' FROM t.condition) = w.condition)
        """,
    )


def work_items_exist_once() -> Iterator[Violation]:
    """A key of a kind is one work item, also when capitals differ."""
    yield from rows_that_differ(
        "work_item_once",
        "one thing that was worked on stands in the books several times",
        """
        SELECT format('%s %s', kind, lower(key)), 1::bigint, count(*) FROM outcomes_workitem
        GROUP BY kind, lower(key) HAVING count(*) > 1
        """,
    )


def booked_rows_are_kept() -> Iterator[Violation]:
    """UPDATE and DELETE of charges and usage are refused, on every partition."""
    kept = ", ".join(f"('{table}'::regclass)" for table in KEPT)
    yield from rows_that_differ(
        "append_only",
        "booked rows could be changed or deleted",
        f"""
        SELECT p.relid::regclass::text, 'a trigger that refuses it', 'none'
        FROM (VALUES {kept}) k (parent), LATERAL pg_partition_tree(k.parent) p
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger t
            WHERE t.tgrelid = p.relid AND t.tgfoid = to_regproc('ledger_refuse_change')
              AND t.tgenabled IN ('O', 'A')
              AND t.tgtype & 27 = 27)  -- for each row, before, on delete and on update
        """,
    )


def amounts_are_exact() -> Iterator[Violation]:
    """No column of the books is a binary fraction, and no numeric one takes NaN."""
    yield from rows_that_differ(
        "float_column",
        "a column holds binary fractions, which no amount may be",
        f"""
        SELECT table_name || '.' || column_name, 'numeric or bigint', data_type::text
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name ~ '{APPS}'
          AND data_type IN ('real', 'double precision')
        ORDER BY 1
        """,
    )
    yield from rows_that_differ(
        "nan_allowed",
        "a numeric column would take NaN",
        f"""
        SELECT c.relname || '.' || a.attname, 'a check that refuses NaN', 'none'
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname ~ '{APPS}'
          AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
          AND a.atttypid = 'numeric'::regtype
          AND NOT EXISTS (
              SELECT FROM pg_constraint k
              WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated
                AND a.attnum = ANY (k.conkey) AND pg_get_constraintdef(k.oid) LIKE '%NaN%')
        ORDER BY 1
        """,
    )
