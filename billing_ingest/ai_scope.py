"""Which lines of a bill are for AI, and what for, by the dated table of rules.

The table is short and the lines are many: one look with all words of all rules sorts out most
lines, and only those that it takes in are put before the rules, one after another.
"""

import re
from collections.abc import Sequence

from billing_ingest.engine import text
from billing_ingest.tables import Column
from finops.ledger.ai_scope_defaults import DEFAULTS
from finops.ledger.models import AiScopeRule

BOOKED = (
    AiScopeRule.AiClass.INFERENCE, AiScopeRule.AiClass.TRAINING, AiScopeRule.AiClass.INFRASTRUCTURE,
)  # fmt: skip
# Our columns of a charge that each pattern of a rule looks at.
FIELDS = {
    "provider": ("provider", "provider_name"),
    "service": (
        "service_name", "publisher_name", "provider_name", "service_category",
        "service_subcategory",
    ),
    "sku": ("sku_meter", "charge_description", "sku_id"),
}  # fmt: skip


def rules() -> list[AiScopeRule]:
    """Return the rules in order; what is shipped as long as nobody keeps a table."""
    return list(AiScopeRule.objects.order_by("position", "id")) or shipped()


def shipped() -> list[AiScopeRule]:
    """Return the shipped rules, not kept."""
    return [
        AiScopeRule(position=place, origin=AiScopeRule.Origin.DEFAULT, **default._asdict())
        for place, default in enumerate(DEFAULTS, start=1)
    ]


def words_of(pattern: str) -> list[str]:
    """Return the alternatives of a pattern in lower case."""
    return [word for part in pattern.lower().split("|") if (word := part.strip())]


def regex_of(pattern: str) -> str:
    """Return a pattern as a regular expression that DuckDB and Python read alike; '' fits all."""
    return "|".join(".*".join(map(re.escape, word.split("*"))) for word in words_of(pattern))


def ai_class_sql(table: Sequence[AiScopeRule]) -> str:
    """Return SQL for the class of a row with its `texts_sql`: null where no rule speaks of it."""
    cases = " ".join(f"WHEN {fits(rule)} THEN {text(rule.ai_class)}" for rule in table)
    return f"CASE WHEN NOT {glance(table)} THEN NULL {cases} END" if cases else "NULL::VARCHAR"


def texts_sql(columns: Sequence[Column]) -> str:
    """Return SQL for the texts of a mapped row that the patterns look at."""
    names = {column.name for column in columns}
    looked_at = {field: [n for n in own if n in names] for field, own in FIELDS.items()}
    return ", ".join(
        f"lower(concat_ws(' ', {', '.join(found) or 'NULL'})) AS {field}_words"
        for field, found in looked_at.items()
    )


def fits(rule: AiScopeRule) -> str:
    """Return SQL that says whether a rule fits a row on its day."""
    tests = [
        f"regexp_matches({field}_words, {text(regex)})"
        for field in FIELDS
        if (regex := regex_of(getattr(rule, field)))
    ]
    day = "utc(charge_period_start)::DATE"
    if rule.valid_from:
        tests.append(f"{day} >= DATE {text(rule.valid_from.isoformat())}")
    if rule.valid_to:
        tests.append(f"{day} < DATE {text(rule.valid_to.isoformat())}")
    return " AND ".join(tests) or "true"


def glance(table: Sequence[AiScopeRule]) -> str:
    """Return SQL that is true for every row that some rule may fit: one expression for all.

    Of a rule it asks the service, or the SKU where it names none, or else the provider.
    """
    asked: dict[str, set[str]] = {}
    for rule in table:
        field = next(
            (name for name in ("service", "sku", "provider") if regex_of(getattr(rule, name))), ""
        )
        if not field:
            return "true"
        asked.setdefault(field, set()).add(regex_of(getattr(rule, field)))
    looks = [
        f"regexp_matches({field}_words, {text('|'.join(sorted(regexes)))})"
        for field, regexes in asked.items()
    ]
    return f"({' OR '.join(looks) or 'false'})"
