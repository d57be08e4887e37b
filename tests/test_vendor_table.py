"""The README's table of vendors is what the connectors say of themselves."""

from pathlib import Path

import pytest

from billing_ingest.registry import CONNECTORS, connector
from billing_ingest.vendor_table import table, written_into

pytestmark = pytest.mark.django_db
README = Path(__file__).parents[1] / "README.md"


def test_the_readme_names_every_connector_as_it_is():
    assert written_into(README.read_text()) == README.read_text(), (
        "run: .venv/bin/python manage.py vendors --write README.md"
    )


@pytest.mark.parametrize("slug", CONNECTORS)
def test_a_connector_has_its_line(slug):
    assert f"`{slug}`" in table()


@pytest.mark.parametrize(
    "slug", [slug for slug in CONNECTORS if slug != "mapped" and connector(slug).fetch]
)
def test_a_vendor_that_is_pulled_says_how_far_back_and_what_it_restates(slug):
    known = connector(slug)
    assert known.history_days > 0
    assert known.trailing_days > 0
    assert known.restates
    assert known.rights
    assert "api_url" in known.config_fields or "endpoint_url" in known.config_fields
