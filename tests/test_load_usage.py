"""Usage logs: reduced to hours, priced by the book, every request counted once."""

import random
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Min, Sum

from billing_ingest import usages
from billing_ingest.load import undo
from finops.ledger.models import Price, Slice, Usage
from tests.loading import give

pytestmark = pytest.mark.django_db
MODEL = "claude-sonnet-4-5"


def log(
    *rows: str, columns: str = "occurred_at,provider,person,model,requests,input_tokens,request_id"
) -> bytes:
    return "\n".join([columns, *rows, ""]).encode()


def requests() -> int:
    return Usage.objects.filter(slice__superseded_at=None).aggregate(n=Sum("requests"))["n"]


def test_requests_of_an_hour_become_one_row():
    give("usage_csv", log(
        f"2026-10-05T10:00:00Z,anthropic,ana@x.com,{MODEL},1,100,a",
        f"2026-10-05T10:59:59Z,anthropic,ana@x.com,{MODEL},1,50,b",
        f"2026-10-05T11:00:00Z,anthropic,ana@x.com,{MODEL},1,7,c",
        f"2026-10-05T10:30:00Z,anthropic,bob@x.com,{MODEL},1,9,d",
    ))  # fmt: skip

    rows = Usage.objects.order_by("line").values_list(
        "line", "lines", "actor", "input_tokens", "grain"
    )
    assert list(rows) == [
        (2, 2, "ana@x.com", 150, "hour"), (4, 1, "ana@x.com", 7, "hour"), (5, 1, "bob@x.com", 9, "hour"),
    ]  # fmt: skip


def test_a_mere_date_counts_to_its_day():
    give("usage_csv", log(f"2026-10-05,anthropic,ana@x.com,{MODEL},1,100,a"))

    assert Usage.objects.get().grain == "day"


def test_what_the_book_has_no_price_for_stays_unpriced():
    give("usage_csv", log("2026-10-05,anthropic,,no-such-model,1,100,a"))
    row = Usage.objects.get()

    assert (row.list_cost, row.input_list_cost) == (None, None)


def test_a_sum_does_not_hide_a_line_without_a_list_cost():
    columns = "occurred_at,provider,model,list_cost,requests"
    give(
        "usage_csv",
        log("2026-10-05,x,m,0.25,1", "2026-10-05,x,m,,1", "2026-10-05,x,m,0.5,1", columns=columns),
    )

    rows = Usage.objects.order_by("line").values_list("list_cost", "requests")
    assert list(rows) == [(Decimal("0.75"), 2), (None, 1)]


def test_an_override_takes_the_place_of_the_book_s_price():
    Price.objects.create(
        provider="anthropic", model=MODEL, meter="input", valid_from=date(2026, 10, 1),
        usd_per_million=Decimal("2.5"), origin="override",
    )  # fmt: skip
    give("usage_csv", log(f"2026-10-05,anthropic,,{MODEL},1,1000000,a"))

    assert Usage.objects.get().input_list_cost == Decimal("2.5")


def test_prices_are_those_of_the_day():
    columns = "occurred_at,provider,model,input_tokens"
    give(
        "usage_csv",
        log("2025-06-09,openai,o3,1000000", "2025-06-10,openai,o3,1000000", columns=columns),
    )

    costs = Usage.objects.order_by("line").values_list("list_cost", flat=True)
    assert list(costs) == [10, 2]


