"""What settle derives from the facts, and the rules it follows.

Every derived table can be dropped and rebuilt; rules and what people decided cannot.
"""

from finops.attribution.models.amounts import AmountFields
from finops.attribution.models.cells import Allocation, Cell, ItemFate, ItemTeam, OutcomeCost
from finops.attribution.models.closing import Closing, Dispute
from finops.attribution.models.evidence import ActorSeen, LogDay, NameDay
from finops.attribution.models.history import (
    ItemKnown,
    ItemPosting,
    NamesKnown,
    OutcomePosting,
    PostedRun,
    Posting,
)
from finops.attribution.models.reconcile import BillDay, BillMonth, MeterDay, MeterMonth
from finops.attribution.models.rollups import (
    ItemDay,
    OutcomeDay,
    SpendDay,
    SpendMonth,
    TeamDay,
    UsageDay,
)
from finops.attribution.models.rules import AllocationRule, RuleShare
from finops.attribution.models.runs import BillSeen, BooksChange, Dirty, SettleRun

__all__ = [
    "ActorSeen",
    "Allocation",
    "AllocationRule",
    "AmountFields",
    "BillDay",
    "BillMonth",
    "BillSeen",
    "BooksChange",
    "Cell",
    "Closing",
    "Dirty",
    "Dispute",
    "ItemDay",
    "ItemFate",
    "ItemKnown",
    "ItemPosting",
    "ItemTeam",
    "LogDay",
    "MeterDay",
    "MeterMonth",
    "NameDay",
    "NamesKnown",
    "OutcomeCost",
    "OutcomeDay",
    "OutcomePosting",
    "PostedRun",
    "Posting",
    "RuleShare",
    "SettleRun",
    "SpendDay",
    "SpendMonth",
    "TeamDay",
    "UsageDay",
]
