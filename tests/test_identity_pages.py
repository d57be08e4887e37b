"""Setup > People: the queue, one click, many at once, one name, and people who are one."""

import re
from datetime import date
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboards.asking import asked_by
from dashboards.panels import untied
from finops.attribution.models import Cell, Dirty, NameDay
from finops.attribution.queries.shapes import UntiedRow
from finops.attribution.settle import settle
from finops.people.models import Identity, Membership, Organisation, Person, User
from tests import facts
from tests.uploading import text

pytestmark = pytest.mark.django_db
OCTOBER = "period=2026-10"
QUEUE = f"/setup/people/?{OCTOBER}"
USD = 10**9


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_user("ada", role=User.Role.ADMIN))
    return client


@pytest.fixture
def company() -> None:
    """Ann of core is known by e-mail only; a key of core and a stranger spend as well."""
    Organisation.objects.get_or_create(pk=1)
    ann = facts.person("ann.lee", "core")
    Person.objects.filter(pk=ann.pk).update(name="Ann Lee")
    bill("2026-10-02", 1234, actor="github:annlee")
    bill("2026-10-03", 40, api_key="core-ci-2")
    bill("2026-10-04", 7, actor="zzyzx", provider_name="Cursor")
    settle(now=timezone.now())


def bill(day: str, dollars: int, **more: str) -> None:
    part = facts.deliver(facts.source("bill"), "charge", f"bill:{day}", day, day)
    facts.charge(part, day, dollars * USD, **more)


def fields(client: Client, address: str = QUEUE) -> dict[str, str]:
    """What the form of the queue sends as it stands."""
    page = client.get(address).content.decode()
    names = re.findall(r'type="hidden" name="(name-\d+)" value="([^"]+)"', page)
    chosen = re.findall(r'name="(owner-\d+)" value="([^"]+)" checked', page)
    return dict([*names, *chosen])


def ticked(client: Client) -> list[str]:
    page = client.get(QUEUE).content.decode()
    return re.findall(r'name="take" value="(\d+)" id="[^"]+" aria-label="[^"]+" checked', page)


def test_only_administrators_open_the_pages(client: Client, company: None) -> None:
    person = Person.objects.get()
    one = f"/setup/people/{person.pk}/"
    pages = (QUEUE, "/setup/people/name/?ref=github:annlee", "/setup/people/known/", one)
    for address in pages:
        assert client.get(address).status_code == 302
    for role in (User.Role.CFO, User.Role.MANAGER):
        client.force_login(User.objects.create_user(role, role=role))
        for address in pages:
            assert client.get(address).status_code == 403
            assert client.post(address).status_code == 403
    assert not Identity.objects.filter(namespace="github").exists()


def test_the_queue_says_what_is_at_stake_and_who_it_may_be(admin: Client, company: None) -> None:
    said = text(admin.get(QUEUE))
    assert "3 names wait for an owner; $1,281 reaches no team." in said
    assert said.index("github:annlee") < said.index("core-ci-2") < said.index("zzyzx")
    assert "Ann Lee (ann.lee@acme.test)" in said
    assert "“annlee” is the name before the @ of ann.lee@acme.test" in said
    assert "“core” in it is the team" in said
    assert "Nobody known resembles it." in said
    assert 'aria-label="96\u00a0% of the money without a team"' in admin.get(QUEUE).content.decode()


def test_one_click_accepts_the_best_candidate_of_one_name(admin: Client, company: None) -> None:
    response = admin.post(QUEUE, {**fields(admin), "one": "0"}, follow=True)

    said = "1 name has an owner now. $1,234 of October 2026 finds its team; the books are being"
    assert said in text(response)
    row = Identity.objects.get(namespace="github", external_id="annlee")
    assert (row.person.name, row.confirmed_by.username) == ("Ann Lee", "ada")
    assert "the name before the @" in row.reason
    assert list(Dirty.objects.values_list("what", "ref")) == [("actor", "github:annlee")]
    assert "github:annlee" not in text(admin.get(QUEUE)), "it no longer waits for an owner"
    settle(now=timezone.now())
    assert "2 names wait" in text(admin.get(QUEUE))
    assert Cell.objects.get(actor="github:annlee").team_id == facts.team("core").pk
    assert not NameDay.objects.filter(name="github:annlee").exists()


