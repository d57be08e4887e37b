"""Rules kept in a file: written, read back, previewed in dollars, followed."""

import re
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from finops.attribution.models import AllocationRule
from finops.attribution.rules import FIELDS, current_rules
from tests import facts
from tests.commands import Company, bill_row, command
from tests.ruled import passed_on, rule, to, when

pytestmark = pytest.mark.django_db
MANUAL = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
OCTOBER = ("2025-10-01", "2025-11-01")
GATEWAY = """
[[rule]]
name = "Gateway"
method = "fixed"
when = [{ field = "team", op = "is", values = ["core"] }]
shares = { core = 62.5, data = 37.5 }
percent = true
"""
REST = """
[[rule]]
name = "Rest"
method = "team"
everything = true
teams = ["data"]
"""


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.people(ann="core", zoe="data", sue="support")
    return company


def apply(folder: Path, text: str, *options: str) -> dict[str, Any]:
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    return command("allocation_rules", "apply", path, *options)


def said(*args: object) -> str:
    out = StringIO()
    call_command("allocation_rules", *map(str, args), stdout=out)
    return out.getvalue()


def refused(capsys: pytest.CaptureFixture[str], folder: Path, text: str, *options: str) -> str:
    """The words with which a file is refused; nothing of it may have been kept."""
    before = [(r.number, r.version) for r in current_rules()]
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    err = StringIO()
    with pytest.raises(SystemExit):
        call_command("allocation_rules", "apply", str(path), *options, stderr=err)
    assert [(r.number, r.version) for r in current_rules()] == before
    return err.getvalue()


def paid(company: Company) -> Mapping[str, str]:
    return {slug: row["billed"] for slug, row in company.rows(*OCTOBER, "team").items()}


def test_rules_of_a_file_say_who_pays(acme: Company, tmp_path: Path) -> None:
    acme.bill(bill_row("2025-10-06", "80.00", {"team": "core"}), bill_row("2025-10-07", "20.00"))
    done = apply(tmp_path, GATEWAY + REST)
    assert done == {
        "rules": 2, "added": ["Gateway", "Rest"], "changed": [], "moved": [], "withdrawn": [],
        "applied": True,
    }  # fmt: skip
    assert paid(acme) == {"core": "50.00", "data": "50.00"}


def test_a_file_is_previewed_in_dollars_and_nothing_is_kept(acme: Company, tmp_path: Path) -> None:
    acme.bill(bill_row("2025-10-06", "80.00", {"team": "core"}))
    assert paid(acme) == {"core": "80.00"}
    preview = apply(tmp_path, GATEWAY, "--dry-run")["preview"]
    assert (preview["moved"], preview["cells"]) == ("30.00", 1)
    assert preview["teams"] == [
        {"team": "core", "now": "80.00", "then": "50.00", "difference": "-30.00"},
        {"team": "data", "now": "0.00", "then": "30.00", "difference": "30.00"},
    ]
    words = said("apply", tmp_path / "rules.toml", "--dry-run")
    assert "this would move 30.00 USD in 1 pieces" in words
    assert "data  now 0.00, then 30.00 (30.00)" in words
    assert not AllocationRule.objects.exists()
    apply(tmp_path, GATEWAY)
    assert paid(acme) == {"core": "50.00", "data": "30.00"}


def every_method() -> None:
    """A rule of each method, with all that a rule can say."""
    key = when("api_key", 'k"1\\', "schlüssel\x7f", op="starts_with")
    rule("team", key, when("tag:cost center", op="is_set"), shares=to("core"), note="a\nb\t“c”")
    rule("even", when("project", "lab"), shares=to("core", "data"))
    shares = to(core=62.5, data=37.5)
    rule("fixed", when("model", "m"), shares=shares, in_percent=True, valid_from="2025-10-01")
    rule("fixed", when("model", "n"), shares=to(core=2, data=1), valid_to="2025-11-01")
    rule("usage", when("branch", "x"))
    rule("direct", when("repo", "a/x"), shares=to("core", "data"))
    services = passed_on(p={"v": 20, "core": 80}, v={"p": 10, "core": 90})
    rule("reciprocal", shares=services, in_percent=True)
    rule("team", matches_everything=True, shares=to("data"), name="Rest")


def test_what_is_exported_reads_back_as_the_same_rules(tmp_path: Path) -> None:
    every_method()
    before = said("export")
    nothing = apply(tmp_path, before)
    assert nothing == {
        "rules": 8, "added": [], "changed": [], "moved": [], "withdrawn": [], "applied": True,
    }  # fmt: skip
    apply(tmp_path, "", "--withdraw")
    assert current_rules() == []
    assert len(apply(tmp_path, before)["added"]) == 8
    assert said("export") == before
    assert "They are the rules that are followed already" in said("apply", tmp_path / "rules.toml")


def test_a_changed_rule_keeps_its_number_and_gets_the_next_version(tmp_path: Path) -> None:
    for slug in ("core", "data"):
        facts.team(slug)
    apply(tmp_path, GATEWAY + REST)
    changed = GATEWAY.replace("62.5", "60").replace("37.5", "40")
    assert apply(tmp_path, changed + REST)["changed"] == ["Gateway"]
    first, rest = current_rules()
    assert (first.number, first.version, rest.number, rest.version) == (1, 2, 2, 1)
    assert [s.weight for s in first.shares.order_by("team__slug")] == [Decimal(60), Decimal(40)]
    old = AllocationRule.objects.get(number=1, version=1)
    assert old.superseded_at


