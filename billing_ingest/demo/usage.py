"""One line of AI use: what the bills add up and the logs explain."""

import random
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_ingest.demo.calendar import hour_of
from billing_ingest.demo.company import ANTHROPIC, RESELLER, DemoSource
from billing_ingest.demo.prices import Tokens, list_cost, tokens_for
from billing_ingest.demo.story import ModelUse

TOKENS_PER_REQUEST = 60_000


@dataclass(frozen=True, slots=True)
class UsageLine:
    """An hour of use by one caller on one model, and what it was for as far as the log knows.

    `account` is the workspace or project; "" is the vendor's default workspace. `team` is for
    checking the story only and is never written.
    """

    at: datetime
    vendor: str  # anthropic | openai
    account: str
    api_key: str
    model: str
    tokens: Tokens
    service_tier: str = "standard"
    requests: int = 1
    failed_requests: int = 0
    web_searches: int = 0
    person: str = ""
    repo: str = ""
    branch: str = ""
    session: str = ""
    pr: str = ""
    ticket: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    team: str = ""
    is_logged: bool = True  # false: only the vendor's own report knows of it

    @property
    def list_cost(self) -> Decimal:
        return list_cost(self.vendor, self.model, self.tokens, self.service_tier)


def vendor_of(model: str) -> str:
    """Return who serves the model."""
    return "anthropic" if model.startswith("claude") else "openai"


def bill_of(vendor: str) -> DemoSource:
    """Return the source whose bill pays for this vendor's usage."""
    return ANTHROPIC if vendor == "anthropic" else RESELLER


def billed_cost(line: UsageLine) -> Decimal:
    """Return what the line costs after the contract discount, exactly."""
    return line.list_cost * (1 - bill_of(line.vendor).contract_discount)


def spend(
    rng: random.Random, at: datetime, use: ModelUse, billed_dollars: float, **fields: Any
) -> UsageLine:
    """Return a line of this model that is billed at about so many dollars."""
    vendor = vendor_of(use.model)
    tier = fields.get("service_tier", "standard")
    list_share = float(1 - bill_of(vendor).contract_discount)
    tokens = tokens_for(vendor, use.model, billed_dollars / list_share, dict(use.shares), tier)
    requests = 1 + tokens.total // TOKENS_PER_REQUEST
    return UsageLine(
        at=hour_of(at),
        vendor=vendor,
        model=use.model,
        tokens=tokens,
        requests=requests,
        failed_requests=sum(rng.random() < 0.02 for _ in range(min(requests, 12))),
        **fields,
    )


def choose(rng: random.Random, uses: tuple[ModelUse, ...]) -> ModelUse:
    """Pick a model by how often it is chosen."""
    return rng.choices(uses, weights=[use.chosen for use in uses])[0]
