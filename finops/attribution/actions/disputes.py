"""A team says that money is not its own; finance moves it by a dated rule, or says why not.

Callers check who asks: a manager for an own team, finance and administrators for the answer.
"""

from datetime import date, datetime

from django.db import transaction

from finops.attribution.actions.rules import Meant, add_first_rule, change_rule
from finops.attribution.disputed import Piece, piece_of
from finops.attribution.models import AllocationRule, Dispute
from finops.attribution.rule_drafts import RuleDraft, ShareDraft
from finops.attribution.rules import BadRuleError
from finops.people.models import Team, User

REASON_MAX = 2000


class DisputeError(ValueError):
    """Why a dispute cannot be raised or answered, in words."""


def raise_dispute(
    charged_on: date, charge_id: int, *, team: Team, reason: str, by: User | None, now: datetime
) -> Dispute:
    """Keep that a team does not agree to pay its part of a bill line. Raises DisputeError."""
    piece = piece_of(charged_on, charge_id, team.pk)
    if piece is None:
        raise DisputeError(f"{team.name} pays nothing of this line.")
    with transaction.atomic():
        Team.objects.select_for_update().get(pk=team.pk)  # the same line is disputed once
        if _open(charged_on, charge_id, team):
            raise DisputeError(f"{team.name} disputes this line already.")
        return Dispute.objects.create(
            what=in_words(piece),
            conditions=list(piece.conditions),
            valid_from=piece.valid_from,
            valid_to=piece.valid_to,
            charged_on=charged_on,
            charge_id=charge_id,
            team=team,
            nanos=piece.nanos,
            currency=piece.currency,
            reason=_said(reason, "Say why this is not your team’s to pay."),
            raised_by=by,
            raised_at=now,
        )


def accept(
    dispute_id: int, *, to_team: Team, answer: str, by: User | None, now: datetime
) -> Dispute:
    """Move the piece to another team by a dated rule before all others. Raises DisputeError."""
    with transaction.atomic():
        dispute = _still_open(dispute_id)
        if to_team.pk == dispute.team_id:
            raise DisputeError(f"{to_team.name} pays it now: choose another team, or refuse.")
        try:
            dispute.rule = _rule_for(dispute, to_team, by, now)
        except BadRuleError as error:
            raise DisputeError(str(error)) from None
        dispute.to_team = to_team
        return _answered(dispute, Dispute.State.ACCEPTED, answer.strip(), by, now)


def refuse(dispute_id: int, *, answer: str, by: User | None, now: datetime) -> Dispute:
    """Leave the money where it is, and say why. Raises DisputeError."""
    with transaction.atomic():
        dispute = _still_open(dispute_id)
        said = _said(answer, "Say why the money stays where it is.")
        return _answered(dispute, Dispute.State.REFUSED, said, by, now)


def in_words(piece: Piece) -> str:
    """Return the piece as a list of disputes shows it."""
    words = {str(c["field"]): ", ".join(c["values"]) for c in piece.conditions}
    named = ("service_name", "charge_description", "model", "meter", "project", "api_key")
    found = dict.fromkeys(words[name] for name in named if words.get(name))
    return ", ".join([piece.vendor, *found])


def _rule_for(dispute: Dispute, to_team: Team, by: User | None, now: datetime) -> AllocationRule:
    draft = RuleDraft(
        name=f"Dispute {dispute.pk}: {dispute.what}"[:100],
        method=AllocationRule.Method.TEAM,
        conditions=tuple(dispute.conditions),
        shares=(ShareDraft(to_team),),
        valid_from=dispute.valid_from,
        valid_to=dispute.valid_to,
        note=dispute.reason,
    )
    before = _rule_of_the_same_piece(dispute)
    if before is None:
        return add_first_rule(draft, by=by)
    return change_rule(Meant(before.number, before.version), draft, by=by, now=now)


def _rule_of_the_same_piece(dispute: Dispute) -> AllocationRule | None:
    """Return the rule by which an earlier dispute moved the same piece: it is changed instead."""
    return AllocationRule.objects.filter(
        superseded_at=None,
        conditions=dispute.conditions,
        valid_from=dispute.valid_from,
        valid_to=dispute.valid_to,
    ).first()


def _open(charged_on: date, charge_id: int, team: Team) -> bool:
    found = Dispute.objects.filter(charged_on=charged_on, charge_id=charge_id, team=team)
    return found.filter(state=Dispute.State.OPEN).exists()


def _still_open(dispute_id: int) -> Dispute:
    dispute = Dispute.objects.select_for_update().filter(pk=dispute_id).first()
    if dispute is None:
        raise DisputeError("There is no such dispute.")
    if dispute.state != Dispute.State.OPEN:
        raise DisputeError(f"This dispute is {dispute.state} already.")
    return dispute


def _answered(
    dispute: Dispute, state: Dispute.State, answer: str, by: User | None, now: datetime
) -> Dispute:
    dispute.state, dispute.answer = state, answer
    dispute.answered_by, dispute.answered_at = by, now
    dispute.save()
    return dispute


def _said(text: str, missing: str) -> str:
    if not text.strip():
        raise DisputeError(missing)
    if len(text.strip()) > REASON_MAX:
        raise DisputeError(f"At most {REASON_MAX} characters.")
    return text.strip()
