"""Google Cloud's billing export: credits beside costs, months of invoices, models in SKUs."""

import csv
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops.attribution.verify.files import imports_equal_their_files
from finops.attribution.verify.readers.gcp import export_table
from finops.attribution.verify.reading import FileSums
from finops.ledger.models import Charge
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared

ROW = {
    "billing_account_id": "018984-D0AAA4-940B88",
    "service.description": "Vertex AI",
    "sku.id": "A121-E2B5-1418",
    "sku.description": "Gemini 2.5 Pro Text Input - Predictions",
    "usage_start_time": "2026-07-01 03:00:00+00:00",
    "usage_end_time": "2026-07-01 04:00:00+00:00",
    "project.id": "proj-1",
    "project.labels": "[]",
    "labels": "[]",
    "cost": "1.25",
    "currency": "USD",
    "usage.amount": "1000000",
    "usage.unit": "count",
    "usage.amount_in_pricing_units": "1000000",
    "usage.pricing_unit": "count",
    "credits": "[]",
    "invoice.month": "202607",
    "cost_type": "regular",
}


def extract(*changes):
    """A CSV extract with one row per change to the plain one."""
    rows = [ROW | change for change in changes or ({},)]
    header = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    table = csv.DictWriter(out, header, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue().encode()


def nested(*changes):
    """The same rows as JSON lines, nested as in the table."""
    lines = []
    for change in changes or ({},):
        row = {}
        for name, value in (ROW | change).items():
            outer, _, inner = name.partition(".")
            said = json.loads(value) if value.startswith("[") else value
            if inner:
                row.setdefault(outer, {})[inner] = said
            else:
                row[outer] = said
        lines.append(json.dumps(row))
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def charges(tmp_path):
    return lambda content, **more: mapped("gcp", content, tmp_path, **more)


# --- credits -------------------------------------------------------------------------------------

CREDITS = [
    ("[]", "1.25"),
    ("", "1.25"),
    ('[{"name":"promo","amount":-0.25,"type":"PROMOTION"}]', "1"),
    ("[{'name': 'promo', 'amount': -0.25, 'full_name': None, 'is_new': True}]", "1"),
    ('[{"amount":-0.25},{"amount":-1}]', "0"),
    ("[{'amount': -5e-06, 'name': 'a'}, {'amount': -1.25, 'name': 'b'}]", "-0.000005"),
    ("[{'name': \"Bob's 'amount': 9\", 'amount': -0.05}]", "1.2"),
    ('[{"name":"a \\" b, \'amount\': 3","amount":"-0.05"}]', "1.2"),
    ("[{'name': 'it\\'s', 'amount': -0.05}]", "1.2"),
    ("[{'amount': -0.250000000000000000000001}]", "0.999999999999999999999999"),
]


@pytest.mark.parametrize(("listed", "net"), CREDITS)
def test_credits_are_added_to_the_cost_to_the_last_digit(charges, listed, net):
    (row,) = charges(extract({"credits": listed}))
    assert Decimal(row["billed_cost"]) == Decimal(net)
    assert row["effective_cost"] == row["billed_cost"]
    assert row["contracted_cost"] == "1.25"
    assert json.loads(row["extras"])["cost_before_credits"] == "1.25"


@pytest.mark.parametrize(("listed", "net"), CREDITS)
def test_the_second_reader_sees_the_same_net(listed, net):
    sums = FileSums()
    export_table(io.StringIO(extract({"credits": listed}).decode(), newline=""), sums)
    assert (sums.rows, dict(sums.totals)) == (1, {"USD": Decimal(net)})


def test_a_row_stays_one_row_however_many_credits_it_has(charges):
    many = json.dumps([{"name": str(n), "amount": -0.01} for n in range(9)])
    rows = charges(extract({"credits": many}, {}))
    assert [(row["line"], Decimal(row["billed_cost"])) for row in rows] == [
        (2, Decimal("1.16")),
        (3, Decimal("1.25")),
    ]


@pytest.mark.parametrize(
    "listed",
    [
        "[{'amount': -0.25, 'since': datetime.date(2026, 7, 1)}]",
        "[{'name': 'promo'}]",
        "[{'amount': None}]",
        "[{'amount': nan}]",
        "[{'amount': -1_000}]",
        "[{'amount': -0.25",
        "promo",
        "[{'amount': -0.0000000000000000000000001}]",
        "__import__('os')",
    ],
)
@pytest.mark.django_db
def test_credits_that_cannot_be_read_refuse_the_file(listed):
    before = books()
    imp = give("gcp", extract({}, {"credits": listed}))
    assert imp.state == "refused"
    assert {(error["line"], error["column"]) for error in imp.errors} == {(3, "cost")}
    assert books() == before


@pytest.mark.django_db
def test_a_file_without_credits_is_refused_in_words():
    content = b"billing_account_id,sku.description,invoice.month,cost,currency\na,s,202607,1,USD\n"
    imp = give("gcp", content)
    assert "no column credits" in imp.errors[0]["message"]


# --- months, corrections, kinds ------------------------------------------------------------------


def test_the_invoice_month_is_the_billing_period_whenever_the_usage_was(charges):
    late = {
        "usage_start_time": "2026-06-30 23:00:00 UTC",
        "usage_end_time": "2026-07-01 00:00:00 UTC",
    }
    (row,) = charges(extract(late | {"invoice.month": "202612"}))
    assert (row["billing_period_start"], row["billing_period_end"]) == ("2026-12-01", "2027-01-01")
    assert row["charge_period_start"] == "2026-06-30 23:00:00Z"


@pytest.mark.parametrize("month", ["202613", "2026-07", "July", ""])
@pytest.mark.django_db
def test_a_month_that_is_none_refuses_the_file(month):
    imp = give("gcp", extract({"invoice.month": month}))
    assert {error["column"] for error in imp.errors} == {"invoice.month"}


@pytest.mark.django_db
def test_corrections_are_rows_of_their_own_and_may_be_negative():
    imp = give("gcp", extract({}, {}, {"cost": "-1.25", "cost_type": "adjustment"}))
    assert (imp.rows, imp.totals) == (3, {"USD": "1.25"})
    assert [warning["code"] for warning in imp.warnings] == ["same_lines"]
    last = Charge.objects.get(line=4)
    assert (last.charge_category, last.charge_class) == ("Adjustment", "Correction")


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("regular", "Usage"),
        ("", "Usage"),
        ("tax", "Tax"),
        ("adjustment", "Adjustment"),
        ("rounding_error", "Adjustment"),
        ("barter", "barter"),
    ],
)
def test_the_kind_of_a_row_follows_its_cost_type(charges, said, category):
    assert charges(extract({"cost_type": said}))[0]["charge_category"] == category


