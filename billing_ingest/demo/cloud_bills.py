"""Two clouds' own bills, models beside servers: AWS's CUR 2.0, Google's detailed export."""

import json
from datetime import date, timedelta
from decimal import Decimal

from billing_ingest.demo.calendar import Calendar, day_stamp, days
from billing_ingest.demo.company import PLATFORM, SALES
from billing_ingest.demo.dice import dice
from finops.periods import Period, month_of

Row = dict[str, str]

AWS_PAYER, AWS_ACCOUNT = "048120773311", "077330048120"
AWS_HEADER = (
    "identity_line_item_id,bill_bill_type,bill_billing_entity,bill_billing_period_start_date,"
    "bill_billing_period_end_date,bill_invoice_id,bill_payer_account_id,line_item_usage_account_id,"
    "line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,"
    "line_item_product_code,line_item_usage_type,line_item_operation,line_item_resource_id,"
    "line_item_usage_amount,line_item_currency_code,line_item_unblended_rate,"
    "line_item_unblended_cost,line_item_line_item_description,line_item_legal_entity,"
    "line_item_iam_principal,pricing_unit,product_servicecode,product_region_code,tags"
)
# product, usage type, unit, rate, smallest and largest amount of a day
AWS_METERS = (
    ("AmazonBedrock", "USE1-Claude4.6Sonnet-input-tokens", "1K tokens", "0.003", 2_500, 5_000),
    ("AmazonBedrock", "USE1-Claude4.6Sonnet-output-tokens", "1K tokens", "0.015", 300, 700),
    ("AmazonBedrock", "USE1-NovaLite-input-tokens", "1K tokens", "0.00006", 20_000, 50_000),
)
AWS_OTHERS = (
    ("AmazonEC2", "BoxUsage:m7g.2xlarge", "Hrs", "0.3264", 200, 320),
    ("AmazonS3", "TimedStorage-ByteHrs", "GB-Mo", "0.023", 300, 420),
)
GCP_ACCOUNT = "01A7F2-7C3E90-B4D151"
GCP_HEADER = (
    "billing_account_id,service.id,service.description,sku.id,sku.description,usage_start_time,"
    "usage_end_time,project.id,labels,location.region,export_time,cost,currency,"
    "currency_conversion_rate,usage.amount,usage.unit,usage.amount_in_pricing_units,"
    "usage.pricing_unit,credits,invoice.month,cost_type"
)
VERTEX, BIGQUERY = ("C7E2-9256-1C43", "Vertex AI"), ("24E6-581D-38E5", "BigQuery")
# service, SKU, its description, unit, USD per unit, smallest and largest amount of a day
GCP_METERS = (
    (VERTEX, "A121-E2B5-1418", "Gemini 2.5 Pro Text Input - Predictions", "count", "0.00000125",
     1_500_000, 4_000_000),
    (VERTEX, "5DA2-3F77-1CA5", "Gemini 2.5 Pro Text Output - Predictions", "count", "0.00001",
     90_000, 300_000),
    (BIGQUERY, "D8A8-1E4C-4B0F", "Analysis (us-east4)", "tebibyte", "6.25", 2, 9),
)  # fmt: skip
CREDIT_SHARE = Decimal("0.1")  # what Google takes off its models for the first year


def aws_rows(calendar: Calendar, month: Period, seed: int) -> list[Row]:
    """Return the month so far: Bedrock of the platform team, servers and storage beside it."""
    rng = dice(seed, "aws", month.start)
    whole = month_of(month.start)
    invoice = f"AWS{month.start:%Y%m}01" if calendar.is_closed(month) else ""
    rows: list[Row] = []
    for day in billed_days(calendar, month):
        for product, usage_type, unit, rate, low, high in (*AWS_METERS, *AWS_OTHERS):
            amount = rng.randrange(low, high)
            is_model = product == "AmazonBedrock"
            rows.append(
                {
                    "identity_line_item_id": f"q{day:%Y%m%d}{len(rows):04d}",
                    "bill_bill_type": "Anniversary",
                    "bill_billing_entity": "AWS",
                    "bill_billing_period_start_date": day_stamp(whole.start),
                    "bill_billing_period_end_date": day_stamp(whole.end),
                    "bill_invoice_id": invoice,
                    "bill_payer_account_id": AWS_PAYER,
                    "line_item_usage_account_id": AWS_ACCOUNT,
                    "line_item_line_item_type": "Usage",
                    "line_item_usage_start_date": day_stamp(day),
                    "line_item_usage_end_date": day_stamp(day + timedelta(days=1)),
                    "line_item_product_code": product,
                    "line_item_usage_type": usage_type,
                    "line_item_operation": "InvokeModelInference" if is_model else "",
                    "line_item_usage_amount": str(amount),
                    "line_item_currency_code": "USD",
                    "line_item_unblended_rate": rate,
                    "line_item_unblended_cost": f"{amount * Decimal(rate):f}",
                    "line_item_legal_entity": "Amazon Web Services, Inc.",
                    "pricing_unit": unit,
                    "product_servicecode": product,
                    "product_region_code": "us-east-1",
                    "tags": json.dumps({"resourceTags/Team": PLATFORM.name}) if is_model else "",
                }
            )
    return rows


def gcp_rows(calendar: Calendar, month: Period, seed: int) -> list[Row]:
    """Return the month so far: Gemini of the sales team, with credits, and its warehouse."""
    rng = dice(seed, "gcp", month.start)
    rows: list[Row] = []
    for day in billed_days(calendar, month):
        for (service_id, service), sku, words, unit, price, low, high in GCP_METERS:
            amount = rng.randrange(low, high)
            cost = amount * Decimal(price)
            credit = [{"name": "First year", "amount": 0, "type": "PROMOTION"}]
            rows.append(
                {
                    "billing_account_id": GCP_ACCOUNT,
                    "service.id": service_id,
                    "service.description": service,
                    "sku.id": sku,
                    "sku.description": words,
                    "usage_start_time": f"{day} 00:00:00+00:00",
                    "usage_end_time": f"{day + timedelta(days=1)} 00:00:00+00:00",
                    "project.id": "quillhaven-sales",
                    "labels": json.dumps([{"key": "team", "value": SALES.slug}]),
                    "location.region": "us-east4",
                    "export_time": f"{day + timedelta(days=1)} 06:00:00+00:00",
                    "cost": f"{cost:f}",
                    "currency": "USD",
                    "currency_conversion_rate": "1.0",
                    "usage.amount": str(amount),
                    "usage.unit": unit,
                    "usage.amount_in_pricing_units": str(amount),
                    "usage.pricing_unit": unit,
                    "credits": credits_text(credit, cost) if service == "Vertex AI" else "[]",
                    "invoice.month": f"{day:%Y%m}",
                    "cost_type": "regular",
                }
            )
    return rows


def credits_text(credit: list[dict[str, object]], cost: Decimal) -> str:
    """Write the list of credits as JSON with the amount's own digits."""
    amount = f"{-cost * CREDIT_SHARE:f}"
    return json.dumps(credit, separators=(",", ":")).replace('"amount":0', f'"amount":{amount}')


def billed_days(calendar: Calendar, month: Period) -> list[date]:
    return [day for day in days(month) if day < calendar.billed_until]
