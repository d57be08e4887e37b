"""What the questions are asked about, and the shapes of their answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from finops.people.tree import ThenTree
from finops.periods import Period

CostColumn = Literal["billed", "effective"]
TIERS = ("A", "B", "C", "D", "E")
FATES = (
    "value",
    "in_progress",
    "rework",
    "reverted",
    "abandoned",
    "pooled",
    "overhead",
    "unattributed",
)
HIDDEN = ("reverted", "rework", "abandoned")  # what was paid for work that did not last
ENDED = ("value", *HIDDEN)


class NotKnownError(Exception):
    """Something was asked as it was known at a moment, of which no history is kept."""


@dataclass(frozen=True)
class Scope:
    """A period, some teams (None: everything, also what has no team) and a cost column.

    known_on asks for the books as they were known at a moment (None: now). then: the teams are
    those below some teams by the tree of the time, and `teams` is all of them together; queries
    read the stretches of an unchanged tree one by one (`books.parts`).
    """

    period: Period
    teams: tuple[int, ...] | None = None
    cost: CostColumn = "billed"
    known_on: datetime | None = None
    then: ThenTree | None = None


@dataclass(frozen=True)
class TeamRef:
    """A team as the pages show it; id None stands for money without a team."""

    id: int | None
    slug: str
    name: str
    color: int  # 1 to 7, 0 = none
    # A team of teams, without people of its own: it spends nothing itself.
    is_group: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class KindCost:
    """Unit cost of one kind of outcome. None = unknown, with the reason in `why_not`.

    outcomes, durable and matured are credits (fractions where people of other teams took part).
    matured = old enough to be durable, whatever became of them: a durable rate is
    durable / matured.
    direct = the A and B cells of any date of the items completed in the period / outcomes;
    loaded adds the pool and overhead shares of the period; all_in = all that was billed in the
    period / outcomes. low and high bound `direct` at 95 %. With no outcome and money spent, low
    is a one-sided lower bound and everything else None.
    ended_nanos = the period's A and B money of this kind in work that came to an end: it stands,
    was reverted, was rework or was dropped. durable_low and durable_high bound the durable rate
    (Wilson, 95 %).
    """

    outcomes: Decimal
    durable: Decimal
    direct_nanos: int  # the numerator, whole
    direct: Decimal | None  # per outcome, nanos
    loaded: Decimal | None
    all_in: Decimal | None
    low: Decimal | None
    high: Decimal | None
    has_verdict: bool  # at least ten outcomes and enough of the money tied
    why_not: str = ""  # few_outcomes, no_outcomes, little_tied, too_few_for_interval
    matured: Decimal = Decimal(0)
    ended_nanos: int = 0
    durable_low: Decimal | None = None
    durable_high: Decimal | None = None

    @property
    def cost_per_durable(self) -> Decimal | None:
        """What each durable outcome cost, work that did not last included.

        None until every outcome of the period is old enough to judge, and where none lasted.
        """
        if self.matured < self.outcomes or not self.durable:
            return None
        return self.ended_nanos / self.durable


@dataclass(frozen=True)
class UnitCostRow:
    """One row of the unit cost report; amounts are of cells dated in the period.

    tiers and fates each sum to billed + provisional.
    """

    key: str
    label: str
    billed: int
    provisional: int
    tiers: Mapping[str, int]
    fates: Mapping[str, int]
    kinds: Mapping[str, KindCost]
    team: TeamRef | None = None
    item_id: int | None = None

    @property
    def spend(self) -> int:
        return self.billed + self.provisional

    @property
    def hidden(self) -> int:
        """Hidden cost: what was reverted, redone or dropped. A label of money, never more of it."""
        return sum(self.fates.get(fate, 0) for fate in HIDDEN)

    @property
    def ended(self) -> int:
        """Money in work that came to an end."""
        return sum(self.fates.get(fate, 0) for fate in ENDED)

    @property
    def hidden_share(self) -> Decimal | None:
        """Hidden cost as a share of the money in work that came to an end."""
        return Decimal(self.hidden) / self.ended if self.ended > 0 else None


@dataclass(frozen=True)
class UnitCostReport:
    """The report, its total and what could not be converted (currency -> nanos of it)."""

    currency: str
    total: UnitCostRow
    rows: list[UnitCostRow]
    unconverted: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FlowBand:
    """Money of one vendor that one team paid and that met one fate. Bands sum to the spend."""

    vendor: str
    team: TeamRef
    fate: str
    nanos: int
    provisional: int  # part of nanos


@dataclass(frozen=True)
class Week:
    """Seven days of the trend: what was spent, and the unit cost of what was completed."""

    start: date
    billed: int
    provisional: int
    outcomes: Decimal
    direct: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True)
class Cause:
    """One part of a change in spend. The causes of a Change sum to its total."""

    slug: str  # volume, new_sources, mix, price, ended_sources, rest
    name: str
    reason: str  # one computed clause
    nanos: int


@dataclass(frozen=True)
class Change:
    """Why spend differs between two periods."""

    before: int
    after: int
    causes: list[Cause]


@dataclass(frozen=True)
class ItemRow:
    """A work item and what the period's cells paid for it (all tiers A and B of the scope)."""

    item_id: int
    kind: str
    external_id: str
    title: str
    url: str
    state: str
    fate: str
    nanos: int
    tiers: str  # "A", "B" or "A+B"
    cycle_days: Decimal | None  # started (or created) to completed or closed; open: to now
    lines: int | None  # added + deleted
    people: int
    completed_on: date | None


