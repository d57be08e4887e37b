"""The rules as people read them: those that are followed, those that were, and what they moved."""

from collections.abc import Iterable
from dataclasses import dataclass

from finops.attribution.models import AllocationRule
from finops.attribution.rules import current_rules
from finops.periods import Period

from .sql_files import fetch


@dataclass(frozen=True)
class Moved:
    """What one version of a rule moved in a period: pieces, and reporting nanos."""

    cells: int = 0
    nanos: int = 0


def rules_in_order() -> list[AllocationRule]:
    """Return the rules that are followed, in their order, with their shares and teams."""
    return current_rules()


def withdrawn_rules() -> list[AllocationRule]:
    """Return the last version of each rule that is followed no more, the latest first."""
    followed = AllocationRule.objects.filter(superseded_at__isnull=True).values("number")
    gone = AllocationRule.objects.exclude(number__in=followed).select_related("superseded_by")
    last = gone.order_by("number", "-version").distinct("number")
    return sorted(last, key=lambda rule: str(rule.superseded_at), reverse=True)


def versions_of(number: int) -> list[AllocationRule]:
    """Return every version of a rule, the newest first, with who made it."""
    found = AllocationRule.objects.filter(number=number).order_by("-version")
    return list(
        found.select_related("created_by", "superseded_by").prefetch_related(
            "shares__team", "shares__service"
        )
    )


def moved_by(rules: Iterable[AllocationRule], period: Period) -> dict[int, Moved]:
    """Return what these rules moved in the period, by the id of the rule's version."""
    found = fetch(
        "rule_moved",
        rules=[rule.pk for rule in rules],
        start=period.start,
        end=period.end,
    )
    return {rule: Moved(cells, nanos) for rule, cells, nanos in found}
