"""What the files of an upload say together: how far they are, and what is next."""

from collections.abc import Iterable, Sequence

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing_ingest import wording
from billing_ingest.card import ASKS, Card, href
from finops.ledger.models import Import

State = Import.State


def lead(cards: Iterable[Card]) -> SafeString:
    """The answer on top of the upload page: how many are ready, refused, held, booked, at work."""
    cards = list(cards)
    said = []
    for states, one, many in LEADS:
        of_these = [card for card in cards if lead_state(card) in states]
        if of_these:
            words = one if len(of_these) == 1 else many
            count = "One file" if len(of_these) == 1 else f"{wording.in_words(len(of_these))} files"
            said.append((f"{count} {words}",))
    if any(card.asks or card.imp.state == State.CHECKING for card in cards):
        said.append(("Nothing is booked until you confirm",))
    return format_html_join(" ", "{}.", said)


KNOWN = "known"  # ready, but nothing would change


def lead_state(card: Card) -> str:
    return KNOWN if card.is_known else card.imp.state


LEADS = (
    ((State.CHECKING,), "is being checked", "are being checked"),
    ((State.READY,), "is ready", "are ready"),
    ((KNOWN,), "is booked already", "are booked already"),
    ((State.HELD,), "needs a second look", "need a second look"),
    ((State.REFUSED,), "is refused", "are refused"),
    ((State.QUEUED, State.RUNNING), "is being booked", "are being booked"),
    ((State.LOADED,), "is booked", "are booked"),
    ((State.DUPLICATE,), "was booked before", "were booked before"),
    ((State.UNDONE,), "is taken back", "are taken back"),
    ((State.DISCARDED,), "is left out", "are left out"),
)


def step(cards: Iterable[Card]) -> int:
    """Which of choose, check, confirm, result the files are at, the slowest deciding."""
    states = {card.imp.state for card in cards}
    if not states:
        return 1
    if State.CHECKING in states:
        return 2
    return 3 if states & set(ASKS) else 4


def bookable(cards: Sequence[Card]) -> list[Card]:
    """The files that one yes books together: checked, and without a reason for a second look."""
    return [one for one in cards if one.imp.state == State.READY and not one.is_known]


def change_of_all(cards: Iterable[Card]) -> str:
    """Where to see what several booked files changed together; empty before all are through."""
    cards = list(cards)
    booked = [card.imp for card in cards if card.imp.state == State.LOADED]
    if len(booked) < 2 or any(card.is_busy or card.asks for card in cards):
        return ""
    starts = [imp.period_start for imp in booked if imp.period_start]
    ends = [imp.period_end for imp in booked if imp.period_end]
    return href("overview", min(starts, default=None), max(ends, default=None))
