"""How large a change is, by its lines added and deleted: five classes, one set of limits. Pure."""

from bisect import bisect_right

NAMES = ("XS", "S", "M", "L", "XL")
LIMITS = (10, 50, 250, 1000)  # a class ends below its limit


def size_class(lines: int) -> str:
    """Return the class of a change of so many lines."""
    return NAMES[bisect_right(LIMITS, lines)]
