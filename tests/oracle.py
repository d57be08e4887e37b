"""The method a second time, slowly and row by row, from facts alone: what settle must equal.

Written from the method's text, sharing no code with the SQL. It answers with the billed nanos
of every (charge, usage row, tier, reason, item, team).
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from finops.ledger.models import Charge, Slice, Source, Usage
from finops.money import split
from finops.outcomes.models import WorkItem
from finops.people.models import Identity, Membership, Team

FAR = datetime(9999, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SAID = (
    "provider",
    "sub_account_id",
    "api_key",
    "project",
    "repo",
    "branch",
    "session",
    "pr",
    "ticket",
)
KEYS = "actor api_key project repo branch session pr ticket conversation deal team model service_tier".split()

Answer = dict[tuple[Any, ...], int]


class Piece(NamedTuple):
    """A cell before anybody is asked whose it is."""

    charge: Charge | None
    usage: Usage | None
    at: datetime
    nanos: int
    said: dict[str, str]
    is_shared: bool
    is_excluded: bool
    is_usage: bool


def answer() -> Answer:
    """Return billed nanos per (charge id, usage id, tier, reason, item id, team id)."""
    pieces = list(_pieces())
    items = _Items()
    placed: list[tuple[Piece, str, str, int | None, int | None, int]] = []
    for piece in pieces:
        person, team, shared = _payer(piece)
        for tier, reason, item, nanos in items.place(piece, person, team, shared):
            paying = None if tier == "D" else team
            placed.append((piece, tier, reason, item, paying, nanos))
    total: Answer = defaultdict(int)
    for piece, tier, reason, item, team, nanos in _with_pools(placed, items):
        charge, usage = piece.charge, piece.usage
        total[charge and charge.id, usage and usage.id, tier, reason, item, team] += nanos
    return {key: nanos for key, nanos in total.items() if nanos}


# --- stage 0: cells ---------------------------------------------------------------------------


def _booked() -> list[Charge]:
    found = Charge.objects.filter(slice__superseded_at__isnull=True).select_related(
        "slice__billing_scope"
    )
    return [
        c
        for c in found
        if c.slice.billing_scope and c.slice.billing_scope.feed_id == c.slice.source_id
    ]


def _billed_until(charges: list[Charge]) -> dict[tuple[int, str], datetime]:
    """(source, provider) -> end of what is billed, from the newest two months of slices."""
    newest: dict[int, Any] = {}
    slices = {c.slice_id for c in charges}
    for part in Slice.objects.filter(id__in=slices):
        newest[part.source_id] = max(newest.get(part.source_id, part.last_day), part.last_day)
    ends: dict[tuple[int, str], dict[bool, datetime]] = defaultdict(dict)
    for c in charges:
        if c.slice.last_day and c.slice.last_day > newest[c.slice.source_id] - timedelta(days=62):
            of = ends[c.slice.source_id, c.provider]
            is_usage = c.charge_category == "Usage"
            of[is_usage] = max(of.get(is_usage, c.charge_period_end), c.charge_period_end)
    return {key: of.get(True) or of[False] for key, of in ends.items()}


def _scope_of(
    usage: Usage, bills: dict[tuple[int, str], datetime], keys: dict[str, int]
) -> int | None:
    sources = {source for source, _ in bills}
    if usage.billing_scope:
        named = keys.get(usage.billing_scope.split("/")[0])
        return named if named in sources else None
    if usage.slice.source_id in sources:
        return usage.slice.source_id
    lone = [source for source, provider in bills if provider and provider == usage.provider]
    return lone[0] if len(lone) == 1 else None


def _account(usage: Usage) -> str:
    return usage.sub_account_id or usage.billing_scope.partition("/")[2]


def _tokens(u: Usage) -> int:
    counts = (u.input_tokens, u.cached_input_tokens, u.cache_write_tokens, u.output_tokens)
    return sum(count or 0 for count in counts)


def _fineness(u: Usage) -> int:
    if u.pr or u.ticket or u.conversation or u.deal or u.session:
        return 4
    return 3 if u.repo else 2 if u.actor else int(bool(u.team or u.is_shared or u.is_excluded))


def _factors(rows: list[tuple[Usage, Any]], names: dict[int, str]) -> dict[int, Decimal]:
    """Usage id -> how much of it counts beside the finer logs of its scope, day and model."""
    groups: dict[Any, list[Usage]] = defaultdict(list)
    for u, scope in rows:
        groups[scope, u.occurred_on, u.model.lower()].append(u)
    factors: dict[int, Decimal] = {}
    for us in groups.values():
        factors |= _factors_of_day(us, names)
    return factors


Log = tuple[str, str, str]  # account, source, document


def _factors_of_day(us: list[Usage], names: dict[int, str]) -> dict[int, Decimal]:
    logs: dict[Log, list[Usage]] = defaultdict(list)
    for u in us:
        logs[_account(u), names[u.slice.source_id], u.slice.imp.document].append(u)
    size = _sizes(logs)
    fine = {
        log: Decimal(sum(_fineness(u) * max(_tokens(u), 1) for u in rows))
        / sum(max(_tokens(u), 1) for u in rows)
        for log, rows in logs.items()
    }
    accounts = {log[0] for log in logs} - {""}
    inner: dict[Log, Decimal] = {}
    for account in accounts:
        inner |= _residuals({log: (fine[log], size[log]) for log in logs if log[0] == account})
    outer = {log: (fine[log], size[log]) for log in logs if not log[0]}
    together = ("", "", "")
    if accounts:
        tops = [max(size[log] for log in logs if log[0] == account) for account in accounts]
        outer[together] = (max(fine[log] for log in logs if log[0]), sum(tops, Decimal(0)))
    of = _residuals(outer)
    return {
        u.id: _round(inner[log] * of[together], 18) if log[0] else of[log]
        for log, rows in logs.items()
        for u in rows
    }


def _sizes(logs: dict[Log, list[Usage]]) -> dict[Log, Decimal]:
    """How much each log saw: in tokens when all count them, else at list price, else in requests."""
    measures: list[dict[Log, Decimal]] = [
        {log: Decimal(sum(map(_tokens, us))) for log, us in logs.items()},
        {log: sum((u.list_cost or Decimal(0) for u in us), Decimal(0)) for log, us in logs.items()},
        {
            log: Decimal(sum(1 if u.requests is None else u.requests for u in us))
            for log, us in logs.items()
        },
    ]
    return next((m for m in measures[:2] if all(size > 0 for size in m.values())), measures[2])


def _residuals(logs: dict[Log, tuple[Decimal, Decimal]]) -> dict[Log, Decimal]:
    answer: dict[Log, Decimal] = {}
    covered: Decimal | None = None
    for log in sorted(logs, key=lambda lg: (-logs[lg][0], -logs[lg][1], lg[1], lg[2])):
        size = logs[log][1]
        if covered is None:
            answer[log] = Decimal(1)
        else:
            answer[log] = _round(max(size - covered, Decimal(0)) / size, 18) if size else Decimal(0)
        covered = max(covered or Decimal(0), size)
    return answer


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _pieces() -> Iterable[Piece]:
    charges = _booked()
    bills = _billed_until(charges)
    names = dict(Source.objects.values_list("id", "key"))
    keys = {key: source for source, key in names.items()}
    used = Usage.objects.filter(slice__superseded_at__isnull=True).select_related("slice__imp")
    scoped: list[tuple[Usage, Any]] = []
    for u in used:
        scope = _scope_of(u, bills, keys)
        scoped.append((u, scope if scope is not None else f"provider:{u.provider}"))
    factors = _factors(scoped, names)
    evidence = [(u, scope) for u, scope in scoped if factors[u.id] > 0]
    for charge in charges:
        yield from _split_charge(
            charge, [u for u, scope in evidence if scope == charge.slice.source_id], factors
        )
    yield from _not_billed_yet(evidence, bills, factors)


def _split_charge(
    charge: Charge, logs: list[Usage], factors: dict[int, Decimal]
) -> Iterable[Piece]:
    rows = [u for u in logs if charge.charge_category == "Usage" and _explains(u, charge)]
    least: dict[Any, int] = {}
    for u in rows:
        least[_log(u)] = min(least.get(_log(u), 9), _unsaid(u, charge))
    rows = [u for u in rows if _unsaid(u, charge) == least[_log(u)]]
    weights = {u.id: _round(factors[u.id] * w, 24) for u, w in _weights(rows, charge.meter)}
    weights = {key: weight for key, weight in weights.items() if weight > 0}
    if not weights:
        yield _piece(charge, None, charge.billed_nanos)
        return
    rows = [u for u in rows if u.id in weights]
    order = {u.id: f"{_natural_key(u)}{u.id:012d}" for u in rows}
    scale = 10 ** max(0, -min(w.as_tuple().exponent for w in weights.values()))  # type: ignore[type-var,operator]
    parts = split(
        charge.billed_nanos, {order[key]: int(weight * scale) for key, weight in weights.items()}
    )
    for u in rows:
        if parts[order[u.id]]:
            yield _piece(charge, u, parts[order[u.id]])


def _log(u: Usage) -> tuple[int, str]:
    return u.slice.source_id, u.slice.imp.document


def _explains(u: Usage, c: Charge) -> bool:
    same = all(
        not mine or mine == theirs or (not theirs and not strict)
        for mine, theirs, strict in (
            (c.model.lower(), u.model.lower(), True), (c.sub_account_id, _account(u), False),
            (c.api_key, u.api_key, False),
            (c.service_tier, u.service_tier, False), (c.provider, u.provider, False),
        )
    )  # fmt: skip
    start = datetime.combine(u.occurred_on, time(), UTC) if u.grain == "day" else u.occurred_at
    end = start + (DAY if u.grain == "day" else timedelta(hours=1))
    return same and start < c.charge_period_end and end > c.charge_period_start


def _unsaid(u: Usage, c: Charge) -> int:
    pairs = (
        (c.sub_account_id, _account(u)),
        (c.api_key, u.api_key),
        (c.service_tier, u.service_tier),
    )
    return sum(bool(mine) and not theirs for mine, theirs in pairs)


def _weights(rows: list[Usage], meter: str) -> list[tuple[Usage, Decimal | int]]:
    names = ("input", "cached_input", "cache_write", "output")
    if meter in names:
        tokens = [getattr(u, f"{meter}_tokens") for u in rows]
        costs = [getattr(u, f"{meter}_list_cost") for u in rows]
        if sum(t or 0 for t in tokens) > 0:
            priced = (
                all(c is not None or not t for c, t in zip(costs, tokens, strict=True))
                and sum(c or 0 for c in costs) > 0
            )
            return [(u, w or 0) for u, w in zip(rows, costs if priced else tokens, strict=True)]
    listed = [u.list_cost for u in rows]
    if all(c is not None for c in listed) and sum(c or 0 for c in listed) > 0:
        return [(u, u.list_cost or 0) for u in rows]
    if sum(map(_tokens, rows)) > 0:
        return [(u, _tokens(u)) for u in rows]
    if sum(u.requests or 0 for u in rows) > 0:
        return [(u, u.requests or 0) for u in rows]
    return [(u, 1) for u in rows]


def _natural_key(u: Usage) -> str:
    moment = u.occurred_at.strftime("%Y-%m-%d %H:%M:%S+00")
    said = [u.actor.lower() if name == "actor" else getattr(u, name) for name in KEYS]
    said[KEYS.index("model")] = u.model.lower()
    return hashlib.md5("|".join([moment, *said, _account(u)]).encode()).hexdigest()


def _piece(c: Charge | None, u: Usage | None, nanos: int) -> Piece:
    said = {}
    for name in {*SAID, *KEYS}:
        theirs = (
            _account(u) if u and name == "sub_account_id" else getattr(u, name, "") if u else ""
        )
        said[name] = theirs or (getattr(c, name, "") if c else "")
    said["actor"] = said["actor"].lower()
    return Piece(
        c, u, u.occurred_at if u else c.charge_period_start, nanos, said,  # type: ignore[union-attr]
        any(x.is_shared for x in (c, u) if x), any(x.is_excluded for x in (c, u) if x),
        not c or c.charge_category == "Usage",
    )  # fmt: skip


def _not_billed_yet(
    evidence: list[tuple[Usage, Any]], bills: Any, factors: dict[int, Decimal]
) -> Iterable[Piece]:
    until: dict[Any, datetime] = {}
    for (source, _), end in bills.items():
        until[source] = max(until.get(source, end), end)
    discounts = dict(Source.objects.values_list("id", "contract_discount"))
    for u, scope in evidence:
        is_open = scope not in until or u.occurred_at >= until[scope]
        if not is_open or u.list_cost is None or (u.tags or {}).get("paid_by") == "seat":
            continue
        payer = scope if isinstance(scope, int) else u.slice.source_id
        nanos = int(_round(u.list_cost * factors[u.id] * (1 - discounts[payer]) * 10**9, 0))
        if nanos:
            yield _piece(None, u, nanos)


# --- who pays ---------------------------------------------------------------------------------


def _dated(rows: Iterable[Any], day: Any) -> Any:
    alive = [
        r
        for r in rows
        if (not r.valid_from or r.valid_from <= day) and (not r.valid_to or r.valid_to > day)
    ]
    return max(
        alive, key=lambda r: (r.valid_from is not None, r.valid_from or day, r.id), default=None
    )


def _owner(name: str, day: Any) -> Identity | None:
    if not name:
        return None
    name = name.lower()
    everyone = list(Identity.objects.all())
    bare = [i for i in everyone if i.external_id.lower() == name]
    one = (
        len({i.namespace for i in bare}) == 1 or len({(i.person_id, i.team_id) for i in bare}) == 1
    )
    full = [i for i in everyone if f"{i.namespace}:{i.external_id}".lower() == name]
    found: Identity | None = _dated(full + (bare if one else []), day)
    return found


def _member(person: int | None, day: Any) -> int | None:
    found = _dated(Membership.objects.filter(person_id=person), day) if person else None
    return found.team_id if found else None


def _payer(piece: Piece) -> tuple[int | None, int | None, bool]:
    day = piece.at.date()
    owners = [
        _owner(piece.said[name], day) for name in ("actor", "api_key", "project", "sub_account_id")
    ]
    person = next((o.person_id for o in owners[:2] if o and o.person_id), None)
    tag = piece.said["team"].lower()
    tagged = next(
        (t.id for t in Team.objects.all() if tag and tag in (t.slug, t.name.lower())), None
    )
    owned = next((o.team_id for o in owners if o and o.team_id), None)
    team = tagged or _member(person, day) or owned
    shared = piece.is_shared or any(o.is_shared for o in owners[:2] if o)
    return person, team, shared or (not piece.is_usage and not team and not person)


# --- the waterfall ----------------------------------------------------------------------------


class _Items:
    """The work items, their keys, windows, people and teams."""

    def __init__(self) -> None:
        self.items = {w.id: w for w in WorkItem.objects.prefetch_related("keys", "people", "links")}
        self.by_key: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        for w in self.items.values():
            for key in w.keys.all():
                self.by_key[key.key_type, key.value][w.id] = key.weight
        self.pulls: dict[int, set[int]] = defaultdict(set)
        named = {(w.kind, w.key): w.id for w in self.items.values()}
        for w in self.items.values():
            for link in w.links.all():
                target = named.get((link.target_kind, link.target_key))
                if w.kind == "pull_request" and link.target_kind == "ticket" and target:
                    self.pulls[target].add(w.id)

    def window(self, w: WorkItem) -> tuple[datetime, datetime] | None:
        end = {"done": w.completed_at, "abandoned": w.closed_at}.get(w.state)
        start = w.started_at or w.created_at
        if end:
            earliest = end - 21 * DAY
            return max((start or earliest) - DAY, earliest), end + 2 * DAY
        return (start - DAY, FAR) if start else None

    def people(self, w: WorkItem) -> set[int]:
        day = (w.completed_at or w.closed_at or w.version_at).date()
        makers = [
            p
            for p in w.people.all()
            if p.role in ("author", "co_author", "committer", "assignee", "owner")
        ]
        owners = (_owner(p.actor, day) for p in makers)
        return {o.person_id for o in owners if o and o.person_id}

    def place(
        self, p: Piece, person: int | None, team: int | None, shared: bool
    ) -> list[tuple[str, str, int | None, int]]:
        tier, weights = ("", {}) if p.is_excluded else self.match(p, person)
        if weights:
            rank = {item: (self.items[item].kind, self.items[item].key) for item in weights}
            order = {
                item: f"{number:09d}"
                for number, item in enumerate(sorted(weights, key=rank.__getitem__))
            }
            parts = split(p.nanos, {order[item]: weight for item, weight in weights.items()})
            return [(tier, "", item, parts[order[item]]) for item in weights]
        if p.is_excluded:
            return [("E", "excluded", None, p.nanos)]
        if shared:
            return [("D", "", None, p.nanos)]
        if team:
            return [("C", "", None, p.nanos)]
        known = {w.repo for w in self.items.values()}
        unmapped = p.said["repo"] and p.said["repo"] not in known
        reason = (
            "no_outcome_in_period" if person else "unmapped_repo" if unmapped else "no_identity"
        )
        return [("E", reason, None, p.nanos)]

    def match(self, p: Piece, person: int | None) -> tuple[str, dict[int, int]]:
        said = p.said
        for key_type in ("pr", "conversation", "deal", "ticket"):
            found = (
                {
                    i
                    for name in said[key_type].split(";")
                    if name
                    for i in self.by_key[key_type, name]
                }
                if said.get(key_type)
                else set()
            )
            if key_type == "ticket":
                found = {i for i in found if not self.pulls[i]}
            if found:
                return "A1", dict.fromkeys(found, 1)
        if said["session"] and self.by_key["session", said["session"]]:
            return "A2", dict(self.by_key["session", said["session"]])
        if branch := self.branch(p):
            return "A3", {branch: 1}
        tickets = {
            t.lower() for t in re.findall(r"[A-Za-z][A-Za-z0-9]+-[0-9]+", said["branch"])
        } | set(said["ticket"].split(";"))
        found = {i for t in tickets if t for i in self.by_key["ticket", t]}
        if found:
            return "A4", dict.fromkeys({x for i in found for x in self.pulls[i] or {i}}, 1)
        return "B", dict.fromkeys(self.open_to(p, person), 1)

    def branch(self, p: Piece) -> int | None:
        if not p.said["repo"] or not p.said["branch"]:
            return None
        same = [
            w
            for w in self.items.values()
            if w.repo == p.said["repo"] and w.branch == p.said["branch"]
        ]
        if len(same) == 1:
            return same[0].id
        alive = [(w, win) for w in same if (win := self.window(w)) and win[0] <= p.at < win[1]]
        alive.sort(key=lambda pair: (pair[0].kind, pair[0].key))
        alive.sort(key=lambda pair: pair[1][0], reverse=True)
        return alive[0][0].id if alive else None

    def open_to(self, p: Piece, person: int | None) -> set[int]:
        found = set()
        for w in self.items.values() if person else ():
            window = self.window(w)
            near = window and window[0] <= p.at < window[1]
            if (
                near
                and (not w.repo or not p.said["repo"] or w.repo == p.said["repo"])
                and person in self.people(w)
            ):
                found.add(w.id)
        return found

    def teams(self, w: WorkItem) -> set[int]:
        if w.team_id:
            return {w.team_id}
        day = (w.completed_at or w.closed_at or w.version_at).date()
        return {t for person in self.people(w) if (t := _member(person, day))}


def _with_pools(placed: list[Any], items: _Items) -> Iterable[Any]:
    """Pools without a finished item, and shared money without a base, reached nothing."""
    full = {(t, f"{w.completed_at:%Y-%m}") for w in items.items.values()
            if w.state == "done" and w.completed_at for t in items.teams(w)}  # fmt: skip
    pooled = []
    for piece, tier, reason, item, team, nanos in placed:
        if tier == "C" and (team, f"{piece.at:%Y-%m}") not in full:
            tier, reason = "E", "no_outcome_in_period"  # noqa: PLW2901
        pooled.append((piece, tier, reason, item, team, nanos))
    base: dict[tuple[str, int], int] = defaultdict(int)
    for piece, tier, _, _, team, nanos in pooled:
        if tier[0] in "ABC" and team:
            base[f"{piece.at:%Y-%m}", team] += nanos
    based = {month for (month, _), nanos in base.items() if nanos > 0}
    for piece, tier, reason, item, team, nanos in pooled:
        if tier == "D" and f"{piece.at:%Y-%m}" not in based:
            tier, reason = "E", "no_base"  # noqa: PLW2901
        yield piece, tier, reason, item, team, nanos
