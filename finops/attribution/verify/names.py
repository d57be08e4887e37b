"""Names that nobody owns: the queue for an owner holds all of them, and nobody else."""

from collections.abc import Iterator

from finops.attribution.models import Dirty
from finops.attribution.verify.violation import Violation, rows_that_differ

# A name counts with its namespace, and without one when that leaves no doubt whose it is.
OWNED = """
plain AS (
    SELECT lower(external_id) AS name FROM people_identity GROUP BY 1
    HAVING count(DISTINCT namespace) = 1 OR count(DISTINCT (person_id, team_id)) = 1
), owned AS MATERIALIZED (
    SELECT lower(namespace || ':' || external_id) AS name, valid_from, valid_to FROM people_identity
    UNION ALL
    SELECT p.name, i.valid_from, i.valid_to
    FROM plain p JOIN people_identity i ON lower(i.external_id) = p.name
)
"""


def names_without_owner_are_counted() -> Iterator[Violation]:
    """Per day, kind of name, name and vendor: cells, money, and money that no team pays.

    Left out while changes wait for settle.
    """
    if Dirty.objects.exists():
        return
    yield from rows_that_differ(
        "name_day",
        "the day of a name that nobody owns is not the sum of its cells",
        f"""
        WITH {OWNED}, said AS (
            SELECT c.day, v.field, lower(v.name) AS name, c.vendor, count(*) AS cells,
                   coalesce(sum(c.reporting_billed_nanos), 0) AS nanos,
                   coalesce(sum(c.reporting_billed_nanos) FILTER (
                       WHERE c.team_id IS NULL AND NOT c.is_shared), 0) AS teamless
            FROM attribution_cell c
            CROSS JOIN LATERAL (VALUES ('actor', c.actor), ('api_key', c.api_key),
                ('project', c.project), ('sub_account_id', c.sub_account_id)) v (field, name)
            WHERE c.person_id IS NULL AND NOT c.is_excluded AND v.name <> ''
            GROUP BY 1, 2, 3, 4
        ), fresh AS (
            SELECT s.* FROM said s WHERE NOT EXISTS (
                SELECT FROM owned o WHERE o.name = s.name
                  AND s.day >= coalesce(o.valid_from, s.day)
                  AND s.day < coalesce(o.valid_to, 'infinity'))
        ), kept AS (
            SELECT day, field, name, vendor, sum(cells) AS cells, sum(reporting_nanos) AS nanos,
                   sum(teamless_nanos) AS teamless
            FROM attribution_nameday GROUP BY 1, 2, 3, 4
        )
        SELECT format('%s, %s %s, %s, %s', coalesce(f.day, k.day), coalesce(f.field, k.field),
                      coalesce(f.name, k.name), coalesce(f.vendor, k.vendor), v.what),
               coalesce(v.expected, 0), coalesce(v.found, 0)
        FROM fresh f FULL JOIN kept k
          ON (k.day, k.field, k.name, k.vendor) = (f.day, f.field, f.name, f.vendor)
        CROSS JOIN LATERAL (VALUES ('cells', f.cells, k.cells), ('nanos', f.nanos, k.nanos),
                                   ('nanos of no team', f.teamless, k.teamless))
                           v(what, expected, found)
        WHERE coalesce(v.expected, 0) <> coalesce(v.found, 0)
        """,
    )


def actors_without_owner_are_counted() -> Iterator[Violation]:
    """Names on work items that never had an owner. Left out while changes wait for settle."""
    if Dirty.objects.exists():
        return
    yield from rows_that_differ(
        "actor_seen",
        "a name on work items that nobody owns is not counted as often as it is there",
        f"""
        WITH {OWNED}, fresh AS (
            SELECT lower(p.actor) AS name, count(DISTINCT p.item_id) AS items,
                   min(w.ended) AS first_on, max(w.ended) AS last_on
            FROM outcomes_workitemperson p
            JOIN (SELECT id, coalesce(completed_at, closed_at, version_at)::date AS ended
                  FROM outcomes_workitem) w ON w.id = p.item_id
            WHERE p.role NOT IN ('reviewer', 'merger') AND p.actor <> ''
              AND NOT EXISTS (SELECT FROM owned o WHERE o.name = lower(p.actor))
            GROUP BY 1
        )
        SELECT format('%s, %s', coalesce(f.name, k.name), v.what), v.expected, v.found
        FROM fresh f FULL JOIN attribution_actorseen k ON k.name = f.name
        CROSS JOIN LATERAL (VALUES ('items', f.items::text, k.items::text),
            ('first day', f.first_on::text, k.first_on::text),
            ('last day', f.last_on::text, k.last_on::text)) v(what, expected, found)
        WHERE v.expected IS DISTINCT FROM v.found
        """,
    )