def test_the_order_of_the_file_is_the_order_of_the_rules(tmp_path: Path) -> None:
    facts.team("core")
    one, two, three = (
        f'[[rule]]\nname = "{name}"\nmethod = "team"\nteams = ["core"]\n'
        f'when = [{{ field = "project", op = "is", values = ["{name}"] }}]\n'
        for name in ("one", "two", "three")
    )
    apply(tmp_path, one + two)
    assert apply(tmp_path, three + two + one) == {
        "rules": 3, "added": ["three"], "changed": [], "moved": ["one", "two"], "withdrawn": [],
        "applied": True,
    }  # fmt: skip
    found = [(r.name, r.version, r.position) for r in current_rules()]
    assert found == [("three", 1, 1), ("two", 1, 2), ("one", 1, 3)]


def test_a_rule_left_out_is_withdrawn_only_when_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for slug in ("core", "data"):
        facts.team(slug)
    apply(tmp_path, GATEWAY + REST)
    assert "left out: “Gateway”" in refused(capsys, tmp_path, REST)
    assert apply(tmp_path, REST, "--dry-run")["withdrawn"] == ["Gateway"]
    assert apply(tmp_path, REST, "--withdraw")["withdrawn"] == ["Gateway"]
    assert [r.name for r in current_rules()] == ["Rest"]


def test_two_rules_of_one_name_stay_two(tmp_path: Path) -> None:
    rule("team", when("project", "a"), shares=to("core"), name="Same")
    rule("team", when("project", "b"), shares=to("core"), name="Same")
    before = said("export")
    assert apply(tmp_path, before)["changed"] == []
    assert apply(tmp_path, before.replace('"b"', '"c"'))["changed"] == ["Same"]
    assert [(r.number, r.version) for r in current_rules()] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rule]]\nname = ", "This is not TOML"),
        ("rules = 1", "there is no 'rules' here, only rule"),
        ("[rule]\nname = 'x'", "in double brackets"),
        (GATEWAY.replace("percent", "per_cent"), "there is no 'per_cent' here"),
        (GATEWAY.replace("data =", "dta ="), "there is no team 'dta'; there are: core, data"),
        (GATEWAY.replace("62.5", "nan"), "is not a share"),
        (GATEWAY.replace("62.5", "true"), "is not a share"),
        (GATEWAY.replace("62.5", "0.00001"), "eight digits and four decimals"),
        (GATEWAY.replace("62.5", "60"), "Rule 1, “Gateway”: The shares sum to 97.5 %, not 100 %"),
        (GATEWAY.replace('"fixed"', '"fair"'), "method is 'fair', not one of: team, even"),
        (GATEWAY.replace("shares", "teams"), "fixed takes shares, not teams"),
        (GATEWAY.replace('"team", op', '"mood", op'), "nothing called 'mood'"),
        (GATEWAY.replace('["core"]', '["c\\u0000"]'), "zero byte"),
        (GATEWAY + "start = 2026-10-01T00:00:00Z", "is not a day such as 2026-10-31"),
        (GATEWAY + "start = 2026-10-02\nend = 2026-10-01", "The last day stands before the first"),
        (REST + GATEWAY, "“Rest” stands before “Gateway” and matches everything"),
        (REST.replace("everything = true", ""), "Without a condition"),
    ],
)
def test_a_file_with_a_fault_is_refused_whole(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for slug in ("core", "data"):
        facts.team(slug)
    assert words in refused(capsys, tmp_path, text)


def test_a_refusal_names_the_line(tmp_path: Path) -> None:
    path, out = tmp_path / "rules.toml", StringIO()
    path.write_text('[[rule]]\nname = "x"\nmethod = team\n')
    with pytest.raises(SystemExit):
        call_command("allocation_rules", "apply", str(path), "--json", stdout=out)
    assert '"code": "bad_file"' in out.getvalue()
    assert '"line": "3"' in out.getvalue()


def test_the_list_reads_like_the_file() -> None:
    assert said("list") == "No rule is followed.\n"
    rule("team", when("api_key", "k1"), shares=to("core"), name="Gateway")
    words = said("list")
    assert words.startswith("1. Gateway (rule 1, version 1)\n")
    assert 'teams ["core"]' in words
    (only,) = command("allocation_rules", "list")["rules"]
    assert only == {
        "number": 1, "version": 1, "name": "Gateway", "method": "team", "teams": ["core"],
        "when": [{"field": "api_key", "op": "is", "values": ["k1"]}],
    }  # fmt: skip


def test_the_file_in_the_manual_is_followed_and_every_field_is_named_there(tmp_path: Path) -> None:
    text = MANUAL.read_text()
    for slug in ("core", "data", "support", "platform", "search"):
        facts.team(slug)
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(apply(tmp_path, example)["added"]) == 3
    fields = text.partition("`field` is")[2].partition("or `tag:`")[0]
    assert re.findall(r"`(\w+)`", fields) == list(FIELDS)
