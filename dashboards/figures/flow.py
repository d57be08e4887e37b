"""Where each dollar went: vendor, team, fate, as the data of charts.js `flow`. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards import words
from dashboards.fates import FATE_ORDER, fate_label
from dashboards.menus import mark
from finops.attribution.queries.shapes import FlowBand, TeamRef

VENDORS_SHOWN = 8
TEAMS_SHOWN = 9

Opens = Callable[..., str]


@dataclass(frozen=True)
class Node:
    """A bar of the flow: money of one vendor, team or fate, or of several small ones together."""

    column: int
    key: str
    name: str
    mark: str
    nanos: int
    open: str


def flow_data(bands: Sequence[FlowBand], currency: str, opens: Opens) -> dict[str, Any]:
    """Nodes and links with their words. Net credits cannot be drawn: their bands are left out."""
    vendors = grouped(bands, lambda band: (band.vendor, band.vendor), VENDORS_SHOWN, "vendor")
    teams = grouped(bands, lambda band: (band.team.slug, band.team.name), TEAMS_SHOWN, "team")
    left: dict[tuple[str, str], int] = defaultdict(int)
    right: dict[tuple[str, str], int] = defaultdict(int)
    for band in bands:
        left[vendors[band.vendor][0], teams[band.team.slug][0]] += band.nanos
        right[teams[band.team.slug][0], band.fate] += band.nanos
    left = {pair: nanos for pair, nanos in left.items() if nanos > 0}
    right = {pair: nanos for pair, nanos in right.items() if nanos > 0}
    refs = {band.team.slug: band.team for band in bands}
    nodes = [
        *vendor_nodes(left, dict(vendors.values()), opens),
        *team_nodes(left, right, dict(teams.values()), refs, opens),
        *fate_nodes(right, opens),
    ]
    total = max(sum(left.values()), sum(right.values()), 1)
    at = {(node.column, node.key): i for i, node in enumerate(nodes)}
    say = Writer(total, currency)
    texts = [text for i in range(3) for text in say.column([n for n in nodes if n.column == i])]
    return {
        "total": say.value(total),
        "heads": ["Vendor", "Team", "Fate"],
        "nodes": [
            {"column": n.column, "key": n.key, "mark": n.mark, "open": n.open, "name": n.name}
            | say.amount(n.nanos)
            | {"text": text}
            for n, text in zip(nodes, texts, strict=True)
        ],
        "links": [
            *(link(nodes, at[0, v], at[1, t], nanos, say, opens) for (v, t), nanos in left.items()),
            *(
                link(nodes, at[1, t], at[2, f], nanos, say, opens)
                for (t, f), nanos in right.items()
            ),
        ],
    }


@dataclass(frozen=True)
class Writer:
    """Amounts of the figure: a length to draw, words to read, a share of everything."""

    total: int
    currency: str

    def value(self, nanos: int) -> float:
        return round(nanos / 1e9, 2)

    def column(self, nodes: Sequence[Node]) -> list[str]:
        """The amounts of a column at one precision, so that it adds up to the eye."""
        nanos, cents = [node.nanos for node in nodes], self.total < words.WHOLE_FROM
        texts, _ = words.column(nanos, sum(nanos), self.currency, cents=cents)
        return texts

    def amount(self, nanos: int) -> dict[str, Any]:
        return {
            "value": self.value(nanos),
            "text": words.money(nanos, self.currency, cents=self.total < words.WHOLE_FROM),
            "share": f"{words.percent(nanos / self.total)} of all",
        }


def grouped(
    bands: Iterable[FlowBand], key: Callable[[FlowBand], tuple[str, str]], most: int, noun: str
) -> dict[str, tuple[str, str]]:
    """Each key with the group it is drawn in: itself, or "other" for the smallest ones."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for band in bands:
        sums[key(band)] += band.nanos
    order = sorted(sums, key=lambda pair: -sums[pair])
    if len(order) <= most:
        return {pair[0]: pair for pair in order}
    small = order[most - 1 :]
    other = ("other", f"{len(small)} other {noun}s")
    return {pair[0]: pair for pair in order[: most - 1]} | {pair[0]: other for pair in small}


def vendor_nodes(
    left: Mapping[tuple[str, str], int], names: Mapping[str, str], opens: Opens
) -> list[Node]:
    sums: dict[str, int] = defaultdict(int)
    for (vendor, _), nanos in left.items():
        sums[vendor] += nanos
    return [
        Node(0, key, names[key], "", nanos, opens(vendor="" if key == "other" else key))
        for key, nanos in largest_first(sums)
    ]


def team_nodes(
    left: Mapping[tuple[str, str], int],
    right: Mapping[tuple[str, str], int],
    names: Mapping[str, str],
    refs: Mapping[str, TeamRef],
    opens: Opens,
) -> list[Node]:
    """A team is as tall as what came in or went out of it, whichever is drawn larger."""
    came: dict[str, int] = defaultdict(int)
    went: dict[str, int] = defaultdict(int)
    for (_, team), nanos in left.items():
        came[team] += nanos
    for (team, _), nanos in right.items():
        went[team] += nanos
    sums = {team: max(came[team], went[team]) for team in {*came, *went}}
    nodes = []
    for key, nanos in largest_first(sums):
        ref = refs.get(key)
        href = opens(team=key or "none") if ref else opens()
        nodes.append(Node(1, key, names[key], mark(ref) if ref else "none", nanos, href))
    # Money without a team always stands last: it is not a team among others.
    return sorted(nodes, key=lambda node: node.key in refs and refs[node.key].id is None)


def fate_nodes(right: Mapping[tuple[str, str], int], opens: Opens) -> list[Node]:
    sums: dict[str, int] = defaultdict(int)
    for (_, fate), nanos in right.items():
        sums[fate] += nanos
    return [
        Node(2, fate, fate_label(fate), "", sums[fate], opens(fate=fate))
        for fate in FATE_ORDER
        if sums[fate] > 0
    ]


def largest_first(sums: Mapping[str, int]) -> list[tuple[str, int]]:
    """By amount, the group of small ones last."""
    return sorted(sums.items(), key=lambda pair: (pair[0] == "other", -pair[1], pair[0]))


def link(
    nodes: Sequence[Node], source: int, target: int, nanos: int, say: Writer, opens: Opens
) -> dict[str, Any]:
    start, end = nodes[source], nodes[target]
    name = f"{start.name}, {end.name.lower()}" if end.column == 2 else f"{start.name} to {end.name}"
    where = {("vendor", "team", "fate")[node.column]: node.key or "none" for node in (start, end)}
    return {
        "source": source,
        "target": target,
        "name": name,
        "fate": end.key if end.column == 2 else None,
        "open": "" if "other" in where.values() else opens(**where),
    } | say.amount(nanos)
