"""Whatever the figures are, the buckets of a bridge sum to the gap, and nothing is made up."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from finops.attribution.bridge.causes import CAUSES
from finops.attribution.bridge.invoice import HALF_CENT, BilledDay, Paper, to_invoice
from finops.attribution.bridge.rounding import whole_nanos
from finops.attribution.bridge.usage import BillPart, UsagePart, to_bill

AMOUNTS = st.integers(-(10**12), 10**12).map(lambda n: Fraction(n, 1000))
COUNTS = st.integers(0, 10**7).map(Fraction)
MODELS = st.sampled_from(["opus", "haiku", ""])
METERS = st.sampled_from(["input", "cached_input", "cache_write", "output", ""])
TIERS = st.sampled_from(["", "batch"])
BILL = st.builds(
    BillPart,
    category=st.sampled_from(["Usage"] * 6 + ["Credit", "Tax", "Purchase", "Adjustment"]),
    standing=st.sampled_from(["seen"] * 5 + ["unseen", "outside", "correction"]),
    model=MODELS, meter=METERS, tier=TIERS, is_listed=st.booleans(), is_counted=st.booleans(),
    is_repeat=st.booleans(), billed=AMOUNTS, listed=AMOUNTS, contracted=AMOUNTS, tokens=COUNTS,
)  # fmt: skip
USAGE = st.builds(
    UsagePart,
    standing=st.sampled_from(["billed"] * 5 + ["outside", "waiting", "unbilled"]),
    model=MODELS, meter=METERS, tier=TIERS, tokens=COUNTS, listed=AMOUNTS,
    unpriced_tokens=st.sampled_from([Fraction(0)] * 5 + [Fraction(7)]),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(BILL, max_size=12),
    st.lists(USAGE, max_size=12),
    st.fractions(0, 1),
    st.booleans(),
)
def test_buckets_sum_to_bill_minus_usage(bill, usage, discount, is_one_currency):
    causes = to_bill(bill, usage, discount=discount, is_one_currency=is_one_currency)

    gap = sum(part.billed for part in bill) - sum(row.listed for row in usage)
    assert sum(causes.values()) == gap
    assert causes.keys() <= CAUSES.keys()


@settings(max_examples=200, deadline=None)
@given(st.lists(BILL, max_size=12), st.lists(USAGE, max_size=12), st.randoms())
def test_the_order_of_lines_makes_no_difference(bill, usage, random):
    before = to_bill(bill, usage)
    random.shuffle(bill)
    random.shuffle(usage)

    assert to_bill(bill, usage) == before


@settings(max_examples=200, deadline=None)
@given(st.lists(BILL, max_size=12))
def test_the_same_tokens_at_the_same_price_leave_nothing(bill):
    """A log that says what the bill says: only what the lines themselves say has a cause."""
    seen = [
        BillPart(
            "Usage", "seen", "opus", part.meter or "input", part.tier, True, True, False,
            abs(part.billed), abs(part.billed), abs(part.billed), part.tokens + 1,
        )
        for part in bill
    ]  # fmt: skip
    log = [UsagePart("billed", p.model, p.meter, p.tier, p.tokens, p.listed) for p in seen]

    assert not any(to_bill(seen, log).values())


AMOUNT = st.integers(-(10**12), 10**12)
DAY = st.integers(-3, 33).map(lambda n: date(2026, 10, 1) + timedelta(days=n))
DAYS = st.builds(
    BilledDay,
    invoice_id=st.sampled_from(["", "1", "2", "3"]),
    category=st.sampled_from(["Usage", "Usage", "Credit", "Tax", "Purchase", "Adjustment"]),
    day=DAY, billed_nanos=AMOUNT, repeated_nanos=AMOUNT, lines=st.integers(1, 3),
    is_own=st.sampled_from([True, True, True, False]),
)  # fmt: skip
PAPERS = st.builds(
    Paper,
    number=st.sampled_from(["1", "2", "9"]),
    start=DAY, end=DAY.map(lambda day: day + timedelta(days=31)), nanos=AMOUNT,
    tax_nanos=st.none() | AMOUNT, is_foreign=st.booleans(),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(DAYS, max_size=12), st.lists(PAPERS, min_size=1, max_size=3), AMOUNT)
def test_buckets_sum_to_invoice_minus_bill(bill, papers, second):
    causes = to_invoice(bill, papers, second_bill_nanos=second)

    billed = sum(line.billed_nanos for line in bill if line.is_own)
    assert sum(causes.values()) == sum(paper.nanos for paper in papers) - billed
    assert abs(causes["rounding"]) <= HALF_CENT * len(papers)


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(CAUSES)), AMOUNTS, max_size=8),
    st.fractions(Fraction(-99, 100), Fraction(99, 100)),
)
def test_whole_nanos_sum_to_their_total_and_stay_within_two(amounts, shift):
    exact = sum(amounts.values(), Fraction(0))
    total = round(exact + shift)

    whole = whole_nanos(amounts, total)

    assert sum(whole.values()) == total
    for slug, amount in amounts.items():
        assert abs(whole.get(slug, 0) - amount) < 3


@given(st.lists(AMOUNTS, min_size=1, max_size=4))
def test_what_has_no_rest_stays_without_one(amounts):
    named = dict(zip(("negotiated", "cache", "tier", "tax"), amounts, strict=False))
    total = round(sum(amounts))

    whole = whole_nanos({**named, "unexplained": Fraction(0)}, total)

    assert "unexplained" not in whole or not any(named.values())
