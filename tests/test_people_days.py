"""Stretches of days: what is common, what is left."""

from datetime import date

from finops.people.days import Days

JAN, MAR, MAY, JUL = (date(2026, month, 1) for month in (1, 3, 5, 7))
ALWAYS = Days()


def test_a_stretch_without_another_is_what_stands_before_and_after_it():
    assert ALWAYS.without([Days(MAR, MAY)]) == [Days(None, MAR), Days(MAY, None)]
    assert Days(JAN, MAY).without([Days(MAR, None)]) == [Days(JAN, MAR)]
    assert Days(JAN, MAY).without([Days(None, MAR)]) == [Days(MAR, MAY)]
    assert Days(JAN, MAY).without([Days(MAY, JUL)]) == [Days(JAN, MAY)]
    assert Days(MAR, MAY).without([ALWAYS]) == []
    assert ALWAYS.without([Days(JAN, MAR), Days(MAY, JUL)]) == [
        Days(None, JAN), Days(MAR, MAY), Days(JUL, None),
    ]  # fmt: skip


def test_the_end_is_not_part_of_a_stretch():
    assert Days(JAN, MAR).hold(JAN)
    assert not Days(JAN, MAR).hold(MAR)
    assert Days(JAN, MAR).common(Days(MAR, MAY)).is_empty
    assert Days(JAN, MAY).common(Days(MAR, None)) == Days(MAR, MAY)


def test_a_stretch_of_no_days_takes_nothing_away():
    assert ALWAYS.without([Days(MAR, MAR)]) == [ALWAYS]
