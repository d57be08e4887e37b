"""Where an allocation may end, and who may pay it. Said of it `a`, its cell `c`, its item `w`."""

from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, rows_that_differ

JOINED = """
FROM attribution_allocation a
LEFT JOIN attribution_cell c ON c.id = a.cell_id
LEFT JOIN outcomes_workitem w ON w.id = a.item_id
"""
# The team that pays the cell; shared money has no team, but where a rule says who bears it.
WRONG_PAYER = """
(CASE WHEN a.tier = 'D' OR a.reason = 'no_base'
      THEN a.team_id IS NOT NULL
           AND (c.rule_id IS NULL OR a.team_id <> coalesce(c.team_id, a.team_id))
      ELSE a.team_id IS DISTINCT FROM c.team_id END)
"""
# A and B end in a known work item, C in a team's pool, E in a reason.
WRONG_END = """
(a.tier NOT IN ('A1', 'A2', 'A3', 'A4', 'B', 'C', 'D', 'E')
 OR (left(a.tier, 1) IN ('A', 'B')) <> (a.item_id IS NOT NULL)
 OR (a.item_id IS NOT NULL AND w.id IS NULL)
 OR (a.tier = 'C' AND a.team_id IS NULL)
 OR (a.tier = 'E') <> (a.reason <> ''))
"""


def allocations_paid_by_others() -> Iterator[Violation]:
    yield from rows_that_differ(
        "allocation_place",
        "an allocation says another payer than its cell",
        f"""
        SELECT format('allocation %s of cell %s', a.id, a.cell_id),
               format('team %s', coalesce(c.team_id::text, 'none')),
               format('team %s', coalesce(a.team_id::text, 'none'))
        {JOINED} WHERE {WRONG_PAYER}
        """,
    )


def allocations_that_end_nowhere() -> Iterator[Violation]:
    yield from rows_that_differ(
        "allocation_end",
        "an allocation does not end where its tier says",
        f"""
        SELECT format('allocation %s of cell %s', a.id, a.cell_id),
               CASE left(a.tier, 1) WHEN 'A' THEN 'a work item' WHEN 'B' THEN 'a work item'
                    WHEN 'C' THEN 'a team' WHEN 'D' THEN 'the shared pool'
                    WHEN 'E' THEN 'a reason' ELSE 'a tier of A1 to A4, B, C, D, E' END,
               format('tier %s, item %s, team %s, reason %s', a.tier,
                      coalesce(a.item_id::text, 'none'), coalesce(a.team_id::text, 'none'),
                      coalesce(nullif(a.reason, ''), 'none'))
        {JOINED} WHERE {WRONG_END}
        """,
    )
