"""Which money is disputed, and what was answered."""

from finops.attribution.models import Dispute

SHOWN_MAX = 200


def disputes(teams: tuple[int, ...] | None) -> list[Dispute]:
    """Return the disputes of some teams (None: of all), open ones first, then the newest."""
    found = Dispute.objects.select_related("team", "to_team", "raised_by", "answered_by", "rule")
    if teams is not None:
        found = found.filter(team__in=teams)
    newest = list(found[:SHOWN_MAX])
    return sorted(newest, key=lambda d: d.state != Dispute.State.OPEN)


def dispute(number: int, teams: tuple[int, ...] | None) -> Dispute | None:
    """Return one dispute, if it is of one of these teams."""
    found = Dispute.objects.select_related("team", "to_team", "raised_by", "answered_by", "rule")
    one = found.filter(pk=number).first()
    return one if one and (teams is None or one.team_id in teams) else None
