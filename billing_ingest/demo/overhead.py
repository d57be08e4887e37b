"""Money no work item explains: the shared key, evaluations, a stray repository, a hackathon."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time

from billing_ingest.demo.calendar import Calendar, days, workdays
from billing_ingest.demo.company import EVALUATION_PROJECT, PLATFORM, SHARED_KEY
from billing_ingest.demo.dice import dice
from billing_ingest.demo.roster import Roster
from billing_ingest.demo.story import (
    CHAT,
    COMMON_ANTHROPIC,
    EVALUATION_DOLLARS,
    EXCLUDED_DOLLARS,
    SHARED_KEY_DOLLARS,
    UNMAPPED_REPO_DOLLARS,
    Curve,
    ModelUse,
    at,
    models_at,
)
from billing_ingest.demo.usage import UsageLine, spend
from finops.periods import Period, month_of

LABS_PROJECT = "proj_labs"
Write = Callable[[random.Random, datetime, float, float], UsageLine]


def overhead_lines(calendar: Calendar, roster: Roster, seed: int) -> list[UsageLine]:
    """Return the year's usage that is nobody's work."""

    def hackathon(rng: random.Random, noon: datetime, _: float, dollars: float) -> UsageLine:
        person = rng.choice(roster.members(PLATFORM.slug, noon.date())).email
        return _labs(
            rng, noon, dollars, person=person, tags=(("excluded", "true"), ("purpose", "hackathon"))
        )

    kinds: tuple[tuple[str, Curve, Callable[[Period], list[date]], Write], ...] = (
        ("shared-key", SHARED_KEY_DOLLARS, days, _shared_key),
        ("evaluations", EVALUATION_DOLLARS, workdays, _evaluation),
        ("unmapped-repo", UNMAPPED_REPO_DOLLARS, _fridays, _unmapped_repo),
        ("hackathon", EXCLUDED_DOLLARS, _fridays, hackathon),
    )
    lines: list[UsageLine] = []
    for name, curve, days_of, write in kinds:
        for month in calendar.months:
            rng = dice(seed, name, month.start)
            lines += _month(rng, calendar, month, curve, days_of, write)
    return lines


def _month(
    rng: random.Random,
    calendar: Calendar,
    month: Period,
    curve: Curve,
    days_of: Callable[[Period], list[date]],
    write: Write,
) -> list[UsageLine]:
    """Spread a month's dollars over the days that have such usage."""
    position = calendar.position(month)
    a_day = at(curve, position) / len(days_of(month_of(month.start)))
    return [
        write(rng, datetime.combine(day, time(16), UTC), position, a_day * rng.uniform(0.8, 1.2))
        for day in days_of(month)
    ]


def _fridays(month: Period) -> list[date]:
    return [day for day in days(month) if day.weekday() == 4]


def _shared_key(rng: random.Random, noon: datetime, position: float, dollars: float) -> UsageLine:
    """A key of the default workspace that nightly builds use and nobody answers for."""
    return spend(
        rng, noon.replace(hour=3), models_at(COMMON_ANTHROPIC, position)[0], dollars,
        account="", api_key=SHARED_KEY, is_logged=False, web_searches=rng.randrange(40, 160),
    )  # fmt: skip


def _evaluation(rng: random.Random, noon: datetime, position: float, dollars: float) -> UsageLine:
    return spend(
        rng, noon, ModelUse("gpt-5.1" if position < 0.4 else "gpt-5.2", 1.0, CHAT), dollars,
        account=EVALUATION_PROJECT, api_key="key_evaluations", service_tier="batch",
        tags=(("shared", "true"), ("purpose", "evaluations")),
    )  # fmt: skip


def _unmapped_repo(rng: random.Random, noon: datetime, _: float, dollars: float) -> UsageLine:
    return _labs(rng, noon, dollars, repo="quillhaven-labs/price-watch", branch="main")


def _labs(rng: random.Random, noon: datetime, dollars: float, **fields: object) -> UsageLine:
    use = ModelUse("gpt-5-mini", 1.0, CHAT)
    return spend(rng, noon, use, dollars, account=LABS_PROJECT, api_key="key_labs", **fields)
