"""Exchange rates in CSV form, and what registered units are worth."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff

REQUIRED = ("currency", "day", "rate")


def recognise(sniff: Sniff) -> str | None:
    """A list of rates names a currency, a day and a rate, and little else."""
    names = set(sniff.header)
    if names.issuperset(REQUIRED) and names <= {*REQUIRED, "reporting_currency", "origin"}:
        return "it has the columns currency, day and rate"
    return None


CONNECTOR = Connector(
    slug="fx_csv",
    label="Exchange rates (CSV)",
    folder=Path(__file__).parent,
    brings=("rates",),
    documents=(
        Document(
            name="rates",
            label="a list of exchange rates in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("fx_rate", "rates.sql", "upsert"),),
            required=REQUIRED,
            optional=("reporting_currency", "origin"),
        ),
    ),
)
