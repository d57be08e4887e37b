"""A cost export of Azure with the lines a test asks for, under the names of any dialect."""

import csv
import io

EA = {
    "Date": "2026-07-02",
    "SubscriptionId": "s-1",
    "ResourceGroup": "RG",
    "ResourceId": "/subscriptions/s-1/resourceGroups/rg/providers/x/accounts/a",
    "ConsumedService": "microsoft.cognitiveservices",
    "MeterId": "m-1",
    "MeterCategory": "Azure OpenAI",
    "MeterSubCategory": "Azure OpenAI",
    "MeterName": "gpt-4o-0806-Inp-glbl Tokens",
    "Quantity": "2000",
    "UnitOfMeasure": "1K",
    "EffectivePrice": "0.0025",
    "CostInBillingCurrency": "5.00",
    "BillingCurrencyCode": "USD",
    "ChargeType": "Usage",
    "BillingAccountId": "7001",
    "BillingPeriodStartDate": "2026-07-01",
    "Tags": "",
}


def export(*changes, dialect=None, mark="", name_of=lambda name: name):
    """A file with one line per change to the plain one, under the names of a dialect."""
    rows = [EA | change for change in changes or ({},)]
    out = io.StringIO()
    dialect = dialect or {}
    header = {name: dialect.get(name, name) for row in rows for name in row}
    header = {name: name_of(shown) for name, shown in header.items() if shown}
    table = csv.writer(out, lineterminator="\n")
    table.writerow(header.values())
    table.writerows([row.get(name, "") for name in header] for row in rows)
    return (mark + out.getvalue()).encode()
