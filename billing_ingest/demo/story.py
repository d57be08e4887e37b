"""What the year is like, team by team, in targets: the plot the screens must reveal.

Curves hold a value per month of a twelve-month year and are read by position (0.0 to 1.0),
so a shorter demo tells the same story faster. Dollars here are aims, not amounts.
"""

from dataclasses import dataclass

from billing_ingest.demo.company import FULFILMENT, PAYMENTS, PLATFORM, STOREFRONT

Curve = tuple[float, ...]


def at(curve: Curve, position: float) -> float:
    """Read a curve at a position by linear interpolation."""
    place = position * (len(curve) - 1)
    left = min(int(place), len(curve) - 2)
    return curve[left] + (curve[left + 1] - curve[left]) * (place - left)


@dataclass(frozen=True)
class ModelUse:
    """A model, how often it is chosen, and how its dollars spread over the meters."""

    model: str
    chosen: float
    shares: tuple[tuple[str, float], ...]


def _shares(
    input_: float, cached: float, written: float, output: float
) -> tuple[tuple[str, float], ...]:
    return (
        ("input", input_),
        ("cached_input", cached),
        ("cache_write", written),
        ("output", output),
    )


PLAIN = _shares(0.18, 0.22, 0.20, 0.40)
CACHED = _shares(0.06, 0.42, 0.14, 0.38)
WASTEFUL = _shares(0.34, 0.08, 0.24, 0.34)
CHAT = _shares(0.40, 0.10, 0.0, 0.50)

OPUS_45, HAIKU_45 = "claude-opus-4-5-20251101", "claude-haiku-4-5-20251001"
OPUS_48, OPUS_5, SONNET_5 = "claude-opus-4-8", "claude-opus-5", "claude-sonnet-5"

Phase = tuple[float, tuple[ModelUse, ...]]  # from this position on

COMMON_ANTHROPIC: tuple[Phase, ...] = (
    (0.0, (ModelUse(OPUS_45, 0.75, PLAIN), ModelUse(HAIKU_45, 0.25, PLAIN))),
    (0.45, (ModelUse(OPUS_48, 0.7, PLAIN), ModelUse(HAIKU_45, 0.3, PLAIN))),
    (0.8, (ModelUse(OPUS_5, 0.5, PLAIN), ModelUse(SONNET_5, 0.5, CACHED))),
)
# Long unattended runs on the largest model, with little caching: the tripled bill.
STOREFRONT_ANTHROPIC: tuple[Phase, ...] = (
    COMMON_ANTHROPIC[0],
    (0.3, (ModelUse(OPUS_45, 1.0, WASTEFUL),)),
    (0.5, (ModelUse(OPUS_48, 1.0, WASTEFUL),)),
    (0.8, (ModelUse(OPUS_5, 1.0, WASTEFUL),)),
)
# Smaller models and a warm cache: the falling cost per pull request.
FULFILMENT_ANTHROPIC: tuple[Phase, ...] = (
    COMMON_ANTHROPIC[0],
    (0.4, (ModelUse(HAIKU_45, 0.5, CACHED), ModelUse(OPUS_45, 0.5, CACHED))),
    (0.65, (ModelUse(SONNET_5, 0.7, CACHED), ModelUse(HAIKU_45, 0.3, CACHED))),
)
COMMON_OPENAI: tuple[Phase, ...] = (
    (0.0, (ModelUse("gpt-5.1", 0.8, CHAT), ModelUse("gpt-5-mini", 0.2, CHAT))),
    (0.35, (ModelUse("gpt-5.2", 0.8, CHAT), ModelUse("gpt-5-mini", 0.2, CHAT))),
    (0.7, (ModelUse("gpt-5.3-codex", 0.8, CHAT), ModelUse("gpt-5.4-mini", 0.2, CHAT))),
)


def models_at(phases: tuple[Phase, ...], position: float) -> tuple[ModelUse, ...]:
    """Return the models in use at a position."""
    return [models for start, models in phases if start <= position][-1]


