"""People, their teams over time and their names at each vendor, in our own CSV form."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff

OPTIONAL = ("name", "team", "parent_team", "cost_center", "valid_from", "valid_to", "identities")


def recognise(sniff: Sniff) -> str | None:
    """A list of people names their e-mail and their team or identities."""
    names = set(sniff.header)
    if "email" in names and names & {"team", "identities"}:
        return "it has the columns email and team or identities"
    return None


CONNECTOR = Connector(
    slug="people_csv",
    label="People (CSV)",
    folder=Path(__file__).parent,
    brings=("people",),
    documents=(
        Document(
            name="people",
            label="a list of people in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("person", "person.sql", "upsert"),),
            required=("email",),
            optional=OPTIONAL,
        ),
    ),
)
