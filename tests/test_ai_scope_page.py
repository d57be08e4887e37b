"""Setup > AI scope: the table in order, a rule worded, previewed, kept, moved and ended."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing_ingest import ai_scope_changes
from billing_ingest.ai_scope import rules
from billing_ingest.ai_scope_changes import BadRuleError, Stated
from finops.ledger.models import AiScopeRule, Charge
from finops.people.models import User
from tests.loading import give
from tests.test_ai_scope import bedrock, classes, written
from tests.test_pages import page, plain

pytestmark = pytest.mark.django_db
LIST, NEW = "/setup/ai-scope/", "/setup/ai-scope/new/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_user("ada", role="admin"))
    return client


def form(do: str, **more: str) -> dict[str, str]:
    return {"service": "bedrock", "ai_class": "training", "do": do} | more


def post(client: Client, address: str, data: dict[str, Any]) -> str:
    response = client.post(address, data, follow=True)
    assert response.status_code == 200, address
    return plain(response.content.decode())


def test_the_table_is_read_in_its_order(admin: Client) -> None:
    said = plain(page(admin, LIST))
    assert "all as shipped" in said
    at = 0
    for rule in rules():
        at = said.index(rule.note, at) + len(rule.note)


def test_a_rule_is_previewed_among_booked_lines_and_then_kept_before_all(admin: Client) -> None:
    give("focus", written(bedrock(5), bedrock(6, BilledCost="2.5"), {"ServiceName": "S3"}), "a.csv")
    preview = post(admin, NEW, form("preview"))
    assert "2 lines of the 3 that were booked last" in preview
    assert "Amazon Bedrock Inference 2 $3.50" in preview
    assert AiScopeRule.objects.filter(origin="admin").count() == 0

    assert "The rule is kept." in post(admin, NEW, form("save", note="Ours"))
    first = rules()[0]
    assert (first.note, first.ai_class, first.created_by.get_username()) == (
        "Ours",
        "training",
        "ada",
    )
    give("focus", written(bedrock(7)), "b.csv", key="other")
    assert Charge.objects.get(charged_on=date(2026, 10, 7)).ai_class == "training"


def test_a_preview_looks_at_the_days_of_the_rule_alone(admin: Client) -> None:
    give("focus", written(bedrock(5), bedrock(6)), "a.csv")
    said = post(admin, NEW, form("preview", first_day="2026-10-06", last_day="2026-10-06"))
    assert "1 line of the 1 that were booked last" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"service": " | "}, "else every line would fit"),
        ({"service": "*"}, "stars alone fits everything"),
        ({"first_day": "2026-10-06", "last_day": "2026-10-01"}, "ends before it begins"),
        ({"ai_class": "magic"}, "magic"),
    ],
)
def test_what_cannot_be_is_said_and_not_kept(admin: Client, change, words) -> None:
    assert words in post(admin, NEW, form("save", **change))
    assert not AiScopeRule.objects.filter(origin="admin").exists()


def test_a_rule_moves_by_one_place(admin: Client) -> None:
    one, two = rules()[:2]
    post(admin, f"{LIST}{one.pk}/move/", {"to": "later"})
    assert [rule.pk for rule in rules()[:2]] == [two.pk, one.pk]
    post(admin, f"{LIST}{one.pk}/move/", {"to": "earlier"})
    assert [rule.pk for rule in rules()[:2]] == [one.pk, two.pk]
    assert "already stands first" in post(admin, f"{LIST}{one.pk}/move/", {"to": "earlier"})


def test_a_rule_ends_after_its_last_day_and_stays_readable(admin: Client) -> None:
    kept = ai_scope_changes.add(Stated("", "bedrock", "", "training"), by=None)
    assert "The rule ends." in post(admin, f"{LIST}{kept.pk}/end/", {"last_day": "2026-10-05"})
    kept.refresh_from_db()
    assert kept.valid_to == date(2026, 10, 6)
    assert "to 5 Oct 2026 over" in plain(page(admin, LIST))
    give("focus", written(bedrock(5), bedrock(6)), "a.csv")
    assert classes() == ["training", "inference"]
    assert "Lines that it fits are training" in plain(page(admin, f"{LIST}{kept.pk}/"))


def test_a_rule_does_not_end_before_it_begins() -> None:
    kept = ai_scope_changes.add(
        Stated("", "bedrock", "", "training", valid_from=date(2026, 10, 5)), by=None
    )
    with pytest.raises(BadRuleError, match="begins after"):
        ai_scope_changes.end(kept.pk, date(2026, 10, 4))


def test_finance_reads_and_others_see_nothing(client: Client) -> None:
    client.force_login(User.objects.create_user("fin", role="cfo"))
    assert "New rule" not in page(client, LIST)
    assert client.post(NEW, form("save")).status_code == 403
    assert client.post(f"{LIST}{rules()[0].pk}/end/", {"last_day": "2026-10-05"}).status_code == 403
    client.force_login(User.objects.create_user("eve", role="manager"))
    assert client.get(LIST).status_code == 403


def test_the_pages_ask_little_however_long_the_table_is(admin: Client) -> None:
    give("focus", written(bedrock(5)), "a.csv")
    for address in (LIST, NEW, f"{LIST}{rules()[0].pk}/"):
        with CaptureQueriesContext(connection) as asked:
            page(admin, address)
        assert len(asked) <= 12, address
