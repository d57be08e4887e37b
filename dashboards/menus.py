"""The filter as menus: every choice is a plain link to the same page in another state."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from dashboards import words
from dashboards.filters import DashboardFilter, a_year_before
from finops.attribution.queries.shapes import TeamRef
from finops.periods import Period, add_months, month_of

MONTHS_SHOWN = 12
QUARTERS_SHOWN = 4


@dataclass(frozen=True)
class Choice:
    """One line of a menu: a link, or for a list with ticks a value."""

    label: str
    href: str = ""
    current: bool = False
    note: str = ""
    mark: str = ""
    heading: str = ""
    value: str = ""
    checked: bool = False


@dataclass(frozen=True)
class Dates:
    """A form with two days beside the links."""

    start: str
    end: str
    carried: list[tuple[str, str]]


@dataclass(frozen=True)
class Menu:
    """A control of the filter bar, as components/filters.html takes it."""

    label: str
    value: str
    choices: list[Choice]
    changed: bool = False
    kind: str = "links"
    name: str = ""
    all_href: str = ""
    carried: list[tuple[str, str]] = field(default_factory=list)
    dates: Dates | None = None


@dataclass(frozen=True)
class Place:
    """The page that the menus lead back to, with the parameters of its own that stay."""

    path: str
    kept: tuple[tuple[str, str], ...] = ()

    def address(self, state: DashboardFilter) -> str:
        return f"{self.path}{state.query(*self.kept)}"

    def carried(self, state: DashboardFilter, without: Sequence[str]) -> list[tuple[str, str]]:
        """What a form has to carry along, since it replaces the whole address."""
        pairs = [*state.pairs(), *self.kept]
        return [pair for pair in pairs if pair[0] not in without and pair[1]]


def menus(
    state: DashboardFilter, place: Place, teams: Sequence[TeamRef], span: Period | None, code: str
) -> list[Menu]:
    """Period, comparison, teams (where there is a choice) and cost column."""
    bar = [period_menu(state, place, span), against_menu(state, place)]
    if len(teams) > 1:
        bar.append(team_menu(state, place, teams))
    bar.append(cost_menu(state, place, code))
    return bar


def period_menu(state: DashboardFilter, place: Place, span: Period | None) -> Menu:
    last = month_of(span.last_day).start if span else state.period.start
    first = month_of(span.start).start if span else last
    months = [add_months(last, -i) for i in range(MONTHS_SHOWN)]
    choices = [period_choice(state, place, month_of(month)) for month in months if month >= first]
    for i, quarter in enumerate(quarters(first, last)):
        choices.append(period_choice(state, place, quarter, heading="" if i else "Quarters"))
    for i, year in enumerate(range(last.year, first.year - 1, -1)):
        whole = Period(date(year, 1, 1), date(year + 1, 1, 1))
        choices.append(period_choice(state, place, whole, heading="" if i else "Years"))
    carried = place.carried(state, ("period", "from", "to"))
    return Menu(
        label="Period",
        value=words.short_period_name(state.period),
        choices=choices,
        changed=state.period != state.default_period,
        dates=Dates(f"{state.period.start}", f"{state.period.last_day}", carried),
    )


def quarters(first: date, last: date) -> list[Period]:
    start = date(last.year, (last.month - 1) // 3 * 3 + 1, 1)
    found = [add_months(start, -3 * i) for i in range(QUARTERS_SHOWN)]
    return [Period(q, add_months(q, 3)) for q in found if add_months(q, 3) > first]


def period_choice(
    state: DashboardFilter, place: Place, period: Period, heading: str = ""
) -> Choice:
    return Choice(
        label=words.short_period_name(period),
        href=place.address(state.with_period(period)),
        current=period == state.period,
        heading=heading,
    )


def against_menu(state: DashboardFilter, place: Place) -> Menu:
    before, year = state.period.previous(), a_year_before(state.period)
    options: list[tuple[str, Period | None]] = [("The period before", before)]
    if year != before:
        options.append(("A year before", year))
    options.append(("Nothing", None))
    choices = [
        Choice(
            label=label,
            href=place.address(replace(state, against=period)),
            current=period == state.against,
            note=words.short_period_name(period) if period else "",
        )
        for label, period in options
    ]
    return Menu(
        label="against",
        value=words.short_period_name(state.against) if state.against else "nothing",
        choices=choices,
        changed=state.against != before,
    )


def team_menu(state: DashboardFilter, place: Place, teams: Sequence[TeamRef]) -> Menu:
    chosen = {team.slug for team in state.teams}
    value = f"All {len(teams)}"
    if len(chosen) == 1:
        value = state.teams[0].name
    elif chosen:
        value = f"{len(chosen)} of {len(teams)}"
    return Menu(
        label="Teams",
        value=value,
        choices=[
            Choice(label=t.name, value=t.slug, checked=t.slug in chosen, mark=mark(t))
            for t in teams
        ],
        changed=bool(chosen),
        kind="checks",
        name="team",
        all_href=place.address(replace(state, teams=())),
        carried=place.carried(state, ("team",)),
    )


def cost_menu(state: DashboardFilter, place: Place, code: str) -> Menu:
    choices = [
        Choice(
            "Billed",
            place.address(replace(state, cost="billed")),
            state.cost == "billed",
            "what the invoice says",
        ),
        Choice(
            "Effective",
            place.address(replace(state, cost="effective")),
            state.cost == "effective",
            "commitments spread over their use",
        ),
    ]
    return Menu("Cost", f"{state.cost.capitalize()}, {code}", choices, state.cost != "billed")


def mark(team: TeamRef) -> str:
    """The colour mark of a team: "1" to "7", or "none"."""
    return str(team.color) if team.id is not None and team.color else "none"


def scope_words(state: DashboardFilter, code: str, team: TeamRef | None = None) -> str:
    """What the page shows, for its printed head."""
    against = f" against {words.period_name(state.against)}" if state.against else ""
    names = [team.name] if team else [chosen.name for chosen in state.teams]
    who = words.listed(names) if names else "all teams"
    known = f" · as known on {state.known_text}" if state.known_on else ""
    return f"{words.period_name(state.period)}{against} · {who} · {state.cost}, {code}{known}"
