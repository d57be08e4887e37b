"""Exchange rates in our own columns."""

from functools import partial

from finops.attribution.verify.readers.rows import rows_of_csv

READERS = {"": partial(rows_of_csv, column="rate")}
