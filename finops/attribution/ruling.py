"""Rules in a settle: the temporary tables that its steps read, and the cells a change of rules moves."""

import logging
from collections.abc import Iterable
from typing import Any

from django.db import connection

from finops.attribution.models import AllocationRule
from finops.attribution.rules import (
    PROPORTIONAL,
    BadRuleError,
    Part,
    current_rules,
    joins,
    matching,
    parts_of,
)

log = logging.getLogger(__name__)


def lay_out_rules() -> list[AllocationRule]:
    """Fill the tables of the current rules; return the rules that can be followed.

    Rules are checked when they are made; one that still leads nowhere is left out and logged,
    because the money must be settled without it.
    """
    followed = []
    with connection.cursor() as cursor:
        for rule in current_rules():
            try:
                parts = parts_of(rule)
                matching([rule])
            except BadRuleError as error:
                log.error("rule %s (%s) is not followed: %s", rule.number, rule.name, error)
                continue
            followed.append(rule)
            _write(cursor, rule, parts)
        cursor.execute("ANALYZE rule_way, rule_part, rule_limit")
    return followed


def _write(cursor: Any, rule: AllocationRule, parts: Iterable[Part]) -> None:
    proportional = rule.method in PROPORTIONAL
    to_one = rule.method == AllocationRule.Method.TEAM
    cursor.execute(
        "INSERT INTO rule_way VALUES (%s, %s, %s, %s)", [rule.pk, rule.method, proportional, to_one]
    )
    cursor.executemany(
        "INSERT INTO rule_part VALUES (%s, %s, %s, %s, %s)",
        [(p.rule_id, p.own_team_id, p.team_id, p.slug, p.weight) for p in parts],
    )
    if proportional:
        cursor.executemany(
            "INSERT INTO rule_limit VALUES (%s, %s)",
            [(rule.pk, share.team_id) for share in rule.shares.all()],
        )


def note_moved_cells(rules: list[AllocationRule]) -> None:
    """After rules changed: find the cells that another rule matches now than the one they follow."""
    which = matching(rules)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO moved_by_rules SELECT c.id FROM attribution_cell c {joins(which)}"
            f" WHERE ({which.text}) IS DISTINCT FROM c.rule_id"
            "   AND EXISTS (SELECT FROM claimed WHERE what = 'rules')",
            which.params,
        )


def rule_new_cells(rules: list[AllocationRule]) -> None:
    """Find the rule that each new cell follows."""
    if not rules:
        return
    which = matching(rules)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ruled_cell SELECT place, rule_id"
            f" FROM (SELECT c.place, {which.text} AS rule_id FROM paid_cell c {joins(which)}) r"
            " WHERE rule_id IS NOT NULL",
            which.params,
        )
        cursor.execute("ANALYZE ruled_cell")
