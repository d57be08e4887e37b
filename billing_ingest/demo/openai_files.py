"""OpenAI's own account of one team: what its costs API and its usage API answer."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from billing_ingest.demo.calendar import Calendar
from billing_ingest.demo.cloud_bills import billed_days
from billing_ingest.demo.company import PAYMENTS
from billing_ingest.demo.dice import dice
from billing_ingest.demo.prices import MILLION, Tokens, unit_price
from billing_ingest.demo.roster import Roster
from finops.periods import Period

MODEL, PROJECT = "gpt-5.2", "proj_fraud_signals"
LINE_ITEMS = {"input": "input", "cached_input": "cached input", "output": "output"}
CALLERS_A_DAY = 4

Page = dict[str, Any]
Used = dict[date, dict[str, Tokens]]  # day -> key -> tokens


def used_in(calendar: Calendar, roster: Roster, month: Period, seed: int) -> Used:
    """Return what each key of the payments team used on the billed days of a month."""
    rng = dice(seed, "openai", month.start)
    used: Used = {}
    for day in billed_days(calendar, month):
        keys = [p.api_key for p in roster.members(PAYMENTS.slug, day) if p.api_key]
        used[day] = {}
        for key in sorted(rng.sample(keys, min(CALLERS_A_DAY, len(keys)))):
            used[day][key] = Tokens(
                input=rng.randrange(200_000, 900_000),
                cached_input=rng.randrange(100_000, 600_000),
                output=rng.randrange(30_000, 140_000),
            )
    return used


def usage_pages(used: Used) -> list[Page]:
    """Return the answers about completions; the input of OpenAI includes what was cached."""
    buckets = [
        bucket(
            day,
            [
                {
                    "object": "organization.usage.completions.result",
                    "input_tokens": tokens.input + tokens.cached_input,
                    "input_cached_tokens": tokens.cached_input,
                    "input_cache_write_tokens": 0,
                    "input_uncached_tokens": tokens.input,
                    "output_tokens": tokens.output,
                    "num_model_requests": 1 + tokens.total // 50_000,
                    "project_id": PROJECT,
                    "user_id": None,
                    "api_key_id": key,
                    "model": MODEL,
                    "batch": False,
                    "service_tier": "default",
                }
                for key, tokens in by_key.items()
            ],
        )
        for day, by_key in used.items()
    ]
    return [asked(["project_id", "api_key_id", "model", "batch", "service_tier"]), page(buckets)]


def cost_pages(used: Used) -> list[Page]:
    """Return the answers about costs: dollars per day, project and line item."""
    buckets = []
    for day, by_key in used.items():
        counts: Counter[str] = Counter()
        for tokens in by_key.values():
            counts.update(tokens.by_meter())
        buckets.append(bucket(day, [cost(meter, count) for meter, count in counts.items()]))
    return [asked(["project_id", "line_item"]), page(buckets)]


def cost(meter: str, count: int) -> Page:
    dollars = count * unit_price("openai", MODEL, meter, "standard") / MILLION
    return {
        "object": "organization.costs.result",
        "amount": {"value": f"{dollars:f}", "currency": "usd"},
        "line_item": f"{MODEL}, {LINE_ITEMS[meter]}",
        "project_id": PROJECT,
        "quantity": count,
        "quantity_unit": "tokens",
    }


def dollars_of(pages: list[Page]) -> Decimal:
    """Return what the answers about costs add up to."""
    buckets = (one for answer in pages for one in answer.get("data", ()))
    return sum((Decimal(r["amount"]["value"]) for b in buckets for r in b["results"]), Decimal(0))


def bucket(day: date, results: list[Page]) -> Page:
    start = datetime.combine(day, time(), UTC)
    return {
        "object": "bucket",
        "start_time": int(start.timestamp()),
        "end_time": int((start + timedelta(days=1)).timestamp()),
        "results": results,
    }


def page(buckets: list[Page]) -> Page:
    return {"object": "page", "data": buckets, "has_more": False, "next_page": None}


def asked(groups: list[str]) -> Page:
    """Return the note that a pull writes before the answers: how they were grouped."""
    return {"asked": {"group_by": groups}}
