"""What the helpdesk and the CRM tell: a change of state of one ticket or deal."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OutcomeEvent:
    """One line of an outcomes file: an item entered a state."""

    kind: str  # ticket | deal
    external_id: str
    state: str
    at: datetime
    started_at: datetime
    team: str
    person: str
    title: str

    @property
    def idempotency_key(self) -> str:
        return f"{self.kind}:{self.external_id}:{self.state}:{self.at:%Y%m%dT%H%M%S}"
