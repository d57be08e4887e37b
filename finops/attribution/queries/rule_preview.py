"""What a changed set of rules would move, in dollars, before anybody saves it.

Computed from the cells themselves by the rules' own SQL, as settle does afterwards: an asked-for
computation over whole months, in one transaction that leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from django.db import connection, transaction

from finops.attribution.models import AllocationRule
from finops.attribution.rules import PROPORTIONAL, Sql, joins, matching, parts_of
from finops.periods import Period, add_months, month_of

from .organisation import NO_TEAM, reach, team_refs
from .shapes import TeamRef
from .sql_files import fetch, statement

EXAMPLES = 5
CELLS = """
CREATE TEMP TABLE preview_cell ON COMMIT DROP AS
SELECT *, then_id IS DISTINCT FROM rule_id
          OR coalesce(then_id IN (SELECT rule_id FROM preview_way WHERE is_proportional), false) AS is_open
FROM (
    SELECT c.id, date_trunc('month', c.day)::date AS month, c.day, c.charged_on, c.charge_id, c.occurred_on,
           c.usage_id, c.source_id, c.vendor, c.api_key, c.project, c.model, c.team_id, c.own_team_id,
           c.rule_id, c.is_excluded, c.is_shared, c.fx_rate, c.billed_nanos AS own_nanos,
           c.reporting_billed_nanos AS nanos, c.rule_id IS NOT NULL AND c.team_id IS NULL AS is_shared_out,
           dense_rank() OVER (ORDER BY c.charged_on, c.charge_id, c.occurred_on, c.usage_id) AS place,
           {which} AS then_id
    FROM attribution_cell c
    {joins}
    WHERE c.day >= %s AND c.day < %s
) c
"""
WAYS = """
CREATE TEMP TABLE preview_way (rule_id bigint, method text, is_proportional boolean, is_to_one boolean, teams bigint[])
    ON COMMIT DROP;
CREATE TEMP TABLE preview_part (rule_id bigint, own_team_id bigint, team_id bigint, slug text, weight numeric)
    ON COMMIT DROP;
CREATE TEMP TABLE preview_weight (rule_id bigint, month date, source_id bigint, team_id bigint, weight numeric)
    ON COMMIT DROP
"""


@dataclass(frozen=True)
class TeamChange:
    """What a team pays for the cells of the period, now and then, in reporting nanos."""

    team: TeamRef
    now: int
    then: int

    @property
    def difference(self) -> int:
        return self.then - self.now


@dataclass(frozen=True)
class RuleChange:
    """What one rule moves now and then: cells, and their reporting nanos."""

    rule: AllocationRule
    cells_now: int
    now: int
    cells_then: int
    then: int
    # Proportional rules: each team's share of the months, as it would be.
    shares: list[tuple[TeamRef, Fraction]] = field(default_factory=list)


@dataclass(frozen=True)
class Flow:
    """Money that would go from one team to another, and in how many cells."""

    now: TeamRef
    then: TeamRef
    cells: int
    nanos: int


@dataclass(frozen=True)
class Example:
    """One piece of money, and how much of it would change its payer.

    rule: the one that would decide it (None: no rule any more).
    """

    day: date
    vendor: str
    api_key: str
    project: str
    model: str
    nanos: int
    now: list[TeamRef]
    then: list[TeamRef]
    rule: AllocationRule | None
    charged_on: date | None
    charge_id: int | None


@dataclass(frozen=True)
class RulePreview:
    """What would move. The teams' differences sum to zero, to the nano where one currency is used."""

    period: Period
    teams: list[TeamChange]
    rules: list[RuleChange]
    flows: list[Flow]
    examples: list[Example]
    cells: int  # that move
    nanos: int  # that move


def default_period(today: date) -> Period | None:
    """The last whole month with money and the one under way; None for empty books."""
    span = reach().span
    if span is None:
        return None
    last = min(month_of(today).start, month_of(span.last_day).start)
    first = max(add_months(last, -1), month_of(span.start).start)
    return Period(first, add_months(last, 1))


def rule_preview(rules: Sequence[AllocationRule], period: Period) -> RulePreview:
    """Return what following these rules would move in the whole months of the period.

    `rules` is the complete set, in order; drafts among them have an id of their own. Raises
    BadRuleError for a rule that leads nowhere.
    """
    months = Period(month_of(period.start).start, month_of(period.last_day).end)
    with transaction.atomic():
        try:
            lay_out(rules)
            find_cells(matching(rules), months)
            run("preview_cells")
            if any(rule.method in PROPORTIONAL for rule in rules):
                by_usage = any(rule.method == AllocationRule.Method.USAGE for rule in rules)
                run("preview_proportional", start=months.start, end=months.end, by_usage=by_usage)
            run("preview_moves")
            return read_preview(rules, months)
        finally:
            transaction.set_rollback(True)