def test_a_request_counts_once_over_all_files_of_the_source():
    give("usage_csv", log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a"), "one.csv")
    second = give("usage_csv", log(
        f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a",
        f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,b",
    ), "two.csv")  # fmt: skip

    assert requests() == 2
    assert second.rows == 1
    assert second.warnings[0]["code"] == "repeated_requests"


def test_ids_hashed_by_another_edition_of_the_reader_are_read_anew():
    body = log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a")
    first = give("usage_csv", body, "one.csv")
    first.preview["request_ids"] = "1.0:" + "0" * 64
    first.save()

    assert give("usage_csv", body + b"\n", "two.csv").rows == 0


def test_a_file_that_repeats_nothing_but_counted_requests_adds_nothing():
    give("usage_csv", log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a"), "one.csv")
    second = give("usage_csv", log(f"2026-10-05T10:30:00Z,anthropic,,{MODEL},1,100,a"), "two.csv")

    assert (second.state, second.rows, requests()) == ("loaded", 0, 1)


def test_another_source_counts_for_itself():
    body = log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a")
    give("usage_csv", body, "one.csv", key="gateway")
    assert give("usage_csv", body, "one.csv", key="telemetry").rows == 1


def test_an_object_replaces_only_itself():
    give("usage_csv", log(f"2026-10-05,anthropic,,{MODEL},1,100,"), "one.csv")
    give("usage_csv", log(f"2026-10-05,anthropic,,{MODEL},2,100,"), "two.csv")
    give("usage_csv", log(f"2026-10-05,anthropic,,{MODEL},5,100,"), "one.csv")

    assert requests() == 7
    assert sorted(Slice.objects.filter(superseded_at=None).values_list("key", flat=True)) == [
        "usage:one.csv", "usage:two.csv",
    ]  # fmt: skip


def test_a_replaced_file_may_name_its_own_requests_again():
    give("usage_csv", log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a"), "one.csv")
    again = give("usage_csv", log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,120,a"), "one.csv")

    assert (again.rows, requests()) == (1, 1)


def test_a_log_that_is_taken_back_frees_its_requests():
    first = give("usage_csv", log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a"), "one.csv")
    undo(first, by="ana")

    assert (
        give("usage_csv", log(f"2026-10-05T10:00:00Z,anthropic,,{MODEL},1,100,a"), "two.csv").rows
        == 1
    )


def test_tags_say_the_team_and_that_it_is_shared():
    columns = "occurred_at,provider,requests,tags"
    give(
        "usage_csv",
        log(
            '2026-10-05,x,1,"{""team"": ""Core"", ""shared"": true, ""deal"": ""D-7""}"',
            columns=columns,
        ),
    )

    row = Usage.objects.get()
    assert (row.team, row.is_shared, row.deal, row.tags["team"]) == ("Core", True, "d-7", "Core")


def random_log(seed: int) -> bytes:
    chance = random.Random(seed)
    columns = "occurred_at,provider,person,model,session,requests,input_tokens,output_tokens,list_cost,tags"
    pick = chance.choice
    rows = [
        ",".join([
            pick(["2026-10-05", "2026-10-05T10:05:00Z", "2026-10-05T10:55:59Z", "2026-11-01T00:00:00Z"]),
            pick(["anthropic", "Anthropic ", "OpenAI, Inc."]).join('""'),
            pick(["ana@x.com", "ANA@x.com", "", "github:bob"]), pick([MODEL, "no-such-model", ""]),
            pick(["s1", "s2", ""]), "1", pick(["", "9", "100"]), pick(["7", ""]),
            pick(["", "0.000000000000000001", "1.5"]), pick(["", '"{""team"":""Core""}"']),
        ])
        for _ in range(300)
    ]  # fmt: skip
    return log(*rows, columns=columns)


@pytest.mark.parametrize("seed", range(5))
def test_the_quick_way_gives_the_rows_of_the_slow_one(seed, monkeypatch):
    give("usage_csv", random_log(seed), key="quick")
    monkeypatch.setattr(usages, "pack", lambda *_: False)
    give("usage_csv", random_log(seed), key="slow")

    assert summed("quick") == summed("slow")
    assert len(summed("quick")) > 100


def summed(key: str) -> list[tuple[object, ...]]:
    """The usage of a source, with rows that agree in everything but their sums taken together."""
    sums = {
        "line", "lines", "input_tokens", "output_tokens", "requests", "list_cost", "input_list_cost",
        "output_list_cost",
    }  # fmt: skip
    fields = [f.name for f in Usage._meta.concrete_fields if f.name not in {"id", "slice", *sums}]
    totals = [Sum(name) for name in sorted(sums - {"line"})]
    rows = Usage.objects.filter(slice__source__key=key).values_list(*fields)
    return sorted(rows.annotate(*totals, first=Min("line")), key=repr)
