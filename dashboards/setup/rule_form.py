"""The form of a rule: rows that come and go, read from what was sent or from a rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict

from dashboards.setup.rule_words import last_day
from finops.attribution.models import AllocationRule
from finops.attribution.rule_checks import is_weight, plain
from finops.attribution.rule_drafts import RuleDraft, ShareDraft, all_percent
from finops.attribution.rules import TAG, WITHOUT_VALUES, BadRuleError
from finops.people.models import Team

Method = AllocationRule.Method
OF_TAG = "tag"
Cell = tuple[str, str]  # slug of a service, slug of a user


@dataclass(frozen=True)
class ConditionRow:
    """One row of conditions as it stands on the form."""

    field: str = ""
    tag: str = ""
    op: str = "is"
    values: str = ""

    @property
    def told(self) -> dict[str, object]:
        about = f"{TAG}{self.tag.strip()}" if self.field == OF_TAG else self.field
        values = [] if self.op in WITHOUT_VALUES else self.values.splitlines()
        return {"field": about, "op": self.op, "values": values}


@dataclass(frozen=True)
class TeamRow:
    team: str = ""
    weight: str = ""


@dataclass(frozen=True)
class RuleForm:
    """Everything as text, the way it was typed; `draft` makes sense of it."""

    name: str = ""
    method: str = Method.TEAM.value
    note: str = ""
    first_day: str = ""
    last_day: str = ""
    everything: bool = False
    in_percent: bool = True
    conditions: tuple[ConditionRow, ...] = (ConditionRow(),)
    teams: tuple[TeamRow, ...] = (TeamRow(),)
    services: tuple[str, ...] = ("",)
    users: tuple[str, ...] = ("", "")
    uses: Mapping[Cell, str] = field(default_factory=dict)

    def draft(self, teams: Mapping[str, Team]) -> RuleDraft:
        """Return what the form says as a rule. Raises BadRuleError for what makes no sense."""
        last = day_of(self.last_day, "last day")
        return RuleDraft(
            name=self.name,
            method=self.method,
            conditions=tuple(row.told for row in self.conditions if row.field),
            shares=tuple(self.shares(teams)),
            valid_from=day_of(self.first_day, "first day"),
            valid_to=last + timedelta(days=1) if last else None,
            note=self.note,
            matches_everything=self.everything,
            in_percent=self.in_percent and self.method in (Method.FIXED, Method.RECIPROCAL),
        )

    def shares(self, teams: Mapping[str, Team]) -> Iterator[ShareDraft]:
        if self.method == Method.RECIPROCAL:
            for (service, user), weight in self.uses.items():
                if weight.strip():
                    yield ShareDraft(teams[user], weight_of(weight), teams[service])
            return
        rows = [row for row in self.teams if row.team]
        for row in rows[:1] if self.method == Method.TEAM else rows:
            share = weight_of(row.weight) if self.method == Method.FIXED else Decimal(1)
            yield ShareDraft(teams[row.team], share)

    def after(self, pressed: str) -> "RuleForm":
        """Return the form after a button that adds or takes away a row."""
        verb, _, rest = pressed.partition("-")
        what, _, number = rest.partition("-")
        blanks = {"condition": ConditionRow(), "team": TeamRow(), "service": "", "user": ""}
        if what not in blanks:
            return self
        name = f"{what}s"
        rows = list(getattr(self, name))
        if verb == "add":
            rows.append(blanks[what])
        elif verb == "drop" and number.isdecimal() and int(number) < len(rows):
            del rows[int(number)]
        changed: dict[str, Any] = {name: tuple(rows or [blanks[what]])}
        return replace(self, **changed)


def sent(data: QueryDict, known: Mapping[str, Team]) -> RuleForm:
    """Read what was sent; teams that do not exist are left out."""
    conditions = zip(
        data.getlist("field"), data.getlist("tag"), data.getlist("op"), data.getlist("values"),
        strict=False,
    )  # fmt: skip
    weights = data.getlist("weight")
    teams = data.getlist("team")
    weights += [""] * (len(teams) - len(weights))
    services = tuple(slug for slug in data.getlist("service") if slug in known or not slug)
    users = tuple(slug for slug in data.getlist("user") if slug in known or not slug)
    return RuleForm(
        name=data.get("name", ""),
        method=data.get("method", Method.TEAM.value),
        note=data.get("note", ""),
        first_day=data.get("first_day", ""),
        last_day=data.get("last_day", ""),
        everything="everything" in data,
        in_percent=data.get("unit", "percent") == "percent",
        conditions=tuple(ConditionRow(*row) for row in conditions) or (ConditionRow(),),
        teams=tuple(
            TeamRow(team if team in known else "", weight)
            for team, weight in zip(teams, weights, strict=False)
        )
        or (TeamRow(),),
        services=services or ("",),
        users=users or ("", ""),
        uses={
            (service, user): data.get(f"uses-{service}-{user}", "")
            for service in services
            for user in columns(services, users)
            if service and user != service
        },
    )


def columns(services: Sequence[str], users: Sequence[str]) -> list[str]:
    """Who may use a service: the other services first, then the teams that are none."""
    return [slug for slug in dict.fromkeys((*services, *users)) if slug]


def of_rule(rule: AllocationRule) -> RuleForm:
    """The form as a rule would have been typed."""
    shares = list(rule.shares.all())
    last = last_day(rule.valid_to)
    services = tuple(dict.fromkeys(s.service.slug for s in shares if s.service))
    users = dict.fromkeys(s.team.slug for s in shares if s.team.slug not in services)
    return RuleForm(
        name=rule.name,
        method=rule.method,
        note=rule.note,
        first_day=f"{rule.valid_from or ''}",
        last_day=f"{last or ''}",
        everything=not rule.conditions,
        in_percent=all_percent(rule),
        conditions=tuple(row_of(told) for told in rule.conditions) or (ConditionRow(),),
        teams=tuple(TeamRow(s.team.slug, plain(s.weight)) for s in shares) or (TeamRow(),),
        services=services or ("",),
        users=tuple(users) or ("", ""),
        uses={(s.service.slug, s.team.slug): plain(s.weight) for s in shares if s.service},
    )


def row_of(told: Mapping[str, object]) -> ConditionRow:
    about, values = str(told["field"]), told.get("values")
    given = "\n".join(map(str, values)) if isinstance(values, list) else ""
    if about.startswith(TAG):
        return ConditionRow(OF_TAG, about.removeprefix(TAG), str(told["op"]), given)
    return ConditionRow(about, "", str(told["op"]), given)


def day_of(text: str, what: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadRuleError(f"{text!r} is not a {what}: write it as 2026-10-31.") from None


def weight_of(text: str) -> Decimal:
    """A share with four decimals at most."""
    try:
        weight = Decimal(text.strip().replace(",", ".").rstrip("%").strip() or "0")
    except InvalidOperation:
        raise BadRuleError(f"{text!r} is not a share: write a number such as 62.5.") from None
    if not is_weight(weight):
        raise BadRuleError(f"{text!r} is not a share: at most eight digits and four decimals.")
    return weight
