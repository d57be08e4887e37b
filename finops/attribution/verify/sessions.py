"""Checks shared out between two sessions of the database that see one snapshot.

The proof is the database's work, and one session keeps one core busy. The checks do not depend on
one another, so a second session takes whichever is next. Both see what was committed when the
first one began (an exported snapshot), write nothing and keep to the same bounds of memory.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import connection, transaction

from finops.attribution.verify.violation import Violation

Check = Callable[[], Iterator[Violation]]

# For each sort or hash of a statement, twice that for a hash. No workers beside a session: it is
# two processes and no more that take this memory, and the second session uses the second core.
BOUNDS = "SET LOCAL work_mem = '64MB'; SET LOCAL max_parallel_workers_per_gather = 0"
ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@dataclass
class Shared:
    """Checks that wait for a session, and what the ones before found."""

    checks: Sequence[Check]
    waiting: deque[int] = field(init=False)
    found: list[list[Violation]] = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = deque(range(len(self.checks)))
        self.found = [[] for _ in self.checks]

    def work(self) -> None:
        """Run what waits, one after another, in the session of this thread."""
        try:
            while (place := self._next()) is not None:
                self.found[place] = list(self.checks[place]())
        except BaseException:
            self.waiting.clear()  # the other session need not go on
            raise

    def _next(self) -> int | None:
        try:
            return self.waiting.popleft()
        except IndexError:
            return None


def on_one_snapshot(checks: Sequence[Check]) -> list[Violation]:
    """Run the checks, the first ones first, and return what they find in their order.

    Call it in the transaction in which `begin_snapshot` was called; its session does its share.
    """
    shared = Shared(checks)
    if connection.savepoint_ids:  # what this transaction wrote itself no other session can see
        shared.work()
    else:
        with ThreadPoolExecutor(1, "verify") as thread:
            second = thread.submit(_second_session, shared, _exported())
            shared.work()
            second.result()
    return [violation for found in shared.found for violation in found]


def begin_snapshot() -> None:
    """Read what was committed at this moment and nothing later, and write nothing."""
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:  # a test's own transaction has begun already
            cursor.execute(ONE_SNAPSHOT)
        cursor.execute(BOUNDS)


def _exported() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


def _second_session(shared: Shared, snapshot: str) -> None:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(ONE_SNAPSHOT)
                cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
                cursor.execute(BOUNDS)
            shared.work()
    finally:
        connection.close()
