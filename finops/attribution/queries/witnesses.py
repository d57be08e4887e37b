"""Who saw the calls that a bill line paid for. However many saw them, they count once."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .sql_files import fetch

BILL, LOG = "bill", "log"


@dataclass(frozen=True)
class Witness:
    """A source that saw it. role: bill or log.

    `saw` and `counted` are in the measure that the logs of a day share (tokens, list cost or
    requests) and 0 for bills; `is_money` marks the one bill whose amounts are booked.
    """

    role: str
    key: str
    name: str
    saw: Decimal
    counted: Decimal
    is_money: bool


def witnesses(charged_on: date, charge_id: int) -> list[Witness]:
    """Return the bills first, the one that is the money ahead, then the logs by what they count for."""
    rows = fetch("witnesses", charged_on=charged_on, charge_id=charge_id)
    return [
        Witness(role, key, name, Decimal(saw), Decimal(counted), is_money)
        for role, key, name, saw, counted, is_money in rows
    ]
