"""Teams by name: found by slug or name, made when a file names one that is new."""

from collections.abc import Iterable

from django.utils.text import slugify

from finops.people.models import Team

COLORS = 7


def ensure_teams(names: Iterable[str]) -> dict[str, Team]:
    """Return the team of every name, whatever its case; new ones get the next colour."""
    known = {key: team for team in Team.objects.order_by("id") for key in keys_of(team)}
    count = Team.objects.count()
    found: dict[str, Team] = {}
    for name in sorted(set(names)):
        team = known.get(name.lower())
        if team is None:
            team = Team.objects.create(
                slug=free_slug(name, known), name=name, color=count % COLORS + 1
            )
            count += 1
            known |= dict.fromkeys(keys_of(team), team)
        found[name] = team
    return found


def keys_of(team: Team) -> list[str]:
    return [team.name.lower(), team.slug.lower()]


def free_slug(name: str, known: dict[str, Team]) -> str:
    """Return a slug that no team has yet; a name without any letter we know gets a plain one."""
    base = slugify(name)[:70] or "team"
    slug, number = base, 2
    while slug in known:
        slug, number = f"{base}-{number}", number + 1
    return slug
