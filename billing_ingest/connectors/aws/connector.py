"""AWS: the Cost and Usage Report in its two shapes and the FOCUS export, all of the same bill."""

from dataclasses import replace
from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Notice, Sniff
from billing_ingest.connectors.aws.fetch import fetch
from billing_ingest.focus import SQL, focus_document

# Our column -> the column of a legacy report, of CUR 2.0. Shown when a value is refused.
COLUMNS = {
    "billing_account_id": ("bill/PayerAccountId", "bill_payer_account_id"),
    "billing_period_start": ("bill/BillingPeriodStartDate", "bill_billing_period_start_date"),
    "billing_period_end": ("bill/BillingPeriodEndDate", "bill_billing_period_end_date"),
    "billing_currency": ("lineItem/CurrencyCode", "line_item_currency_code"),
    "charge_period_start": ("lineItem/UsageStartDate", "line_item_usage_start_date"),
    "charge_period_end": ("lineItem/UsageEndDate", "line_item_usage_end_date"),
    "billed_cost": ("lineItem/UnblendedCost", "line_item_unblended_cost"),
    "effective_cost": ("lineItem/UnblendedCost", "line_item_unblended_cost"),
    "charge_category": ("lineItem/LineItemType", "line_item_line_item_type"),
    "sub_account_id": ("lineItem/UsageAccountId", "line_item_usage_account_id"),
    "sku_meter": ("lineItem/UsageType", "line_item_usage_type"),
    "consumed_quantity": ("lineItem/UsageAmount", "line_item_usage_amount"),
    "pricing_quantity": ("lineItem/UsageAmount", "line_item_usage_amount"),
    "contracted_unit_price": ("lineItem/UnblendedRate", "line_item_unblended_rate"),
    "list_cost": ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
    "list_unit_price": ("pricing/publicOnDemandRate", "pricing_public_on_demand_rate"),
}  # fmt: skip
NOT_NEEDED = ("billing_period_end", "consumed_quantity", "pricing_quantity", "contracted_unit_price",
              "list_cost", "list_unit_price")  # fmt: skip
LEGACY_OPTIONAL = (
    "bill/BillType", "bill/BillingEntity", "bill/InvoicingEntity", "bill/InvoiceId", "lineItem/ProductCode",
    "lineItem/Operation", "lineItem/ResourceId", "lineItem/LineItemDescription", "lineItem/LegalEntity",
    "product/ProductName", "product/servicename", "product/servicecode", "product/regionCode", "product/region",
    "product/sku", "pricing/RateCode", "pricing/unit", "reservation/ReservationARN", "reservation/EffectiveCost",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation/UnusedRecurringFee",
    "savingsPlan/SavingsPlanEffectiveCost", "savingsPlan/TotalCommitmentToDate", "savingsPlan/UsedCommitment",
)  # fmt: skip
CUR2_OPTIONAL = (
    "bill_bill_type", "bill_billing_entity", "bill_invoicing_entity", "bill_invoice_id",
    "bill_payer_account_name", "line_item_usage_account_name", "line_item_product_code", "line_item_operation",
    "line_item_resource_id", "line_item_line_item_description", "line_item_legal_entity",
    "line_item_iam_principal", "product", "product_product_name", "product_servicecode", "product_region_code",
    "product_sku", "pricing_rate_code", "pricing_unit", "reservation_reservation_a_r_n",
    "reservation_effective_cost", "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee", "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date", "savings_plan_used_commitment", "tags", "resource_tags",
    "cost_category",
)  # fmt: skip
LINE_TYPES = (
    "Usage|DiscountedUsage|SavingsPlanCoveredUsage|Fee|RIFee|SavingsPlanUpfrontFee|SavingsPlanRecurringFee|Tax|"
    "Credit|Refund|SavingsPlanNegation|[A-Za-z]*Discount"
)  # fmt: skip
NOTICES = (
    Notice(
        "not_final", "coalesce(invoice_id, '') = ''",
        "{rows} lines carry no invoice yet: until AWS closes the month they are an estimate.",
    ),
    Notice(
        "tokens_unknown",
        "is_token_meter(meter) AND consumed_quantity IS NULL AND charge_category = 'Usage'",
        "{rows} lines of Bedrock name a unit that leaves the number of tokens open, or a price that "
        "does not give their cost; their tokens stay unknown.",
    ),
    Notice(
        "unclassified",
        "service_name LIKE '%Bedrock%' AND charge_category = 'Usage' AND coalesce(meter, '') = ''",
        "{rows} lines of Bedrock are for a meter that their usage type does not say.",
    ),
)  # fmt: skip
UNKNOWN_TYPE = Notice(
    "unknown_line_type",
    f"""NOT regexp_matches(extras, '^.."line_item_type":"({LINE_TYPES})"')""".replace("..", "\\{"),
    "{rows} lines are of a type that is not known; they are booked as adjustments.",
)  # fmt: skip


