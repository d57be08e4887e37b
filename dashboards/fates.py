"""The words for fates, tiers, reasons and kinds on the pages, in the order they are shown."""

from finops.outcomes.kinds import KINDS, Kind

# Blue: stands or may yet. Grey: no item. Warm: lost. Hatched: unattributed.
FATE_ORDER = (
    "value", "in_progress", "pooled", "overhead", "rework", "reverted", "abandoned", "unattributed",
)  # fmt: skip
LOST = ("rework", "reverted", "abandoned")
FINISHED = ("value", *LOST)
TIER_WORDS = {
    "A": "exact key: a session, branch or number names the work",
    "B": "person and time window",
    "C": "team known, work not: shared over the team's finished work",
    "D": "shared by all teams",
    "E": "unattributed",
}
TIER_NAMES = {
    "A": "Exact key",
    "B": "Person and time window",
    "C": "Team’s pool",
    "D": "Shared by all teams",
    "E": "Unattributed",
}
REASON_WORDS = {
    "no_identity": "No identity",
    "no_outcome_in_period": "No outcome in the period",
    "unmapped_repo": "Unmapped repository",
    "excluded": "Excluded by a tag",
    "no_base": "Shared, with nothing to share it by",
}


def fate_label(fate: str) -> str:
    return fate.replace("_", " ").capitalize()


def reason_label(reason: str) -> str:
    return REASON_WORDS.get(reason, reason.replace("_", " ").capitalize())


def kind_of(slug: str) -> Kind:
    """The words of a kind; an unknown one is an outcome."""
    return KINDS.get(slug, KINDS["custom"])
