"""Where each dollar went: from the vendor, over the team that paid, to its fate."""

from .books import FINE_MONEY, rows_of
from .organisation import team_refs
from .shapes import FATES, FlowBand, Scope


def money_flow(scope: Scope) -> list[FlowBand]:
    """Return the bands of a scope; they sum to its spend. Dearest vendors first.

    Within a vendor by team (money without one last), then by fate in the order of `FATES`.
    Shared money is spread over the teams as overhead.
    """
    refs = team_refs(scope.known_on)
    sums: dict[tuple[str, int | None, str], tuple[int, int]] = {}
    for team, vendor, fate, nanos, provisional in rows_of(scope, *FINE_MONEY, "money_by_vendor"):
        known, known_provisional = sums.get((vendor, team, fate), (0, 0))
        sums[vendor, team, fate] = (known + nanos, known_provisional + provisional)
    bands = [
        FlowBand(vendor, refs[team], fate, nanos, provisional)
        for (vendor, team, fate), (nanos, provisional) in sums.items()
        if nanos or provisional
    ]
    of_vendor: dict[str, int] = {}
    for band in bands:
        of_vendor[band.vendor] = of_vendor.get(band.vendor, 0) + band.nanos
    return sorted(
        bands,
        key=lambda band: (
            -of_vendor[band.vendor],
            band.vendor,
            band.team.id is None,
            band.team.slug,
            FATES.index(band.fate),
        ),
    )