def _of(place: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(columns[place] for columns in COLUMNS.values()))


def _required(place: int) -> tuple[str, ...]:
    optional = {COLUMNS[name][place] for name in NOT_NEEDED}
    return tuple(column for column in _of(place) if column not in optional)


def _optional(place: int, more: tuple[str, ...]) -> tuple[str, ...]:
    return (*dict.fromkeys(COLUMNS[name][place] for name in NOT_NEEDED), *more)


def _is_legacy(sniff: Sniff) -> str | None:
    if {"lineItem/LineItemType", "lineItem/UnblendedCost"} <= set(sniff.header):
        return "it has the columns of an AWS Cost and Usage Report, like lineItem/UnblendedCost"
    return None


def _is_cur2(sniff: Sniff) -> str | None:
    if {"line_item_line_item_type", "line_item_unblended_cost"} <= set(sniff.header):
        return "it has the columns of AWS's CUR 2.0, like line_item_unblended_cost"
    return None


def _is_focus(sniff: Sniff) -> str | None:
    """AWS adds columns of its own to FOCUS; without them nothing says whose export it is."""
    header = set(sniff.header)
    if {"BilledCost", "ChargePeriodStart", "x_ServiceCode"} <= header:
        return "it has the FOCUS columns and AWS's own x_ServiceCode"
    return None


def _cur(place: int, name: str, label: str, lines: str) -> Document:
    more = (LEGACY_OPTIONAL, CUR2_OPTIONAL)[place]
    return Document(
        name=name,
        label=label,
        reader="csv",
        recognise=(_is_legacy, _is_cur2)[place],
        mappings=(Mapping("charge", "charge.sql", "billing_period", base=lines),),
        required=_required(place),
        optional=_optional(place, more),
        notices=(*NOTICES, UNKNOWN_TYPE),
        floats=True,  # AWS writes them so into Parquet, and nothing else
        names={ours: columns[place] for ours, columns in COLUMNS.items()},
    )


CONNECTOR = Connector(
    slug="aws",
    label="AWS",
    folder=Path(__file__).parent,
    brings=("charges",),
    default_scope="ai",
    trailing_days=40,
    history_days=396,
    restates="The whole month at every delivery, and closed months for about two weeks and whenever "
    "a refund or credit comes. Lines have no lasting id, so a billing period is replaced whole.",
    gaps="No single requests: who called is in the bill only when the export includes the caller's "
    "identity or a tagged inference profile. Units of marketplace models may leave tokens open.",
    fetch=fetch,
    config_fields=("bucket", "prefix", "region", "access_key_id", "endpoint_url", "issuer"),
    rights="The secret access key of a user who may s3:ListBucket and s3:GetObject on the bucket "
    "that the export is delivered to.",
    documents=(
        _cur(0, "cur", "an AWS Cost and Usage Report", "lines_cur.sql"),
        _cur(1, "cur2", "an AWS Cost and Usage Report 2.0", "lines_cur2.sql"),
        replace(
            focus_document("focus", "an AWS FOCUS export", _is_focus),
            mappings=(Mapping("charge", "focus.sql", "billing_period", base=SQL),),
            notices=NOTICES,
            floats=True,
        ),
    ),
)