def test_all_strong_suggestions_are_ticked_and_accepted_at_once(
    admin: Client, company: None
) -> None:
    assert ticked(admin) == ["0", "1"]
    data = {**fields(admin), "take": ticked(admin), "from_day": "2026-10-03"}
    response = admin.post(QUEUE, data, follow=True)
    assert "2 names have owners now. Up to $1,274 of October 2026" in text(response)
    rows = Identity.objects.filter(valid_from=date(2026, 10, 3))
    assert {row.namespace for row in rows} == {"github", "api_key"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Tick at least one name"),
        ({"one": "2"}, "Choose whose zzyzx is."),
        ({"one": "2", "owner-2": "person:999999"}, "That person is not known here."),
        ({"one": "2", "owner-2": "dog:1"}, "Choose whose it is."),
        ({"one": "0", "name-0": "api_key gone"}, "gone has an owner by now"),
        ({"one": "0", "from_day": "soon"}, "is not a day"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    admin: Client, company: None, data: dict[str, str], words: str
) -> None:
    before = Identity.objects.count()
    response = admin.post(QUEUE, fields(admin) | data, follow=True)
    assert words in text(response)
    assert Identity.objects.count() == before


def test_names_with_nothing_at_stake_are_listed_apart(admin: Client, company: None) -> None:
    facts.team("ops")
    part = facts.deliver(facts.source("tagged"), "charge", "t", "2026-10-01", "2026-10-31")
    facts.charge(part, "2026-10-03", 70_000_000_000, api_key="tagged-key", team="ops")
    settle(now=timezone.now())
    said = text(admin.get(QUEUE))
    assert "3 names wait" in said
    assert "tagged-key" not in said
    assert "1 more name has no owner, but nothing is at stake" in said
    assert "tagged-key" in text(admin.get(f"{QUEUE}&idle=1"))
    assert "zzyzx" not in text(admin.get(f"{QUEUE}&idle=1"))
    assert "tagged-key" in text(admin.get(f"{QUEUE}&search=tagged"))


def test_books_without_strangers_teach_what_to_do(admin: Client) -> None:
    said = text(admin.get("/setup/people/"))
    assert "Every name has an owner." in said
    assert "Write a CSV with a line per person" in said
    assert "Upload a file of people" in said


def test_the_queue_is_searched_narrowed_and_paged(admin: Client, company: None) -> None:
    said = text(admin.get(f"{QUEUE}&field=api_key"))
    assert "core-ci-2" in said
    assert "zzyzx" not in said
    assert "No name matches" in text(admin.get(f"{QUEUE}&search=nothing"))
    for number in range(30):
        NameDay.objects.create(
            day="2026-10-05", field="project", name=f"p{number:02}", vendor="V", cells=1,
            reporting_nanos=USD, teamless_nanos=USD,
        )  # fmt: skip
    page = admin.get(QUEUE).content.decode()
    following = re.search(r'href="([^"]+after=[^"]+)" rel="next"', page).group(1)
    rest = text(admin.get(following.replace("&amp;", "&")))
    assert "p29" in rest
    assert "github:annlee" not in rest


def test_few_statements_however_many_names_wait(admin: Client, company: None) -> None:
    with CaptureQueriesContext(connection) as few:
        admin.get(QUEUE)
    for number in range(40):
        facts.person(f"more{number}", "core")
        NameDay.objects.create(
            day="2026-10-05", field="actor", name=f"login{number}", vendor="V", cells=1,
            reporting_nanos=USD, teamless_nanos=USD,
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        admin.get(QUEUE)
    assert len(many) == len(few) <= 12
    person = Person.objects.first()
    name = "/setup/people/name/?ref=email:more1@acme.test"
    for address in ("/setup/people/known/", f"/setup/people/{person.pk}/", name):
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(address).status_code == 200
        assert len(queries) <= 12, address


NAME = f"/setup/people/name/?{OCTOBER}&ref="


def test_any_owner_can_be_found_for_a_name(admin: Client, company: None) -> None:
    said = text(admin.get(f"{NAME}vendor:zzyzx"))
    assert "Whose is vendor:zzyzx?" in said
    found = text(admin.get(f"{NAME}vendor:zzyzx&q=ann", headers={"HX-Request": "true"}))
    assert "Ann Lee" in found
    assert "Find a person" not in found, "htmx gets the found ones alone"
    assert "Core" in text(admin.get(f"{NAME}vendor:zzyzx&q=core"))
    assert "Nobody and no team" in text(admin.get(f"{NAME}vendor:zzyzx&q=nothing"))
    assert admin.get("/setup/people/name/?ref=zzyzx").status_code == 404


def test_a_name_becomes_a_new_service_of_a_team(admin: Client, company: None) -> None:
    core = facts.team("core")
    data = {"owner": "new-service", "service": "nightly build", "service_team": str(core.pk)}
    response = admin.post(f"{NAME}cursor:zzyzx", data, follow=True)
    assert "$7.00 of October 2026 finds its team" in text(response)
    row = Identity.objects.get(namespace="cursor")
    assert (row.service, row.team, row.is_shared) == ("nightly build", core, False)
    assert "nightly build, of Core" in text(response)
    said = text(admin.post(f"{NAME}cursor:other", data | {"service": " "}, follow=True))
    assert "Give the service a name" in said


def test_a_name_is_handed_over_and_ended_with_its_history_in_sight(
    admin: Client, company: None
) -> None:
    core, bob = facts.team("core"), facts.person("bob", "data")
    address = f"{NAME}{quote('api_key:core-ci-2')}"
    admin.post(address, {"owner": f"team:{core.pk}"})
    admin.post(address, {"owner": f"person:{bob.pk}", "from_day": "2026-10-03"})
    said = text(admin.get(address))
    assert "until 2 Oct 2026" in said
    assert "from 3 Oct 2026" in said
    ending = {"act": "end", "end_day": "2026-10-20", "why": "deleted"}
    response = admin.post(address, ending, follow=True)
    assert "from 20 Oct 2026 on it is nobody’s" in text(response)
    assert "3 Oct 2026 to 19 Oct 2026" in text(response)
    settle(now=timezone.now())
    assert Cell.objects.get(api_key="core-ci-2").person_id == bob.pk


def test_known_people_are_found_by_any_of_their_names(admin: Client, company: None) -> None:
    bob = facts.person("bob", "data")
    Identity.objects.create(namespace="slack", external_id="U777", person=bob)
    Identity.objects.create(namespace="project", external_id="atlas", team=facts.team("core"))
    said = text(admin.get("/setup/people/known/"))
    assert "2 people, each with every name they go by." in said
    assert "project:atlas" in said
    said = text(admin.get("/setup/people/known/?q=u777"))
    assert "bob@acme.test" in said
    assert "Ann Lee" not in said


def test_known_people_come_in_pages(admin: Client, company: None) -> None:
    for number in range(60):
        facts.person(f"p{number:02}")
    page = admin.get("/setup/people/known/").content.decode()
    following = re.search(r'href="([^"]+after=[^"]+)" rel="next"', page).group(1)
    rest = text(admin.get(following.replace("&amp;", "&")))
    assert "p59@acme.test" in rest
    assert "ann.lee@acme.test" not in rest


def test_a_person_is_merged_with_what_gives_way_in_sight(admin: Client, company: None) -> None:
    ann, twin = Person.objects.get(name="Ann Lee"), facts.person("annlee", "data")
    address = f"/setup/people/{ann.pk}/"
    said = text(admin.get(address))
    assert "annlee@acme.test" in said, "a lookalike is offered"

    said = text(admin.post(address, {"act": "merge", "email": "annlee@acme.test"}, follow=True))

    assert "annlee@acme.test is Ann Lee now, with 1 name." in said
    assert "was in Data always, when Ann Lee was in Core: Core stays." in said
    assert "Merged so far: annlee@acme.test" in said
    assert "is Ann Lee now." in text(admin.get(f"/setup/people/{twin.pk}/"))
    assert Membership.objects.get().team.slug == "core"
    said = text(admin.post(address, {"act": "merge", "email": "x@y.test"}, follow=True))
    assert "Nobody is known as" in said


def test_names_are_split_off_to_somebody_new(admin: Client, company: None) -> None:
    ann = Person.objects.get(name="Ann Lee")
    row = Identity.objects.create(namespace="slack", external_id="U1", person=ann)
    address = f"/setup/people/{ann.pk}/"
    data = {"act": "split", "name": [str(row.pk)], "email": "ann@other.test", "same_teams": "1"}
    said = text(admin.post(address, data, follow=True))
    assert "1 name went to ann@other.test, a person of their own now." in said
    other = Person.objects.get(email="ann@other.test")
    assert [m.team.slug for m in other.memberships.all()] == ["core"]
    said = text(admin.post(address, {"act": "split", "email": "a@b.test"}, follow=True))
    assert "Choose at least one" in said
    assert admin.get("/setup/people/999999/").status_code == 404


def test_panels_that_name_unknown_identities_lead_administrators_to_the_queue(
    admin: Client, company: None
) -> None:
    trust = f"/panels/overview/trust/?{OCTOBER}"
    assert f"/setup/people/?{OCTOBER}" in admin.get(trust).content.decode()
    asked = asked_by(admin.get(f"/teams/core/?{OCTOBER}").wsgi_request, "team", of="core")
    rows = [UntiedRow("no_identity", "key", USD, 1), UntiedRow("excluded", "marked", USD, 1)]
    hrefs = [row["remedy_href"] for row in untied.show(rows, asked)["rows"]]
    assert hrefs == [f"/setup/people/?{OCTOBER}", ""]
    finance = Client()
    finance.force_login(User.objects.create_user("chris", role=User.Role.CFO))
    assert "/setup/people/" not in finance.get(trust).content.decode()
