"""A pull books what a live account says, as an upload would be; a broken one changes nothing."""

import json
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from billing_ingest.pull import pull, try_out
from finops.ledger.models import Charge, Import, Source, Usage
from finops.ledger.secrets import set_secret
from finops.outcomes.models import WorkItem, WorkItemKey
from finops.outside.http import Http, HttpError
from finops.people.models import Identity
from finops.periods import Period
from tests.test_fetch import Forge, organisation, page
from tests.test_github import pull as pull_request
from tests.vendor import vendor

pytestmark = pytest.mark.django_db
WINDOW = Period(date(2026, 8, 4), date(2026, 8, 5))
USERS = {
    "data": [
        {
            "id": "user_1",
            "email": "Dev@Acme.test",
            "name": "Dev",
            "role": "user",
            "added_at": "2024-10-30T23:58:27Z",
        }
    ],
    "has_more": False,
}


def result(amount: str, **more: Any) -> dict[str, Any]:
    plain = {"currency": "USD", "amount": amount, "workspace_id": None, "description": "Tokens"}
    return plain | more


def day(number: int, *results: dict[str, Any]) -> dict[str, Any]:
    return {
        "starting_at": f"2026-08-0{number}T00:00:00Z",
        "ending_at": f"2026-08-0{number + 1}T00:00:00Z",
        "results": list(results),
    }


@pytest.fixture
def run(settings):
    """Pull from a server that answers with the function."""

    def go(slug, answer, **more):
        with vendor(answer) as api:
            settings.OUTLAY_PRIVATE_HOSTS = [api.host]
            config = {"api_url": api.url, "repos": "acme/web"}
            source, is_new = Source.objects.get_or_create(
                key=slug, defaults={"name": slug, "connector": slug}
            )
            source.config = config
            if is_new:
                set_secret(source, "canary")
            source.save()
            go.asked = api.asked
            return pull(source, WINDOW, http=Http(sleep=lambda _: None), **more)

    return go


def anthropic(*days: dict[str, Any]):
    use = {"uncached_input_tokens": 10, "output_tokens": 4, "model": "claude-opus-5"}
    answer = organisation(
        {"cost_report": [page(*days)], "messages": [page(day(4, use | {"account_id": "user_1"}))]}
    )

    def with_users(asked):
        said = answer(asked)
        if asked.path.endswith("/users"):
            said.body = json.dumps(USERS).encode()
        return said

    return with_users


def test_an_account_ends_in_charges_usage_and_people(run):
    imports = run("anthropic", anthropic(day(3, result("12.5")), day(4, result("99.999"))))
    assert [(imp.document, imp.state) for imp in imports] == [
        ("users", Import.State.LOADED),
        ("usage_report_messages", Import.State.LOADED),
        ("cost_report", Import.State.LOADED),
    ]
    assert [charge.billed_cost for charge in Charge.objects.order_by("charged_on")] == [
        Decimal("0.125"),
        Decimal("0.99999"),
    ]
    assert imports[2].totals == {"USD": "1.12499"}
    assert Charge.objects.filter(sub_account_id="default").count() == 2
    usage = Usage.objects.get()
    assert (usage.actor, usage.input_tokens) == ("anthropic:user_1", 10)
    identity = Identity.objects.get(namespace="anthropic")
    assert (identity.external_id, identity.person.email) == ("user_1", "dev@acme.test")


def test_the_last_three_days_are_read_again(run):
    run("anthropic", anthropic(day(4, result("1"))))
    starts = {
        asked.params["starting_at"][0] for asked in run.asked if asked.path.endswith("/cost_report")
    }
    assert starts == {"2026-08-01T00:00:00Z"}


def test_a_restated_day_replaces_itself_and_no_other(run):
    run("anthropic", anthropic(day(3, result("100")), day(4, result("200"))))
    run("anthropic", anthropic(day(3, result("150")), day(4, result("200"))))
    active = Charge.objects.filter(slice__superseded_at=None).order_by("charged_on")
    assert [charge.billed_cost for charge in active] == [Decimal("1.5"), Decimal(2)]
    assert Charge.objects.count() == 3  # the day before it was restated is still readable


def test_the_same_answers_again_change_nothing(run):
    run("anthropic", anthropic(day(4, result("200"))))
    again = run("anthropic", anthropic(day(4, result("200"))))
    assert {imp.state for imp in again} == {Import.State.DUPLICATE}
    assert Charge.objects.count() == 1


def test_a_report_that_breaks_off_books_nothing_of_itself(run):
    broken = organisation({"cost_report": [page(day(4, result("5")), following="0")]})
    with pytest.raises(HttpError, match="same next page"):
        run("anthropic", broken)
    assert Charge.objects.count() == 0


def test_a_worker_that_lost_its_job_books_nothing(run):
    class LostError(Exception):
        pass

    @contextmanager
    def lost():
        with transaction.atomic():
            yield
            raise LostError

    with pytest.raises(LostError):
        run("anthropic", anthropic(day(4, result("5"))), inside=lost)
    assert Import.objects.count() == 0


def test_pull_requests_come_with_the_keys_in_their_commits(run):
    class Real(Forge):
        def __call__(self, asked):
            said = super().__call__(asked)
            if asked.path.endswith("/commits"):
                message = "m\n\nClaude-Session: https://claude.ai/code/session_01AbCdEf"
                date_ = {"date": "2026-08-01T00:00:00Z"}
                said.body = json.dumps([{"commit": {"message": message, "author": date_}}]).encode()
            elif asked.path.endswith("/9"):
                said.body = json.dumps(pull_request(additions=7, deletions=2)).encode()
            return said

    (imp,) = run("github", Real([{"number": 9, "updated_at": "2026-08-04T00:00:00Z"}]))
    assert (imp.state, imp.rows) == (Import.State.LOADED, 1)
    item = WorkItem.objects.get()
    assert (item.key, item.size_added) == ("github.com/acme/web#9", 7)
    assert item.started_at.date() == date(2026, 5, 2)  # never after it was opened
    assert WorkItemKey.objects.filter(key_type="session", value="session_01AbCdEf").exists()


def test_a_source_without_a_credential_says_so():
    source = Source.objects.create(key="a", name="Our account", connector="anthropic")
    with pytest.raises(HttpError, match="Our account has no credential") as caught:
        pull(source, WINDOW)
    assert (caught.value.permanent, caught.value.code) == (True, "needs_credential")


def test_a_credential_whose_key_is_gone_asks_for_it_again(settings):
    source = Source(key="a", name="Our account", connector="anthropic")
    set_secret(source, "canary")
    settings.FIELD_KEYS = ["x" * 40]
    with pytest.raises(HttpError, match="enter it again"):
        try_out(source, date(2026, 8, 5))


def test_a_try_books_nothing(settings):
    source = Source(key="a", name="A", connector="anthropic")
    set_secret(source, "canary")
    with vendor(anthropic(day(4, result("5")))) as api:
        settings.OUTLAY_PRIVATE_HOSTS = [api.host]
        source.config = {"api_url": api.url}
        try_out(source, date(2026, 8, 5))
    assert Import.objects.count() == 0
