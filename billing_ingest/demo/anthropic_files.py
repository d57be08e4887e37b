"""Anthropic's reports of a month, as its API answers: costs, message usage, Claude Code."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing_ingest.demo.calendar import day_stamp
from billing_ingest.demo.company import ANTHROPIC
from billing_ingest.demo.dice import dice
from billing_ingest.demo.prices import MILLION, WEB_SEARCH_PRICE, Tokens, unit_price
from billing_ingest.demo.usage import UsageLine

Page = dict[str, Any]
ORGANISATION_ID = "5c0e7a2f-94b1-4f6d-8a3e-d1b7c2a96e40"
TERMINALS = ("vscode", "iTerm.app", "tmux", "WarpTerminal", "Apple_Terminal")
TOKEN_TYPES = {
    "input": ("uncached_input_tokens", "Input Tokens"),
    "cached_input": ("cache_read_input_tokens", "Input Tokens, Cache Read"),
    "cache_write": ("cache_creation.ephemeral_5m_input_tokens", "Input Tokens, Cache Write 5m"),
    "output": ("output_tokens", "Output Tokens"),
}
CENTS = Decimal(100)


def in_cents(amount: Decimal) -> str:
    """Write US dollars as the vendor does: a decimal string of cents."""
    return f"{(amount * CENTS).normalize():f}"


def cost_report(lines: Iterable[UsageLine], days: Iterable[date]) -> Page:
    """Return the cost report grouped by workspace_id and description, one bucket per day."""
    tokens: dict[date, Counter[tuple[str, str, str, str]]] = defaultdict(Counter)
    searches: dict[date, Counter[str]] = defaultdict(Counter)
    for line in lines:
        for meter, count in line.tokens.by_meter().items():
            tokens[line.at.date()][line.account, line.model, line.service_tier, meter] += count
        if line.web_searches:
            searches[line.at.date()][line.account] += line.web_searches
    return _page(
        _bucket(
            day,
            [_token_cost(*group, count) for group, count in sorted(tokens[day].items())]
            + [_search_cost(account, count) for account, count in sorted(searches[day].items())],
        )
        for day in days
    )


def _token_cost(account: str, model: str, service_tier: str, meter: str, count: int) -> Page:
    token_type, words = TOKEN_TYPES[meter]
    price = unit_price("anthropic", model, meter, service_tier) * _billed_share()
    batch = "Batch " if service_tier == "batch" else ""
    return {
        "currency": "USD",
        "amount": in_cents(count * price / MILLION),
        "workspace_id": account or None,
        "description": f"{display_name(model)} {batch}Usage - {words}",
        "cost_type": "tokens",
        "context_window": "0-200k",
        "model": model,
        "service_tier": service_tier,
        "token_type": token_type,
        "inference_geo": "not_available" if "-4-5-" in model else "global",
    }


def _search_cost(account: str, count: int) -> Page:
    return {
        "currency": "USD",
        "amount": in_cents(count * WEB_SEARCH_PRICE * _billed_share()),
        "workspace_id": account or None,
        "description": "Web Search Usage",
        "cost_type": "web_search",
        "context_window": None,
        "model": None,
        "service_tier": None,
        "token_type": None,
        "inference_geo": None,
    }


def _billed_share() -> Decimal:
    return 1 - ANTHROPIC.contract_discount


def display_name(model: str) -> str:
    """Return the marketing name: claude-opus-4-5-20251101 is Claude Opus 4.5."""
    words = [word for word in model.split("-") if len(word) < 8]
    version = ".".join(word for word in words if word.isdigit())
    return " ".join([word.capitalize() for word in words if not word.isdigit()] + [version])


def messages_report(lines: Iterable[UsageLine], days: Iterable[date]) -> Page:
    """Return the usage report grouped by api_key_id, workspace_id, model and service_tier."""
    groups: dict[date, dict[tuple[str, str, str, str], tuple[Tokens, int]]] = defaultdict(dict)
    for line in lines:
        group = (line.account, line.api_key, line.model, line.service_tier)
        tokens, searches = groups[line.at.date()].get(group, (Tokens(), 0))
        summed = (tokens + line.tokens, searches + line.web_searches)
        groups[line.at.date()][group] = summed
    return _page(
        _bucket(day, [_messages(*group, *counts) for group, counts in sorted(groups[day].items())])
        for day in days
    )


def _messages(
    account: str, api_key: str, model: str, service_tier: str, tokens: Tokens, searches: int
) -> Page:
    return {
        "uncached_input_tokens": tokens.input,
        "cache_creation": {
            "ephemeral_1h_input_tokens": 0,
            "ephemeral_5m_input_tokens": tokens.cache_write,
        },
        "cache_read_input_tokens": tokens.cached_input,
        "output_tokens": tokens.output,
        "server_tool_use": {"web_search_requests": searches},
        "account_id": None,
        "service_account_id": None,
        "api_key_id": api_key or None,
        "workspace_id": account or None,
        "model": model,
        "service_tier": service_tier,
        "context_window": None,
        "inference_geo": None,
    }


def claude_code_report(
    lines: Iterable[UsageLine], opened: Mapping[tuple[date, str], int]
) -> list[Page]:
    """Return one page per day of use; `opened` counts pull requests by day and person."""
    by_actor: dict[tuple[date, str], list[UsageLine]] = defaultdict(list)
    for line in lines:
        if line.person and line.session:
            by_actor[line.at.date(), line.person].append(line)
    by_day: dict[date, list[Page]] = defaultdict(list)
    for (day, person), own in sorted(by_actor.items()):
        by_day[day].append(_activity(day, person, own, opened.get((day, person), 0)))
    return [{"data": data, "has_more": False, "next_page": None} for data in by_day.values()]


def _activity(day: date, person: str, lines: list[UsageLine], opened: int) -> Page:
    """Return a person's day. Code and edits are in proportion to what the models wrote."""
    written = sum(line.tokens.output for line in lines)
    edits = 1 + written // 9_000
    return {
        "date": day_stamp(day),
        "actor": {"type": "user_actor", "email_address": person},
        "organization_id": ORGANISATION_ID,
        "customer_type": "api",
        "subscription_type": None,
        "terminal_type": dice("terminal", person).choice(TERMINALS),
        "core_metrics": {
            "num_sessions": len({line.session for line in lines}),
            "lines_of_code": {"added": written // 260, "removed": written // 610},
            "commits_by_claude_code": 1 + written // 120_000,
            "pull_requests_by_claude_code": opened,
        },
        "tool_actions": {
            "edit_tool": {"accepted": edits, "rejected": edits // 9},
            "multi_edit_tool": {"accepted": edits // 4, "rejected": edits // 40},
            "write_tool": {"accepted": edits // 5, "rejected": edits // 50},
            "notebook_edit_tool": {"accepted": 0, "rejected": 0},
        },
        "model_breakdown": [
            _model_day(model, [line for line in lines if line.model == model])
            for model in sorted({line.model for line in lines})
        ],
    }


def _model_day(model: str, lines: list[UsageLine]) -> Page:
    tokens = sum((line.tokens for line in lines), Tokens())
    cents = sum((line.list_cost for line in lines), Decimal(0)) * CENTS
    return {
        "model": model,
        "tokens": {
            "input": tokens.input,
            "output": tokens.output,
            "cache_read": tokens.cached_input,
            "cache_creation": tokens.cache_write,
        },
        "estimated_cost": {"currency": "USD", "amount": int(cents.to_integral_value())},
    }


def _bucket(day: date, results: list[Page]) -> Page:
    return {
        "starting_at": day_stamp(day),
        "ending_at": day_stamp(day + timedelta(days=1)),
        "results": results,
    }


def _page(buckets: Iterable[Page]) -> Page:
    return {"data": list(buckets), "has_more": False, "next_page": None}