@dataclass(frozen=True)
class EngineeringStory:
    """A year of an engineering team: merged pull requests a month, and dollars billed for each."""

    merged: Curve
    cost_per_merged: Curve
    anthropic: tuple[Phase, ...]
    openai_share: float
    revert_rate: float = 0.008  # of merged pull requests, later reverted
    fix_rate: float = 0.03  # of merged pull requests, needing a fix within two weeks
    abandon_rate: Curve = (0.07, 0.07)


ENGINEERING_STORIES = {
    STOREFRONT.slug: EngineeringStory(
        merged=(108, 104, 112, 110, 109, 111, 107, 110, 112, 108, 110, 109),
        cost_per_merged=(36, 36, 37, 39, 46, 56, 68, 80, 91, 101, 109, 113),
        anthropic=STOREFRONT_ANTHROPIC,
        openai_share=0.15,
        abandon_rate=(0.06, 0.06, 0.1, 0.13),
    ),
    FULFILMENT.slug: EngineeringStory(
        merged=(70, 72, 78, 85, 96, 108, 120, 134, 148, 163, 178, 190),
        cost_per_merged=(108, 108, 105, 101, 96, 90, 84, 77, 71, 65, 60, 56),
        anthropic=FULFILMENT_ANTHROPIC,
        openai_share=0.2,
    ),
    PAYMENTS.slug: EngineeringStory(
        merged=(92, 90, 95, 96, 98, 101, 100, 104, 106, 108, 110, 112),
        cost_per_merged=(82, 82, 84, 85, 86, 88, 88, 90, 91, 92, 93, 94),
        anthropic=COMMON_ANTHROPIC,
        openai_share=0.5,
        revert_rate=0.07,
        fix_rate=0.16,
        abandon_rate=(0.08, 0.1),
    ),
    PLATFORM.slug: EngineeringStory(
        merged=(62, 60, 63, 61, 62, 64, 61, 62, 63, 62, 61, 62),
        cost_per_merged=(92, 93, 92, 94, 93, 92, 94, 93, 92, 93, 94, 93),
        anthropic=COMMON_ANTHROPIC,
        openai_share=0.3,
    ),
}

# Customer Care: an assistant arrives in the sixth month; output dips, then climbs past the start.
CARE_RESOLVED: Curve = (1010, 990, 1020, 1000, 1010, 850, 800, 960, 1210, 1440, 1640, 1790)
CARE_COST_PER_TICKET: Curve = (1.9, 1.9, 1.85, 1.9, 1.9, 3.7, 3.5, 2.7, 2.05, 1.6, 1.35, 1.2)
CARE_ASSISTED_SHARE: Curve = (0.6, 0.6, 0.6, 0.6, 0.6, 0.75, 0.8, 0.85, 0.88, 0.9, 0.9, 0.9)
CARE_REOPEN_RATE: Curve = (0.04, 0.04, 0.04, 0.04, 0.04, 0.1, 0.11, 0.08, 0.05, 0.04, 0.03, 0.03)
CARE_MODELS: tuple[Phase, ...] = (
    (0.0, (ModelUse("gpt-5.1", 1.0, CHAT),)),
    (0.45, (ModelUse("gpt-5.2", 1.0, CHAT),)),
    (0.7, (ModelUse("gpt-5.4-mini", 1.0, CHAT),)),
)

# Money without a work item, dollars a month.
SHARED_KEY_DOLLARS: Curve = (
    2300, 2400, 2600, 2900, 3300, 3800, 4400, 5100, 6000, 7100, 8300, 9600,
)  # fmt: skip
EVALUATION_DOLLARS: Curve = (1100, 1500, 1900, 2300)
SALES_DOLLARS: Curve = (450, 600, 800, 900)
UNMAPPED_REPO_DOLLARS: Curve = (120, 160)
EXCLUDED_DOLLARS: Curve = (60, 90)
REVIEW_BOT_SHARE = 0.05  # of an engineering team's spend: its own review bot, no person

MISMATCH_MONTHS_BEFORE_LAST = 3  # in that month the reseller's bill exceeds the log
MISMATCH_PERCENT = 6
SEAT_PRICE = 40
