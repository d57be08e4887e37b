"""Who an unknown name may be: every kind of reason, and no choice where two are equal."""

import pytest

from finops.attribution.directory import Directory, KnownPerson, KnownTeam, Strength
from finops.attribution.owners import BadOwnerError, Owner, read_owner
from finops.attribution.suggestions import Claim, Unknown, Witness, chosen, suggest
from finops.people.names import BadNameError, Name, name_of, read_name

ANN = KnownPerson(
    1, "ann.lee@acme.test", "Ann Lee",
    (Name("email", "ann.lee@acme.test"), Name("email", "ann@oldname.test"), Name("github", "annlee")),
)  # fmt: skip
BOB = KnownPerson(2, "bob.stone@acme.test", "Bob Stone", (Name("github", "rocky"),))
CY = KnownPerson(3, "cy@acme.test", "Cyrus Vance")
CORE, INFRA = KnownTeam(7, "core", "Core"), KnownTeam(8, "core-infra", "Core infra")
NIGHTLY = Owner("service", 7, "nightly build")
KNOWN = Directory([ANN, BOB, CY], [CORE, INFRA], [NIGHTLY])


def first(field: str, text: str, vendor: str = "", known: Directory = KNOWN, **more):
    found = suggest(Unknown(field, text, vendor), known, **more)
    return found[0] if found else None


def who(field: str, text: str, vendor: str = "", known: Directory = KNOWN, **more):
    """The owner that would be ticked beforehand."""
    one = chosen(suggest(Unknown(field, text, vendor), known, **more))
    return one and one.owner


def person(known: KnownPerson) -> Owner:
    return Owner("person", known.id)


def team(known: KnownTeam) -> Owner:
    return Owner("team", known.id)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ann.lee@acme.test", "has this e-mail address"),
        ("ANN@oldname.test", "has this e-mail as an alias"),
        ("anthropic:ann.lee@acme.test", "has this e-mail address"),
    ],
)
def test_the_same_e_mail_is_the_same_person(text, reason):
    found = first("actor", text)
    assert (found.owner, found.reason, found.strength) == (person(ANN), reason, Strength.SAME)


def test_a_tag_in_an_address_hides_nobody():
    assert who("actor", "ann.lee+claude@acme.test") == person(ANN)


def test_the_domain_of_most_known_people_is_the_organisations():
    crowd = [KnownPerson(i, f"p{i}@acme.test", "") for i in range(10, 16)]
    crowd.append(KnownPerson(30, "guest@elsewhere.test", ""))
    known = Directory([*crowd, KnownPerson(31, "dora@gmail.com", "Dora Quint")])
    assert known.domains == {"acme.test"}
    found = first("actor", "dora.quint@acme.test", known=known)
    assert found.owner == Owner("person", 31)
    assert found.strength == Strength.STRONG
    assert "acme.test is your domain" in found.reason


def test_the_same_name_at_a_foreign_domain_is_only_possible():
    found = first("actor", "bob.stone@gmail.com")
    assert (found.owner, found.strength) == (person(BOB), Strength.POSSIBLE)
    assert who("actor", "bob.stone@gmail.com") is None


def test_nobodys_mail_host_is_the_organisations_domain():
    known = Directory([KnownPerson(i, f"p{i}@gmail.com", "") for i in range(4)])
    assert known.domains == frozenset()


@pytest.mark.parametrize(
    "login", ["ann-lee", "Ann_Lee", "ann.lee", "annlee", "alee", "annl", "leeann", "ann.lee42"]
)
def test_a_login_written_from_the_name_finds_the_person(login):
    assert who("actor", f"gitlab:{login}") == person(ANN)


def test_the_same_login_at_another_vendor_says_where():
    found = first("actor", "rocky", "Cursor")
    assert (found.owner, found.strength) == (person(BOB), Strength.STRONG)
    assert found.reason == "the same login as github:rocky"


def test_a_slip_of_the_pen_is_possible_and_never_ticked():
    found = first("actor", "cursor:bobstoen")
    assert (found.owner, found.strength) == (person(BOB), Strength.POSSIBLE)
    assert who("actor", "cursor:bobstoen") is None


def test_two_who_are_equal_are_both_offered_and_neither_is_ticked():
    twins = Directory(
        [KnownPerson(1, "j.a@x.test", "John Smith"), KnownPerson(2, "j.b@x.test", "Jane Smith")]
    )
    found = suggest(Unknown("actor", "github:jsmith"), twins)
    assert {c.owner for c in found} == {Owner("person", 1), Owner("person", 2)}
    assert chosen(found) is None


