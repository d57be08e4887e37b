"""Why a team pays for a piece of money, in words: the rule that moved it, or what its row says."""

from collections.abc import Mapping
from typing import Any

PAID_BY = {
    "tag": "its team tag",
    "member": "the person’s team on that day",
    "owner": "whose key, project or account it is",
}


def why_paid(row: Mapping[str, Any]) -> str:
    """Return the reason from paid_by, rule_number, rule_name and rule_version of a row."""
    return rule_words(row) or PAID_BY.get(str(row["paid_by"] or ""), "")


def rule_words(row: Mapping[str, Any]) -> str:
    """rule 3, “Gateway key to platform”, version 2; empty without a rule."""
    if row["rule_number"] is None:
        return ""
    return f"rule {row['rule_number']}, “{row['rule_name']}”, version {row['rule_version']}"
