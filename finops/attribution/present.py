"""Nanos as printed amounts: decimal strings at cents that add up to what is printed above them."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from finops.money import CENT_NANOS, to_cents


def amount(nanos: int) -> str:
    """Return one amount at cents, halves away from zero."""
    return cents_text(to_cents(nanos))


def cents_text(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):f}"


def unit_amount(nanos: Decimal | None) -> str | None:
    """Return a unit cost at cents, halves away from zero; unknown stays unknown."""
    if nanos is None:
        return None
    cents = (nanos / CENT_NANOS).to_integral_value(rounding=ROUND_HALF_UP)
    return cents_text(int(cents))


def cents_of_column(nanos: Sequence[int], total_cents: int) -> list[int]:
    """Return cents of each amount that add up to a total already rounded, by largest remainder."""
    if not nanos:
        return []
    floors = [value // CENT_NANOS for value in nanos]
    each, left = divmod(total_cents - sum(floors), len(floors))
    order = sorted(range(len(nanos)), key=lambda i: (-(nanos[i] % CENT_NANOS), i))
    cents = [floor + each for floor in floors]
    for i in order[:left]:
        cents[i] += 1
    return cents


class EvenTable:
    """Cents of a table that add up along its rows and, where that can be, down its columns.

    Rows are rounded first, by largest remainder. A column that is then a cent too high gives to
    one that is too low: within a row where the first was rounded up and the second down, over
    other columns if need be. So no figure moves further than a cent from the truth.
    """

    def __init__(
        self, rows: Sequence[Sequence[int]], row_cents: Sequence[int], column_cents: Sequence[int]
    ) -> None:
        self.exact = rows
        self.cents = [
            cents_of_column(row, cents) for row, cents in zip(rows, row_cents, strict=True)
        ]
        # How many cents each column has too many (or, below zero, too few).
        self.excess = [
            sum(row[j] for row in self.cents) - cents for j, cents in enumerate(column_cents)
        ]
        # (giver, taker) -> rows in which the move was possible when it was noted.
        self.moves: dict[tuple[int, int], list[int]] = {}
        for i in range(len(rows)):
            self.note_moves(i)
        while self.even_out_one_cent():
            pass

    def note_moves(self, i: int) -> None:
        """Note which columns can give a cent to which in this row."""
        for giver in range(len(self.excess)):
            for taker in range(len(self.excess)):
                if self.can_move(i, giver, taker):
                    self.moves.setdefault((giver, taker), []).append(i)

    def can_move(self, i: int, giver: int, taker: int) -> bool:
        exact, cents = self.exact[i], self.cents[i]
        was_rounded_up = cents[giver] * CENT_NANOS > exact[giver]
        return was_rounded_up and cents[taker] * CENT_NANOS < exact[taker]

    def row_to_move(self, giver: int, taker: int) -> int | None:
        """Return a row that can still move a cent between two columns."""
        rows = self.moves.get((giver, taker), [])
        while rows and not self.can_move(rows[-1], giver, taker):
            rows.pop()
        return rows[-1] if rows else None

    def even_out_one_cent(self) -> bool:
        """Move one cent from a column with too many to one with too few; False: no way."""
        for start in [j for j, more in enumerate(self.excess) if more > 0]:
            came: dict[int, int] = {start: start}
            queue = [start]
            for giver in queue:
                for taker in range(len(self.excess)):
                    if taker in came or self.row_to_move(giver, taker) is None:
                        continue
                    came[taker] = giver
                    queue.append(taker)
                    if self.excess[taker] < 0:
                        self.move_along(came, start, taker)
                        return True
        return False

    def move_along(self, came: dict[int, int], start: int, end: int) -> None:
        self.excess[start] -= 1
        self.excess[end] += 1
        while end != start:
            giver = came[end]
            # The columns of a path differ, so no step takes away the row of another.
            i = self.moves[giver, end][-1]
            self.cents[i][giver] -= 1
            self.cents[i][end] += 1
            self.note_moves(i)
            end = giver