def test_a_stranger_is_nobody():
    assert suggest(Unknown("actor", "github:zzyzx"), KNOWN) == []


def test_githubs_own_commit_address_is_the_login():
    found = first("actor", "12345+rocky@users.noreply.github.com")
    assert (found.owner, found.strength) == (person(BOB), Strength.SAME)
    assert "GitHub’s own commit address of github:rocky" in found.reason


def test_an_e_mail_beside_the_login_on_the_same_work_is_evidence():
    beside = [Witness("cy@acme.test", together=12, items=12)]
    found = first("actor", "github:quux", witnesses=beside)
    assert (found.owner, found.strength) == (person(CY), Strength.STRONG)
    assert found.reason == "cy@acme.test stands beside it on 12 of 12 pieces of work"


def test_pairs_on_the_same_work_are_told_from_one_person():
    beside = [Witness("cy@acme.test", 3, 6), Witness("ann.lee@acme.test", 3, 6)]
    assert who("actor", "github:quux", witnesses=beside) is None


def test_a_commit_address_of_nobody_known_is_no_evidence():
    assert first("actor", "github:quux", witnesses=[Witness("x@y.test", 9, 9)]) is None


def test_a_name_that_the_directory_gives_to_two_is_offered_to_both():
    claims = [Claim("cy@acme.test", "people.csv"), Claim("bob.stone@acme.test", "people.csv")]
    found = suggest(Unknown("actor", "jira:5b10"), KNOWN, claims=claims)
    assert {c.owner for c in found} == {person(CY), person(BOB)}
    assert all("people.csv says so" in c.reason for c in found)
    assert chosen(found) is None


def test_a_key_that_is_called_like_a_team_is_the_teams():
    assert who("project", "core") == team(CORE)
    assert who("api_key", "prod-core-key-2") == team(CORE)


def test_the_longer_team_name_wins():
    assert who("project", "core-infra-prod") == team(INFRA)


def test_a_team_inside_a_persons_login_is_only_possible():
    found = first("actor", "slack:core-lead")
    assert (found.owner, found.strength) == (team(CORE), Strength.POSSIBLE)


def test_a_key_called_after_its_user_is_possible():
    assert first("api_key", "ann-lee-laptop").owner == person(ANN)
    assert who("api_key", "ann-lee-laptop") is None


def test_a_service_that_is_known_is_found_again():
    found = first("api_key", "nightly-build-7")
    assert (found.owner, found.label) == (NIGHTLY, "nightly build of Core")


def test_a_machine_is_offered_as_a_shared_service():
    found = first("actor", "github:renovate[bot]")
    assert found.owner == Owner("service", None, "renovate")
    assert found.owner.is_shared
    assert who("actor", "github:renovate[bot]") is None


def test_reasons_of_one_owner_are_said_together():
    found = first("actor", "github:ann.lee", witnesses=[Witness("ann.lee@acme.test", 2, 2)])
    assert found.owner == person(ANN)
    assert "; " in found.reason


@pytest.mark.parametrize(
    ("field", "text", "vendor", "ref"),
    [
        ("actor", "Ann@Acme.test", "Anthropic", "email:ann@acme.test"),
        ("actor", "GitHub:Ann", "", "github:ann"),
        ("actor", "ann", "Cursor", "cursor:ann"),
        ("actor", "ann", "", "login:ann"),
        ("api_key", "sk:1", "Anthropic", "api_key:sk:1"),
        ("project", "Atlas", "OpenAI", "project:Atlas"),
        ("sub_account_id", "wrk_1", "Anthropic", "sub_account:wrk_1"),
    ],
)
def test_every_field_has_its_namespace(field, text, vendor, ref):
    name = name_of(field, text, vendor)
    assert name.ref == ref
    assert read_name(ref) == name


def test_a_name_without_an_id_is_refused():
    for ref in ("github:", "ann", ":ann"):
        with pytest.raises(BadNameError):
            read_name(ref)


def test_owners_read_back_what_a_form_writes():
    for owner in (person(ANN), team(CORE), NIGHTLY, Owner("service", None, "ci: nightly")):
        assert read_owner(owner.token) == owner
    for token in ("", "person:", "team:x", "service:3:", "dog:1"):
        with pytest.raises(BadOwnerError):
            read_owner(token)
