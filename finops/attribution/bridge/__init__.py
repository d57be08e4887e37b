"""From usage at list price to the bill to the invoice: every difference in a named bucket.

Pure arithmetic. Money is in nanos of one currency, exact as a Fraction until the end.
"""
