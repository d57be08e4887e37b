"""What keeps the books right by itself is there, and nothing is left lying after work."""

import os
import time
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing_ingest.models import Delivery, Job
from finops.attribution.models import Dirty
from finops.attribution.verify.books import verify
from finops.attribution.verify.guards import UNIQUE
from finops.ledger.models import Import, Source
from finops.outcomes.models import WorkItem
from finops.outside import archive
from tests.breaking import found, named, run
from tests.small_books import FILE, Books, small_books

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def books() -> Books:
    return small_books(archive.put(FILE).sha256)


# --- constraints ----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "table", "columns"), [guard[:3] for guard in UNIQUE])
def test_a_unique_index_that_is_gone_is_named(name, table, columns):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, c.conname FROM pg_index i"
            " LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'"
            " WHERE i.indrelid = %s::regclass AND i.indisunique AND NOT i.indisprimary"
            " AND (%s = '' OR i.indexrelid::regclass::text = %s)",
            [table, name, name],
        )
        for index, constraint in cursor.fetchall():
            cursor.execute(
                f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"
                if constraint
                else f"DROP INDEX {index}"
            )
    assert named("unique_missing").where == f"{table} ({columns})"


def test_a_work_item_that_stands_twice_is_named(books):
    item = WorkItem.objects.get()
    item.pk, item.key = None, item.key.upper()
    item.save()
    assert found()["work_item_once"] == "1"


@pytest.mark.parametrize("table", ["ledger_charge", "ledger_usage"])
def test_a_table_whose_rows_could_be_changed_is_named(books, table):
    run(f"DROP TRIGGER {table}_kept ON {table}")
    named_parts = {v.where for v in verify().violations if v.check == "append_only"}
    assert table in named_parts
    assert len(named_parts) > 1  # with its partitions


def test_a_trigger_that_sleeps_on_one_partition_is_named(books):
    run("ALTER TABLE ledger_charge_202610 DISABLE TRIGGER ledger_charge_kept")
    assert named("append_only").where == "ledger_charge_202610"


def test_a_column_of_binary_fractions_is_named():
    run("ALTER TABLE ledger_charge ADD COLUMN tax double precision")
    violation = next(v for v in verify().violations if v.check == "float_column")
    assert (violation.where, violation.found) == ("ledger_charge.tax", "double precision")


def test_an_amount_that_may_be_nan_is_named():
    run("ALTER TABLE ledger_usage DROP CONSTRAINT ledger_usage_is_finite")
    run("ALTER TABLE attribution_cell ADD COLUMN tax numeric")
    wheres = {v.where for v in verify().violations if v.check == "nan_allowed"}
    assert {"attribution_cell.tax", "ledger_usage.list_cost"} <= wheres


# --- jobs -----------------------------------------------------------------------------------


def job(**values: object) -> Job:
    return Job.objects.create(**{"kind": "load", "due_at": timezone.now()} | values)


def test_a_job_that_nobody_holds_any_more_is_named():
    job(state="running", tries=1, lease_until=timezone.now() - MINUTE / 2)
    assert verify().ok
    lost = job(state="running", tries=1, lease_until=timezone.now() - 2 * MINUTE)
    assert named("job_without_lease").where == f"job {lost.pk} (load), try 1"


def test_a_job_that_failed_without_a_reason_is_named():
    job(state="failed", error={"code": "worker_lost"})
    assert verify().ok
    job(state="failed")
    assert "job_without_reason" in found()


def test_an_import_that_runs_without_a_job_is_named():
    source = Source.objects.create(key="acme", name="Acme", connector="focus")
    imp = Import.objects.create(
        source=source, state="running", filename="a.csv", sha256="0" * 64, size_bytes=1
    )
    Import.objects.update(created_at=timezone.now() - 2 * MINUTE)
    assert named("import_without_job").where == f"import {imp.pk} (a.csv)"
    job(imp=imp)
    assert "import_without_job" not in found()


# --- at rest, only when asked ---------------------------------------------------------------


def test_what_waits_is_wrong_only_when_nothing_runs():
    source = Source.objects.create(key="hub", name="Hub", connector="github")
    Delivery.objects.create(source=source, delivery_id="1", event="push", sha256="0" * 64)
    Delivery.objects.create(
        source=source, delivery_id="2", event="push", sha256="0" * 64, state="refused"
    )
    Dirty.objects.create(what="item", ref="1")
    job()
    assert verify().ok
    strict = found(strict=True)
    assert {"job_open", "delivery_open", "unsettled"} <= strict.keys()
    assert len([v for v in verify(strict=True).violations if v.check == "delivery_open"]) == 2


def test_a_refused_delivery_with_a_word_has_ended():
    source = Source.objects.create(key="hub", name="Hub", connector="github")
    Delivery.objects.create(
        source=source, delivery_id="2", event="push", sha256="0" * 64, state="refused", note="no"
    )
    assert "delivery_open" not in found(strict=True)


def test_a_session_that_holds_a_lock_or_a_staging_table_is_named():
    params = connection.get_connection_params()
    own = {
        key: params[key] for key in ("dbname", "user", "password", "host", "port") if key in params
    }
    with psycopg.connect(**own) as other:
        other.execute("SELECT pg_advisory_xact_lock(47, 11)")
        other.execute("CREATE TEMP TABLE staging (line bigint)")
        time.sleep(0.05)
        here = found(strict=True)
        assert {"advisory_lock", "idle_in_transaction"} <= here.keys()
        other.rollback()
        other.execute("CREATE TEMP TABLE staging (line bigint)")
        other.commit()
        assert named("staging_table", strict=True).where.endswith(".staging")
    assert "advisory_lock" not in found(strict=True)


def test_a_scratch_folder_that_a_load_left_is_named():
    left = settings.HOME.make().path / "scratch" / "left"
    left.mkdir(parents=True)
    try:
        assert "scratch_file" not in found(strict=True)  # a load may be at work in it
        os.utime(left, (time.time() - 120,) * 2)
        assert named("scratch_file", strict=True).where == str(left)
    finally:
        left.rmdir()
