"""What is not tied to work, and what is missing to tie it."""

from .books import rows_of
from .shapes import Scope, UntiedRow


def untied(scope: Scope) -> list[UntiedRow]:
    """Return unattributed money by reason and missing piece, the dearest first."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for reason, what, nanos, cells in rows_of(scope, "allocated", "untied"):
        known, counted = sums.get((reason, what), (0, 0))
        sums[reason, what] = (known + nanos, counted + cells)
    rows = [UntiedRow(*names, *amounts) for names, amounts in sums.items()]
    return sorted(rows, key=lambda row: (-row.nanos, row.reason, row.what))
