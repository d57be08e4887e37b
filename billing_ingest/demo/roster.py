"""The hundred and twenty people: who they are, which team they are in, and since when."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from billing_ingest.demo.calendar import Calendar
from billing_ingest.demo.company import (
    DOMAIN,
    FULFILMENT,
    PAYMENTS,
    PLATFORM,
    STOREFRONT,
    TEAMS,
    TeamProfile,
)
from billing_ingest.demo.dice import dice

FIRST_NAMES = (
    "Ada Amara Anders Anika Aroha Beatriz Bilal Carmen Chidi Clara Dario Deepa Diego Elif Emeka "
    "Esther Farah Felix Freya Gita Hana Haruki Ines Ivan Jamal Jonas Kaia Kofi Lars Leila Lucia "
    "Mateo Mei Mira Nadia Nils Noor Omar Paloma Priya Quentin Rafael Rosa Samir Selma Soren Tala "
    "Tomas Uma Viktor Wanda Xenia Yara Yusuf Zofia"
)
LAST_NAMES = (
    "Abbot Adeyemi Alvarez Bakker Banerjee Barlow Bergstrom Castillo Chandra Conti Dahl Delacroix "
    "Dvorak Ekwueme Eriksen Falk Ferreira Fontaine Garrido Greenway Haddad Halvorsen Hartley Ito "
    "Ivanov Jensen Kapoor Keller Kimura Kowalski Lindqvist Lopes Marchetti Mbeki Moreau Nakamura "
    "Novak Okafor Olsen Pereira Petrov Quispe Rahman Rossi Sandoval Schuster Silva Tanaka Thorne "
    "Ueda Valdez Vega Weber Whitlock Xu Yilmaz Zamora Zielinski"
)


@dataclass(frozen=True)
class Stay:
    """Membership of a team, half-open."""

    team: str
    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Person:
    """Somebody at the company, with their names at the vendors."""

    email: str
    name: str
    login: str = ""  # at GitHub
    api_key: str = ""  # a key of their own at OpenAI
    stays: tuple[Stay, ...] = ()

    def team_on(self, day: date) -> str | None:
        return next((stay.team for stay in self.stays if stay.covers(day)), None)


@dataclass(frozen=True)
class Roster:
    """Everybody, in a fixed order."""

    people: tuple[Person, ...]
    _members: dict[tuple[str, date], list[Person]] = field(default_factory=dict, repr=False)

    def members(self, team: str, day: date) -> list[Person]:
        """Return the people of a team on a day."""
        known = self._members.get((team, day))
        if known is None:
            known = [person for person in self.people if person.team_on(day) == team]
            self._members[team, day] = known
        return known


def make_roster(calendar: Calendar, seed: int) -> Roster:
    """Return the company's people: two groups that move, two that join, one that leaves."""
    rng = dice(seed, "people")
    names = [f"{first} {last}" for first in FIRST_NAMES.split() for last in LAST_NAMES.split()]
    chosen = iter(rng.sample(names, sum(team.headcount for team in TEAMS)))
    people = [
        _person(next(chosen), team, calendar.start - timedelta(days=rng.randrange(60, 1500)))
        for team in TEAMS
        for _ in range(team.headcount)
    ]
    by_team = {team.slug: [p for p in people if p.stays[0].team == team.slug] for team in TEAMS}
    changed = _changes(by_team, calendar)
    return Roster(tuple(changed.get(person.email, person) for person in people))


def _person(name: str, team: TeamProfile, hired: date) -> Person:
    first, last = name.lower().split()
    is_engineer = bool(team.repos)
    return Person(
        email=f"{first}.{last}@{DOMAIN}",
        name=name,
        login=f"{first}-{last}-qh" if is_engineer else "",
        api_key=f"key_{first}_{last}" if team is PAYMENTS else "",
        stays=(Stay(team.slug, hired),),
    )


def _changes(by_team: dict[str, list[Person]], calendar: Calendar) -> dict[str, Person]:
    """Return the people whose year is not just one stay, by e-mail."""

    def start_of(position: float) -> date:
        return calendar.months[round(position * (calendar.months_count - 1))].start

    def moved(person: Person, team: TeamProfile, day: date) -> Person:
        first = replace(person.stays[0], end=day)
        return replace(person, stays=(first, Stay(team.slug, day)))

    storefront, platform = by_team[STOREFRONT.slug], by_team[PLATFORM.slug]
    movers = [moved(person, FULFILMENT, start_of(0.55)) for person in storefront[-3:]]
    movers += [moved(person, PAYMENTS, start_of(0.35)) for person in platform[-2:]]
    joiners = [
        replace(person, stays=(Stay(FULFILMENT.slug, start_of(0.3)),))
        for person in by_team[FULFILMENT.slug][-2:]
    ]
    leaver = by_team[PAYMENTS.slug][-1]
    leaver = replace(leaver, stays=(replace(leaver.stays[0], end=start_of(0.75)),))
    return {person.email: person for person in (*movers, *joiners, leaver)}
