"""Stage 0: every charge split over the usage it paid for, and usage that is not billed yet."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from finops.ledger.models import Charge, Slice, Source, Usage
from finops.money import split

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
    source: int


TOKEN_METERS = ("input", "cached_input", "cache_write", "output")


def _booked() -> list[Charge]:
    found = Charge.objects.filter(slice__superseded_at__isnull=True).select_related(
        "slice__billing_scope"
    )
    return [
        c
        for c in found
        if (scope := c.slice.billing_scope)
        and (scope.feed_id, scope.feed_document) == (c.slice.source_id, c.slice.document)
    ]


def _billed_until(charges: list[Charge]) -> dict[tuple[int, str], datetime]:
    """(source, provider) -> end of what is billed, from the newest two months of slices."""
    newest: dict[int, date] = {}
    slices = {c.slice_id for c in charges}
    for part in Slice.objects.filter(id__in=slices):
        last = part.last_day or date.min
        newest[part.source_id] = max(newest.get(part.source_id, last), last)
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
        groups[scope, u.occurred_on, u.model.lower(), u.meter].append(u)
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
    """How much each log saw: in tokens when all count them, else by its meter, at list price, else in requests."""
    measures: list[dict[Log, Decimal]] = [
        {log: Decimal(sum(map(_tokens, us))) for log, us in logs.items()},
        {log: sum((u.quantity or Decimal(0) for u in us), Decimal(0)) for log, us in logs.items()},
        {log: sum((u.list_cost or Decimal(0) for u in us), Decimal(0)) for log, us in logs.items()},
        {
            log: Decimal(sum(1 if u.requests is None else u.requests for u in us))
            for log, us in logs.items()
        },
    ]
    return next((m for m in measures[:3] if all(size > 0 for size in m.values())), measures[3])


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


def pieces() -> Iterable[Piece]:
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


def _is_use(charge: Charge) -> bool:
    """Training and machines are nobody's use of a model: no log of calls says whose they are."""
    is_at_rest = charge.ai_class in ("training", "infrastructure")
    return charge.charge_category == "Usage" and not is_at_rest


def _split_charge(
    charge: Charge, logs: list[Usage], factors: dict[int, Decimal]
) -> Iterable[Piece]:
    rows = [u for u in logs if _is_use(charge) and _explains(u, charge)]
    least: dict[Any, int] = {}
    for u in rows:
        least[_log(u)] = min(least.get(_log(u), 9), _unsaid(u, charge))
    rows = [u for u in rows if _unsaid(u, charge) == least[_log(u)]]
    weights = {u.id: _round(factors[u.id] * w, 24) for u, w in _weights(rows, charge.meter)}
    weights = {key: weight for key, weight in weights.items() if weight > 0}
    if not weights:
        yield _piece(charge, None, charge.billed_nanos, charge.slice.source_id)
        return
    rows = [u for u in rows if u.id in weights]
    order = {u.id: f"{_natural_key(u)}{u.id:012d}" for u in rows}
    scale = 10**24  # weights have at most as many decimals
    parts = split(
        charge.billed_nanos, {order[key]: int(weight * scale) for key, weight in weights.items()}
    )
    for u in rows:
        if parts[order[u.id]]:
            yield _piece(charge, u, parts[order[u.id]], charge.slice.source_id)


def _log(u: Usage) -> tuple[int, str]:
    return u.slice.source_id, u.slice.imp.document


def _explains(u: Usage, c: Charge) -> bool:
    same = all(
        not mine or mine == theirs or (not theirs and not strict)
        for mine, theirs, strict in (
            (c.model.lower(), u.model.lower(), True), (c.sub_account_id, _account(u), False),
            (c.api_key, u.api_key, False), (c.actor.lower(), u.actor.lower(), False),
            (c.service_tier, u.service_tier, False), (c.provider, u.provider, False),
            (c.meter, u.meter or c.meter, True),
        )
    )  # fmt: skip
    start = datetime.combine(u.occurred_on, time(), UTC) if u.grain == "day" else u.occurred_at
    end = start + (DAY if u.grain == "day" else timedelta(hours=1))
    return same and start < c.charge_period_end and end > c.charge_period_start


def _unsaid(u: Usage, c: Charge) -> int:
    pairs = (
        (c.sub_account_id, _account(u)),
        (c.api_key, u.api_key),
        (c.actor, u.actor),
        (c.service_tier, u.service_tier),
    )
    is_other = c.meter not in ("", *TOKEN_METERS) and not u.meter
    return sum(bool(mine) and not theirs for mine, theirs in pairs) + is_other


def _weights(rows: list[Usage], meter: str) -> list[tuple[Usage, Decimal | int]]:
    counted = [(u, u.quantity or 0) for u in rows if meter and u.meter == meter]
    if sum(quantity for _, quantity in counted) > 0:
        return counted
    if meter in TOKEN_METERS:
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
    parts = [moment, *said, _account(u), *([u.meter] if u.meter else [])]
    return hashlib.md5("|".join(parts).encode()).hexdigest()


def _piece(c: Charge | None, u: Usage | None, nanos: int, source: int) -> Piece:
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
        not c or _is_use(c), source,
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
            yield _piece(None, u, nanos, payer)