@pytest.mark.django_db
def test_a_kind_nobody_knows_is_refused():
    imp = give("gcp", extract({"cost_type": "barter"}))
    assert [(e["code"], e["column"]) for e in imp.errors] == [("not_allowed", "cost_type")]


def test_a_row_without_a_project_belongs_to_the_account(charges):
    (row,) = charges(extract({"project.id": "", "cost_type": "tax", "usage.amount": ""}))
    assert (row["sub_account_id"], row["project"], row["consumed_quantity"]) == (None, None, None)


@pytest.mark.django_db
def test_a_month_read_again_replaces_itself_and_no_other():
    give("gcp", extract({}, {"invoice.month": "202606", "cost": "9"}), "two.csv")
    give("gcp", extract({"cost": "2"}), "one.csv")
    active = Charge.objects.filter(slice__superseded_at=None).order_by("billing_period_start")
    assert [charge.billed_cost for charge in active] == [Decimal(9), Decimal(2)]


# --- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sku", "model", "meter", "tier"),
    [
        ("Gemini 2.5 Pro Text Input - Predictions", "gemini-2.5-pro", "input", ""),
        ("Gemini 2.5 Pro Text Input (Long) - Predictions", "gemini-2.5-pro", "input", ""),
        ("Gemini 2.5 Pro Thinking Text Output - Predictions", "gemini-2.5-pro", "output", ""),
        ("Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions", "gemini-2.5-flash", "output", ""),
        (" Gemini 2.5 Flash GA Input Text Caching", "gemini-2.5-flash", "cached_input", ""),
        ("Gemini 2.5 Flash Lite Text Input - Predictions", "gemini-2.5-flash-lite", "input", ""),
        ("Gemini 3 Flash Image Input Caching Priority", "gemini-3-flash", "cached_input", "priority"),
        ("Gemini 3.8 Flash Text Input Caching Storage", "gemini-3.8-flash", "cache_storage", ""),
        ("Gemini 3.1 Flash Lite Global Audio Input - Predictions", "gemini-3.1-flash-lite", "input", ""),
        ("Gemini 2.5 Flash Live Text Input - Predictions", "gemini-2.5-flash-live", "input", ""),
        ("Generate content input token count gemini 3.8 flash lite tts text batch",
         "gemini-3.8-flash-lite-tts", "input", "batch"),
        ("Generate content output token count Gemini 2.5 Pro short output text", "gemini-2.5-pro",
         "output", ""),
        ("Generate content cached input token count gemini 3.8 flash tts text",
         "gemini-3.8-flash-tts", "cached_input", ""),
        ("EmbedContent input token count for gemini-embedding-001", "gemini-embedding-001", "input", ""),
        ("Cloud Vertex AI Model Garden Model as a Service Llama 4 Scout Input Token", "llama-4-scout",
         "input", ""),
        ("Cloud Vertex AI Model Garden Model as a Service GLM-5.2 Input", "glm-5.2", "input", ""),
        ("Claude Sonnet 4.5 Cache Write Tokens", "claude-sonnet-4-5", "cache_write", ""),
        ("Claude Opus 4.1 Output Tokens - Batch", "claude-opus-4-1", "output", "batch"),
        ("Grounding with Google Search", "", "web_search", ""),
        ("Vertex AI: Custom Training n1-standard-4", "", "training", ""),
        ("Vector Search Index Serving e2-standard-16", "", "", ""),
    ],
)  # fmt: skip
def test_a_sku_says_model_and_kind_of_token(charges, sku, model, meter, tier):
    (row,) = charges(extract({"sku.description": sku}))
    assert (row["model"], row["meter"], row["service_tier"]) == (model, meter, tier)


