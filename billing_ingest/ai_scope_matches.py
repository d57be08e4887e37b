"""What a rule of the AI scope table fits among the lines that were booked last.

The newest bills are looked at, up to a number of lines that does not grow with the books.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from billing_ingest.ai_scope import FIELDS, regex_of
from finops.ledger.models import AiScopeRule, Slice

LINES_MOST = 20_000
SLICES_MOST = 200
COLUMNS = tuple(dict.fromkeys(name for names in FIELDS.values() for name in names))
NEWEST = f"""
SELECT {", ".join(COLUMNS)}, ai_class, billing_currency, count(*), sum(billed_cost)
FROM (
    SELECT * FROM ledger_charge
    WHERE slice_id = ANY(%s) AND charged_on BETWEEN %s AND %s
      AND charged_on >= coalesce(%s::date, '-infinity') AND charged_on < coalesce(%s::date, 'infinity')
    LIMIT {LINES_MOST}
) newest
GROUP BY {", ".join(COLUMNS)}, ai_class, billing_currency
"""


@dataclass
class Fitting:
    """Lines of one service and class that a rule fits."""

    service: str
    ai_class: str
    lines: int = 0
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass
class Matches:
    """What a rule fits: by service, the most lines first, of so many that were looked at."""

    looked_at: int
    fitting: list[Fitting]

    @property
    def lines(self) -> int:
        return sum(one.lines for one in self.fitting)


def matches(rule: AiScopeRule) -> Matches:
    """Look for what the rule fits on the days it holds."""
    tests = [
        (names, re.compile(regex))
        for name, names in FIELDS.items()
        if (regex := regex_of(getattr(rule, name)))
    ]
    looked_at, found = 0, dict[tuple[str, str], Fitting]()
    for *texts, ai_class, currency, lines, amount in newest_lines(rule):
        said = dict(zip(COLUMNS, texts, strict=True))
        looked_at += lines
        if all(regex.search(words(said, names)) for names, regex in tests):
            service = said["service_name"] or said["provider_name"]
            one = found.setdefault((service, ai_class), Fitting(service, ai_class))
            one.lines += lines
            one.amounts[currency] += amount
    return Matches(looked_at, sorted(found.values(), key=lambda one: (-one.lines, one.service)))


def words(said: dict[str, str], names: Sequence[str]) -> str:
    return " ".join(said[name] for name in names).lower()


def newest_lines(rule: AiScopeRule) -> list[tuple[Any, ...]]:
    """Return the lines of the newest bills on the rule's days, those that say the same as one."""
    standing = Slice.objects.filter(table="charge", superseded_at=None).order_by("-id")
    taken: list[Slice] = []
    for part in standing[:SLICES_MOST]:
        taken.append(part)
        if sum(one.rows for one in taken) >= LINES_MOST:
            break
    days = [day for part in taken for day in (part.first_day, part.last_day) if day]
    if not days:
        return []
    slices = [part.pk for part in taken]
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [slices, min(days), max(days), rule.valid_from, rule.valid_to])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
