"""Nothing is left lying: jobs that nobody works on, and what a load or settle must clean up.

Jobs must hold at any moment. The rest holds once nothing runs: a system at work has open
transactions and waiting jobs, so it is looked at only when asked (`--strict`).
"""

import time
from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, differ, rows_that_differ
from finops.outside import archive

# A temporary file of a running load is younger.
LEFT_SECONDS = 60


def jobs_have_live_leases() -> Iterator[Violation]:
    """No job is running whose lease ended more than a minute ago, and every end has its reason."""
    yield from rows_that_differ(
        "job_without_lease",
        "a job is said to run though nobody holds it",
        """
        SELECT format('job %s (%s), try %s', id, kind, tries), 'a lease',
               coalesce('ended ' || lease_until, 'none')
        FROM billing_ingest_job
        WHERE state = 'running'
          AND coalesce(lease_until, started_at, due_at) < statement_timestamp() - interval '60 s'
        """,
    )
    yield from rows_that_differ(
        "job_without_reason",
        "a job failed without saying why",
        """
        SELECT format('job %s (%s)', id, kind), 'a reason', 'none'
        FROM billing_ingest_job WHERE state = 'failed' AND coalesce(error->>'code', '') = ''
        """,
    )
    yield from rows_that_differ(
        "import_without_job",
        "an import is under way though no job is",
        """
        SELECT format('import %s (%s)', i.id, i.filename), 'an open job', i.state
        FROM ledger_import i
        WHERE i.state = 'running' AND i.created_at < statement_timestamp() - interval '60 s'
          AND NOT EXISTS (SELECT FROM billing_ingest_job j
                          WHERE j.import_id = i.id AND j.state IN ('waiting', 'running'))
        """,
    )


def nothing_waits() -> Iterator[Violation]:
    """Every job has ended, every delivery is applied or refused with a word, nothing is dirty."""
    yield from rows_that_differ(
        "job_open",
        "a job has not ended",
        """
        SELECT format('job %s (%s), try %s', id, kind, tries), 'done or failed', state
        FROM billing_ingest_job
        WHERE state IN ('waiting', 'running') AND kind <> 'verify'  -- this proof, as a job
        """,
    )
    yield from rows_that_differ(
        "delivery_open",
        "a webhook delivery was neither applied nor refused with a word",
        """
        SELECT format('delivery %s (%s)', id, event), 'an end',
               state || CASE WHEN state = 'refused' THEN ' without a word' ELSE '' END
        FROM billing_ingest_delivery
        WHERE state = 'received' OR (state = 'refused' AND note = '')
        """,
    )
    yield from rows_that_differ(
        "unsettled",
        "changes wait for settle",
        "SELECT what, 0::bigint, count(*) FROM attribution_dirty GROUP BY what",
    )


def nobody_holds_the_database() -> Iterator[Violation]:
    """No session idles in a transaction, holds an advisory lock or left a temporary table."""
    yield from rows_that_differ(
        "idle_in_transaction",
        "a session idles inside a transaction",
        """
        SELECT format('session %s, %s', pid, application_name), 'active or idle', state
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND state LIKE 'idle in transaction%'
        """,
    )
    yield from rows_that_differ(
        "advisory_lock",
        "an advisory lock is held",
        """
        SELECT format('session %s, lock %s/%s', pid, classid, objid), 'none', 'held'
        FROM pg_locks
        WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
    )
    yield from rows_that_differ(
        "staging_table",
        "another session has temporary tables",
        """
        SELECT n.nspname || '.' || c.relname, 'none', 'a table'
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname LIKE 'pg_temp%' AND n.oid <> pg_my_temp_schema() AND c.relkind = 'r'
        """,
    )


def no_scratch_is_left() -> Iterator[Violation]:
    """What a load unpacked or half wrote is gone."""
    for left in archive.scratch_left(time.time() - LEFT_SECONDS):
        yield differ("scratch_file", "a temporary file is left", str(left), "none", "a file")
