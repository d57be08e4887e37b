"""What the pages say of a source that is connected and brought nothing so far."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboards.panels.trust import fresh
from finops.attribution.queries import trust
from finops.ledger.models import Import, Slice, Source
from tests.uploading import admin, text

__all__ = ["admin"]

pytestmark = pytest.mark.django_db


def test_a_source_that_brought_nothing_yet_is_not_called_up_to_date(client, admin):
    Source.objects.create(key="openai", name="OpenAI", connector="openai", is_scheduled=True)
    said = text(client.get("/setup/"))
    assert "Nothing came yet" in said
    assert "No source has brought money, logs or work yet. Nothing needs attention." in said
    cursor = Source.objects.create(key="cursor", name="Cursor", connector="cursor")
    yesterday = timezone.now().date() - timedelta(days=1)
    imp = Import.objects.create(
        source=cursor,
        filename="f",
        sha256="0" * 64,
        size_bytes=1,
        state=Import.State.LOADED,
        finished_at=timezone.now(),
    )
    Slice.objects.create(
        source=cursor,
        imp=imp,
        table="usage",
        key="u:1",
        rows=1,
        first_day=yesterday,
        last_day=yesterday,
    )
    said = text(client.get("/setup/"))
    assert "1 source up to date" in said
    assert "1 source is up to date. Nothing came from OpenAI yet. Nothing needs" in said


def test_the_overview_counts_it_neither_as_up_to_date_nor_as_late(admin):
    Source.objects.create(key="openai", name="OpenAI", connector="openai", is_scheduled=True)
    now = timezone.now()
    found = trust.freshness(now=now)

    assert [source.complete_to for source in found] == [None]
    assert fresh([source for source in found if source.complete_to], []) == "Nothing came yet."