def lay_out(rules: Sequence[AllocationRule]) -> None:
    ways, parts = [], []
    for rule in rules:
        limit = [share.team_id for share in rule.shares.all()]
        ways.append(
            (
                rule.pk,
                rule.method,
                rule.method in PROPORTIONAL,
                rule.method == AllocationRule.Method.TEAM,
                limit or None,
            )
        )
        parts += [(p.rule_id, p.own_team_id, p.team_id, p.slug, p.weight) for p in parts_of(rule)]
    with connection.cursor() as cursor:
        cursor.execute(WAYS)
        cursor.executemany("INSERT INTO preview_way VALUES (%s, %s, %s, %s, %s)", ways)
        cursor.executemany("INSERT INTO preview_part VALUES (%s, %s, %s, %s, %s)", parts)
        cursor.execute("ANALYZE preview_way, preview_part")


def find_cells(which: Sql, months: Period) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            CELLS.format(which=which.text, joins=joins(which)),
            [*which.params, months.start, months.end],
        )


def run(name: str, **params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), params)


def read_preview(rules: Sequence[AllocationRule], months: Period) -> RulePreview:
    refs = team_refs()
    by_id = {rule.pk: rule for rule in rules}
    teams = [
        TeamChange(refs.get(team, NO_TEAM), now, then) for team, now, then in fetch("preview_teams")
    ]
    flows = [
        Flow(refs.get(now, NO_TEAM), refs.get(then, NO_TEAM), cells, nanos)
        for now, then, cells, nanos in fetch("preview_flows")
    ]
    ((cells, nanos),) = fetch("preview_size")
    return RulePreview(
        period=months,
        teams=sorted(
            teams, key=lambda t: (t.team == NO_TEAM, -abs(t.difference), -t.then, t.team.slug)
        ),
        rules=rule_changes(by_id, refs),
        flows=flows,
        examples=[
            example(row, refs, by_id) for row in fetch("preview_examples", examples=EXAMPLES)
        ],
        cells=cells,
        nanos=nanos,
    )


def rule_changes(
    by_id: Mapping[int, AllocationRule], refs: Mapping[int | None, TeamRef]
) -> list[RuleChange]:
    """One line per rule of the new set; what an older version moved counts as its `now`."""
    counted = {row[0]: row[1:] for row in fetch("preview_rules")}
    versions = dict(AllocationRule.objects.filter(pk__in=counted).values_list("pk", "number"))
    now: dict[int, tuple[int, int]] = {}
    for pk, number in versions.items():
        cells, nanos = now.get(number, (0, 0))
        now[number] = (cells + counted[pk][0], nanos + counted[pk][1])
    shares = shares_by_rule(refs)
    changes = []
    for pk, rule in by_id.items():
        cells_now, nanos_now = now.get(rule.number, (0, 0))
        _, _, cells_then, nanos_then = counted.get(pk, (0, 0, 0, 0))
        changes.append(
            RuleChange(rule, cells_now, nanos_now, cells_then, nanos_then, shares.get(pk, []))
        )
    return changes


def shares_by_rule(
    refs: Mapping[int | None, TeamRef],
) -> dict[int, list[tuple[TeamRef, Fraction]]]:
    """Each proportional rule's shares over the months, the largest first."""
    weights: dict[int, list[tuple[TeamRef, Fraction]]] = {}
    for rule, team, weight, total in fetch("preview_shares"):
        part = Fraction(weight) / Fraction(total)
        weights.setdefault(rule, []).append((refs.get(team, NO_TEAM), part))
    return weights


def example(
    row: tuple[Any, ...],
    refs: Mapping[int | None, TeamRef],
    by_id: Mapping[int, AllocationRule],
) -> Example:
    day, vendor, api_key, project, model, nanos, now, then, _, then_id, charged_on, charge_id = row
    return Example(
        day, vendor, api_key, project, model, nanos,
        [refs.get(team, NO_TEAM) for team in now or [None]],
        [refs.get(team, NO_TEAM) for team in then or [None]],
        by_id.get(then_id), charged_on, charge_id,
    )  # fmt: skip
