"""The kinds of work items: what an outcome is called, and how long it must stand to be durable."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Kind:
    """One kind of work item, with the words the pages use."""

    slug: str
    outcome: str  # "merged pull request"
    outcomes: str
    verb: str  # "merged"
    short: str  # "PR"
    durable_after: timedelta


KINDS = {
    kind.slug: kind
    for kind in (
        Kind(
            "pull_request",
            "merged pull request",
            "merged pull requests",
            "merged",
            "PR",
            timedelta(days=14),
        ),
        Kind(
            "ticket", "resolved ticket", "resolved tickets", "resolved", "ticket", timedelta(days=7)
        ),
        Kind(
            "conversation",
            "closed conversation",
            "closed conversations",
            "closed",
            "conversation",
            timedelta(days=1),
        ),
        Kind("deal", "won deal", "won deals", "won", "deal", timedelta(days=14)),
        Kind("lead", "qualified lead", "qualified leads", "qualified", "lead", timedelta(days=14)),
        Kind(
            "incident",
            "resolved incident",
            "resolved incidents",
            "resolved",
            "incident",
            timedelta(days=7),
        ),
        Kind("custom", "outcome", "outcomes", "done", "outcome", timedelta(days=14)),
    )
}
