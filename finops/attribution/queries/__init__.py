"""One function per question. Screen, CSV, API and command all call these.

Amounts are integer nanos in the reporting currency unless said otherwise; presentation rounds.
"""
