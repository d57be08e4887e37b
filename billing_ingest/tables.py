"""The columns that a mapping may fill, per table, and how each is checked and cast.

A mapping's SELECT gives text columns with these names; `load` checks the text of every value
before the cast, so that a wrong value is named by line and column instead of being bent.
"""

from dataclasses import dataclass, replace
from typing import Literal

from finops.outcomes.kinds import KINDS

Type = Literal[
    "text",
    "amount",
    "quantity",
    "value",
    "integer",
    "timestamp",
    "day",
    "currency",
    "json",
    "made_json",  # JSON of our own making
    "flag",
    "email",
    "list",
    "identities",
]


@dataclass(frozen=True)
class Column:
    """One column of a table: its type, whether a value is required, and the words it may hold."""

    name: str
    type: Type = "text"
    required: bool = False
    one_of: tuple[str, ...] = ()
    max_length: int = 2000
    with_one_of: tuple[str, ...] = ()  # a row needs a value in at least one of these, too


def _texts(names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names.split())


def _typed(names: str, type_: Type) -> tuple[Column, ...]:
    return tuple(Column(name, type_) for name in names.split())


DIMENSIONS = (
    *_texts(
        "provider sub_account_id actor api_key project repo branch session pr ticket conversation deal team "
        "model service_tier"
    ),
    *_typed("is_shared is_excluded", "flag"),
    Column("tags", "json", max_length=20_000),
)

CHARGE = (
    Column("invoice_issuer_name", required=True),
    Column("billing_account_id", required=True),
    Column("billing_currency", "currency", required=True),
    Column("billing_period_start", "timestamp", required=True),
    Column("billing_period_end", "timestamp", required=True),
    Column("charge_period_start", "timestamp", required=True),
    Column("charge_period_end", "timestamp", required=True),
    Column("billed_cost", "amount", required=True),
    Column("effective_cost", "amount", required=True),
    *_typed("list_cost contracted_cost list_unit_price contracted_unit_price", "amount"),
    Column(
        "charge_category",
        required=True,
        one_of=("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    ),
    *_typed("consumed_quantity pricing_quantity", "quantity"),
    *_texts(
        "billing_account_name charge_class charge_description charge_frequency consumed_unit pricing_unit invoice_id "
        "provider_name publisher_name service_category service_subcategory service_name sku_id sku_price_id sku_meter "
        "meter sub_account_name resource_id resource_name region_id"
    ),
    Column("extras", "made_json", max_length=100_000),
    *DIMENSIONS,
)

COUNTS = (
    "requests", "failed_requests", "retried_requests", "empty_requests", "input_tokens",
    "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
)  # fmt: skip
MEASURES = (
    "requests", "failed_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "quantity", "list_cost",
)  # fmt: skip

USAGE = (
    Column("occurred_at", "timestamp", required=True, with_one_of=MEASURES),
    Column("grain", one_of=("hour", "day")),
    Column("billing_scope"),
    Column("request_id"),
    Column("object_key"),  # which of several objects in a file the row belongs to
    Column("meter"),
    Column("quantity", "quantity", with_one_of=("meter",)),
    Column("unit"),
    *(Column(name, "integer") for name in COUNTS),
    *_typed(
        "list_cost input_list_cost cached_input_list_cost cache_write_list_cost output_list_cost "
        "failed_list_cost retried_list_cost empty_list_cost",
        "quantity",
    ),
    Column("list_currency", "currency"),
    *(replace(c, required=True) if c.name == "provider" else c for c in DIMENSIONS),
)

WORK_ITEM = (
    Column("idempotency_key"),
    Column("kind", required=True, one_of=tuple(KINDS)),
    Column("key", required=True),
    Column("external_id", required=True),
    Column("state", required=True, one_of=("open", "done", "abandoned", "reopened")),
    Column("version_at", "timestamp", required=True),
    *_typed(
        "created_at started_at completed_at closed_at first_review_at deployed_at", "timestamp"
    ),
    *_texts("title url repo branch base_branch team"),
    *_typed("number size_added size_deleted", "integer"),
    Column("value_amount", "value", with_one_of=("value_currency",)),
    Column("value_currency", "currency"),
    Column("is_bot_authored", "flag"),
    # Lists as JSON text. labels: ["x"]; people: [{"actor": .., "role": .., "weight": 1}],
    # keys: [{"type": "session", "value": "s7", "weight": 120}],
    # links: [{"type": "reverts", "kind": "pull_request", "key": .., "evidence": "text"}]
    *(Column(name, "list", max_length=100_000) for name in ("labels", "people", "keys", "links")),
)

PERSON = (
    Column("email", "email", required=True),
    *_texts("name team parent_team cost_center"),
    Column("identities", "identities"),
    *_typed("valid_from valid_to", "day"),
)

INVOICE = (
    Column("issuer", required=True),
    Column("billing_account_id"),
    Column("number", required=True, max_length=200),
    *(Column(name, "day", required=True) for name in ("issued_on", "period_start", "period_end")),
    Column("currency", "currency", required=True),
    Column("amount", "amount", required=True),
    Column("tax_amount", "amount"),
    Column("note"),
)

SEAT = (
    Column("vendor", required=True),
    Column("plan"),
    Column("holder", required=True),
    Column("holder_name"),
    *_typed("assigned_from assigned_to renewal_date", "day"),
    Column("last_active_at", "timestamp"),
    Column("price", "amount", with_one_of=("currency",)),
    Column("currency", "currency"),
    Column("period", one_of=("month", "year")),
)

VENDOR_NAME = (
    Column(
        "kind",
        required=True,
        one_of=("user", "service_account", "api_key", "workspace", "project", "organization"),
    ),
    Column("external_id", required=True),
    *_texts("name email owner parent status"),
    *_typed("created_at ended_at", "timestamp"),
)

FX_RATE = (
    Column("currency", "currency", required=True),
    Column("reporting_currency", "currency"),
    Column("day", "day", required=True),
    Column("rate", "value", required=True),
    Column("origin"),
)

TABLES = {
    "charge": CHARGE, "usage": USAGE, "work_item": WORK_ITEM, "person": PERSON, "invoice": INVOICE,
    "seat": SEAT, "vendor_name": VENDOR_NAME, "fx_rate": FX_RATE,
}  # fmt: skip
