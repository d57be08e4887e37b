"""What is not tied, and how do we fix it? Unattributed money by reason, each with its remedy."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import amounts
from dashboards.fates import reason_label
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import untied
from finops.attribution.queries.shapes import UntiedRow

SHOWN = 8
REMEDIES = {
    "no_identity": "Map it to a person, a team or a service",
    "no_outcome_in_period": "Name the work: a branch, a number or a session in the commit",
    "unmapped_repo": "Connect the repository",
    "excluded": "Nothing to do: somebody excluded it on purpose",
    "no_base": "Give the month some tied cost, or a rule to share by",
}
FIXABLE = ("no_identity", "unmapped_repo")


def ask(asked: Asked) -> list[UntiedRow]:
    return sorted(untied.untied(asked.seen()), key=lambda row: -row.nanos)


def show(found: Sequence[UntiedRow], asked: Asked) -> dict[str, Any]:
    total = sum(row.nanos for row in found)
    if not found:
        return {
            "answer": "Everything is tied: no money is left without a work item, a pool or a share."
        }
    head, rest = found[:SHOWN], found[SHOWN:]
    nanos = [row.nanos for row in head] + [sum(row.nanos for row in rest)]
    texts, sum_text = words.column(nanos, total, asked.currency, cents=True)
    return {
        "answer": answer(found, total, asked),
        "rows": [
            {
                "reason": reason_label(row.reason),
                "what": row.what,
                "text": text,
                "remedy": REMEDIES.get(row.reason, ""),
                "remedy_href": asked.unknown_names()
                if row.reason == "no_identity" and asked.sight.can_administer
                else "",
                "href": asked.lines(reason=row.reason),
            }
            for row, text in zip(head, texts, strict=False)
        ],
        "rest": {"count": words.plural(len(rest), "more line"), "text": texts[-1]}
        if rest
        else None,
        "total": sum_text,
        "how": HOW,
        "links": [{"label": "Lines behind it", "href": asked.lines(tier="E")}],
    }


HOW = (
    (
        "Money of tier E by reason: no rule found a work item, a team’s finished work or a base to share it by. "
        "It is still counted in the spend."
    ),
)


def answer(found: Sequence[UntiedRow], total: int, asked: Asked) -> SafeString:
    fixable = [row for row in found if row.reason in FIXABLE]
    gain = sum(row.nanos for row in fixable)
    said = format_html("{} reached no work item.", words.bold(words.money(total, asked.currency)))
    if gain <= 0:
        return said
    noun = "mapping" if len(fixable) == 1 else "mappings"
    return format_html(
        "{} {} {} would recover up to {}.",
        said,
        words.in_words(len(fixable)).capitalize(),
        noun,
        words.money(gain, asked.currency),
    )


def table(found: Sequence[UntiedRow], asked: Asked) -> Table:
    columns = ("reason", "what", f"amount_{asked.currency.lower()}", "cells", "remedy")
    money = amounts([row.nanos for row in found])
    rows = [
        (row.reason, row.what, amount, f"{row.cells}", REMEDIES.get(row.reason, ""))
        for row, amount in zip(found, money, strict=True)
    ]
    return Table(columns, rows)


PANEL = Panel(
    "untied", "What is not tied, and how do we fix it?", "panels/untied.html", ask, show, table
)