def test_another_service_has_no_model(charges):
    said = {"service.description": "Compute Engine", "sku.description": "N1 Input Core"}
    (row,) = charges(extract(said))
    assert (row["model"], row["meter"]) == ("", "")


@pytest.mark.parametrize(
    ("change", "unit"),
    [
        ({"price.effective_price": "0.00000125"}, "Tokens"),
        ({"price.effective_price": "1.25", "usage.amount_in_pricing_units": "1"}, "Tokens"),
        ({"price.effective_price": "0.00125"}, "count"),  # a thousand times the cost
        ({"price.effective_price": ""}, "count"),
        ({}, "count"),
        ({"price.effective_price": "0.00000125", "usage.unit": "characters"}, "characters"),
        ({"price.effective_price": "0.00000125", "sku.description": "Gemini Code Assist"}, "count"),
    ],
)
def test_a_count_is_one_of_tokens_where_its_price_proves_it(charges, change, unit):
    (row,) = charges(extract(change))
    assert (row["consumed_quantity"], row["consumed_unit"]) == ("1000000", unit)


# --- labels, shapes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "project", "tags"),
    [
        ('[{"key":"team","value":"core"}]', "[]", {"team": "core"}),
        ("[{'key': 'team', 'value': 'core'}]", "", {"team": "core"}),
        ("[]", '[{"key":"team","value":"pool"}]', {"team": "pool"}),
        ('[{"key":"team","value":"core"}]', '[{"key":"team","value":"pool"},{"key":"a","value":"b"}]',
         {"team": "core", "a": "b"}),
        ('[{"key":"q\\"","value":"x, y: {z}"}]', "[]", {'q"': "x, y: {z}"}),
        ("[]", "[]", None),
    ],
)  # fmt: skip
def test_labels_of_a_resource_go_before_those_of_its_project(charges, labels, project, tags):
    (row,) = charges(extract({"labels": labels, "project.labels": project}))
    assert (row["tags"] and json.loads(row["tags"])) == tags
    assert row["team"] == (tags or {}).get("team")