@dataclass(frozen=True)
class ItemList:
    """The dearest items first; totals per fate cover all of them, not only this page."""

    rows: list[ItemRow]
    count: int
    nanos: int
    fates: Mapping[str, tuple[int, int]]  # fate -> (items, nanos)
    rest_nanos: int  # of the items not in rows


@dataclass(frozen=True)
class Chain:
    """A piece of work and what had to be done over: it, what reverted it, what redid it."""

    title: str
    # (item id, external id, role); roles: first, reverted by, fixed by, closed unmerged
    items: list[tuple[int, str, str]]
    nanos: int  # the part with a fate of reverted, rework or abandoned


@dataclass(frozen=True)
class MixRow:
    """A vendor's model: its share of the money and of the outcomes it took part in."""

    vendor: str
    model: str
    nanos: int
    outcomes: Decimal  # items completed in the period, split by the direct cost that reached them
    durable_share: Decimal | None


@dataclass(frozen=True)
class UntiedRow:
    """Money that reached no work item: why, and what exactly is missing."""

    reason: str  # no_identity, no_outcome_in_period, unmapped_repo, excluded, no_base
    what: str  # "key ending 7f3a", "repository acme/lab", "people without an item"
    nanos: int
    cells: int


@dataclass(frozen=True)
class SourceTrust:
    """How far one source can be trusted for the period."""

    key: str
    name: str
    connector: str
    brings: str
    nanos: int  # spend of the period incl. provisional
    complete_to: date | None  # last day its bill covers
    days_behind: int | None
    is_late: bool
    provisional: int
    # (billed - usage at list) / usage at list, where both are known
    bill_against_usage: Decimal | None
    unpriced: int  # split by tokens because the model has no list price
    unknown_identity: int  # E: no_identity


@dataclass(frozen=True)
class ReceiptLine:
    """A line of a receipt: cells of one charge, model and meter that reached the item."""

    tier: str
    why: str  # the rule that brought it here, in words
    day: date
    vendor: str
    model: str
    meter: str
    quantity: Decimal | None
    list_nanos: int | None
    nanos: int
    is_provisional: bool
    charged_on: date | None
    charge_id: int | None
    filename: str
    line: int | None
    source: str
    payer: TeamRef


@dataclass(frozen=True)
class Receipt:
    """What one work item cost, and why we say so."""

    item_id: int
    kind: str
    external_id: str
    title: str
    url: str
    state: str
    fate: str
    team: TeamRef
    direct: int
    tiers: Mapping[str, int]  # A, B
    pool_share: int  # C
    overhead_share: int  # D
    created_at: datetime | None
    started_at: datetime | None
    first_review_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    cycle_days: Decimal | None
    lines_changed: int | None
    people: int
    sessions: int
    payers: list[tuple[TeamRef, int]]
    related: list[tuple[str, int, str, int]]  # (role, item id, external id, direct nanos)
    lines: list[ReceiptLine]
    days: list[tuple[date, str, int]]  # (day, model, nanos) for the timeline


@dataclass(frozen=True)
class CellFilter:
    """Which cells to list: any of these may be given."""

    vendor: str = ""
    team: int | None = None
    no_team: bool = False
    tier: str = ""  # a letter, or several: AB
    fate: str = ""  # one, or several divided by commas
    reason: str = ""
    model: str = ""
    source: str = ""
    item_id: int | None = None
    is_provisional: bool | None = None
    charge_id: int | None = None  # the cells one bill line was split into


@dataclass(frozen=True)
class CellRow:
    """One allocation of a cell: the smallest line behind any figure.

    nanos is in the reporting currency (None without a rate), own_nanos in the cell's currency.
    """

    allocation_id: int
    day: date
    vendor: str
    source: str
    team: TeamRef
    model: str
    meter: str
    project: str
    tier: str
    reason: str
    fate: str
    item_id: int | None
    item: str  # external id
    nanos: int | None
    currency: str
    is_provisional: bool
    charged_on: date | None
    charge_id: int | None
    filename: str
    line: int | None
    own_nanos: int = 0
    paid_because: str = ""  # why this team pays, in words


@dataclass(frozen=True)
class CellPage:
    """A page of cells, dearest first; `after` continues it (None: this was the last)."""

    rows: list[CellRow]
    count: int
    nanos: int
    after: str | None
