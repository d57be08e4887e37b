"""How tests break books that are right, and what verify_books says then."""

from django.db import connection

from finops.attribution.verify.books import verify
from finops.attribution.verify.violation import Violation


def found(*, strict: bool = False) -> dict[str, str]:
    """The checks that failed, with the first difference of each."""
    return {v.check: v.difference for v in reversed(verify(strict=strict).violations)}


def named(check: str, *, strict: bool = False) -> Violation:
    """The first difference that the check names. Raises StopIteration when it finds none."""
    return next(v for v in verify(strict=strict).violations if v.check == check)


def run(sql: str, *params: object) -> None:
    """Break the books; what guards them is out of the way meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")