@pytest.mark.parametrize("name", ["labels", "project.labels"])
@pytest.mark.django_db
def test_labels_that_cannot_be_read_refuse_the_file(name):
    good = {"labels": '[{"key":"a","value":"b"}]', "project.labels": '[{"key":"a","value":"b"}]'}
    imp = give("gcp", extract(good | {name: "[{'key': object()}]"}))
    assert [(error["code"], error["column"]) for error in imp.errors] == [("bad_json", "labels")]


def test_nested_lines_say_what_flat_ones_say(charges):
    said = {
        "credits": '[{"name":"promo","amount":-0.25}]', "labels": '[{"key":"team","value":"core"}]',
        "price.effective_price": "0.00000125",
    }  # fmt: skip
    (flat,) = charges(extract(said))
    (deep,) = charges(nested(said))
    for name in flat.keys() - {"line", "extras"}:
        assert deep[name] == flat[name], name


def test_a_number_of_json_keeps_its_digits(charges):
    line = nested({"credits": '[{"amount":-0.25}]'}).replace(
        b'"1.25"', b"1.250000000000000000000001"
    )
    (row,) = charges(line)
    assert Decimal(row["billed_cost"]) == Decimal("1.000000000000000000000001")


@pytest.mark.django_db
def test_a_table_of_the_warehouse_is_proven_by_the_second_reader(tmp_path):
    row = json.loads(nested().decode()) | {"cost": 1.25, "credits": [{"amount": -0.25}]}
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    assert give("gcp", path).totals == {"USD": "1"}
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


def test_a_table_of_the_warehouse_says_what_flat_lines_say(charges, tmp_path):
    """Nested columns, costs and credits as doubles: what BigQuery exports as Parquet."""
    (row,) = [
        json.loads(line)
        for line in nested({"labels": '[{"key":"team","value":"core"}]'}).splitlines()
    ]
    row |= {
        "cost": 1.25,
        "credits": [{"name": "a", "amount": -0.25}, {"name": "b", "amount": -1e-07}],
    }
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    (found,) = charges(path)
    assert Decimal(found["billed_cost"]) == Decimal("0.9999999")
    flat = {"credits": '[{"amount":-0.2500001}]', "labels": '[{"key":"team","value":"core"}]'}
    (same,) = charges(extract(flat))
    for name in same.keys() - {"line", "extras"}:
        assert found[name] == same[name], name


# --- real files ----------------------------------------------------------------------------------


def independent_sum(content: bytes) -> dict[str, Decimal]:
    sums = FileSums()
    export_table(io.StringIO(content.decode(), newline=""), sums)
    return dict(sums.totals)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "rows"),
    [("gcp-billing/gcp_2020-11.csv", 25), ("nise-synthetic/nise_gcp.csv", 576)],
)
def test_a_real_export_loads_once_to_the_last_digit(path, rows):
    sample = shared(f"data/spend/{path}")
    imp = give("gcp", sample, scope="all")
    assert (imp.errors, imp.document, imp.rows) == ([], "export_table", rows)
    found = {currency: Decimal(total) for currency, total in imp.totals.items()}
    assert found == independent_sum(sample.read_bytes())
    assert give("gcp", sample, scope="all").state == "duplicate"


@pytest.mark.django_db
def test_a_free_trial_nets_to_nothing():
    imp = give("gcp", shared("data/spend/gcp-billing/gcp_2020-11.csv"), scope="all")
    assert imp.totals == {"USD": "0"}
    assert Charge.objects.filter(contracted_cost__gt=0).exists()


@pytest.mark.django_db
def test_a_bill_without_ai_books_nothing_and_leaves_all_of_it_out():
    sample = shared("data/spend/nise-synthetic/nise_gcp.csv")
    imp = give("gcp", sample)
    assert (imp.state, imp.rows, imp.totals) == ("loaded", 0, {})
    left_out = {currency: Decimal(total) for currency, total in imp.out_of_scope.items()}
    assert left_out == independent_sum(sample.read_bytes())
