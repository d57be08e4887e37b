"""Setup > Upload: what is in a file is said before it is booked, and nothing is booked unasked."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from billing_ingest import actions, jobs
from billing_ingest.models import Job
from finops.ledger.models import Charge, Import, Source
from finops.people.models import User
from tests.bills import bill
from tests.uploading import admin, broker, cfo, send, text, work_off

__all__ = ["admin", "broker", "cfo"]

pytestmark = pytest.mark.django_db
State = Import.State


def test_a_dropped_file_is_checked_by_a_worker_and_books_nothing(client, cfo):
    page = send(client, ("october.csv", bill("10.25", "4.75")))
    imp = Import.objects.get()
    assert page.redirect_chain == [(f"/setup/upload/?imports={imp.pk}", 302)]
    assert (imp.state, imp.by, imp.source.key) == (State.CHECKING, cfo, "focus")
    assert "One file is being checked." in text(page)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    work_off()
    page = client.get(f"/setup/upload/?imports={imp.pk}")
    said = text(page)
    assert "A FOCUS cost and usage file, because it has the FOCUS columns" in said
    assert "October 2026" in said
    assert "Sum of the file, USD $15.00" in said
    assert "Change in booked spend +$15.00" in said
    assert "Nothing is booked until you confirm." in said
    assert "every 2s" not in page.content.decode()
    assert not Charge.objects.exists()


def test_the_yes_books_the_file_and_queues_a_settle(client, cfo):
    send(client, ("october.csv", bill("10.25", "4.75")))
    work_off()
    imp = Import.objects.get()
    page = client.post(f"/setup/imports/{imp.pk}/confirm/", follow=True)
    assert "One file is being booked." in text(page)
    work_off()
    imp.refresh_from_db()
    assert (imp.state, imp.totals) == (State.LOADED, {"USD": "15"})
    assert Charge.objects.count() == 2
    assert Job.objects.filter(kind="settle").count() == 1
    said = text(client.get(f"/setup/imports/{imp.pk}/"))
    assert "One file is booked. The figures on the other pages follow in a moment." in said


def test_two_clicks_on_the_yes_are_one(client, cfo):
    send(client, ("october.csv", bill("10.25")))
    work_off()
    imp = Import.objects.get()
    client.post(f"/setup/imports/{imp.pk}/confirm/")
    page = client.post(f"/setup/imports/{imp.pk}/confirm/", follow=True)
    assert "october.csv is queued by now." in text(page)
    assert Job.objects.filter(kind="load").count() == 1


def test_what_a_file_replaces_is_named_before_the_yes(client, cfo):
    send(client, ("first.csv", bill("10.25", "4.75")))
    work_off()
    first = Import.objects.get()
    client.post(f"/setup/imports/{first.pk}/confirm/")
    work_off()
    send(client, ("corrected.csv", bill("10.25", "5.00")))
    work_off()
    second = Import.objects.latest("pk")
    said = text(client.get(f"/setup/imports/{second.pk}/"))
    assert "October 2026, imported" in said
    assert "2 lines $15.00" in said
    assert "Change in booked spend +$0.25" in said
    assert "Replace October 2026 for FOCUS" in said


def test_a_booked_file_says_which_import_it_replaced(client, cfo):
    for content in (bill("10.25"), bill("10.50")):
        send(client, ("october.csv", content))
        work_off()
        client.post(f"/setup/imports/{Import.objects.latest('pk').pk}/confirm/")
        work_off()
    second, first = Import.objects.values_list("pk", flat=True)
    said = text(client.get(f"/setup/imports/{second}/"))
    assert f"It replaced import {first}." in said
    assert "A FOCUS cost and usage file." in said


def test_the_same_bytes_are_named_as_a_duplicate_before_the_yes(client, cfo):
    send(client, ("october.csv", bill("10.25")))
    work_off()
    first = Import.objects.get()
    client.post(f"/setup/imports/{first.pk}/confirm/")
    work_off()
    send(client, ("again.csv", bill("10.25")))
    work_off()
    second = Import.objects.latest("pk")
    said = text(client.get(f"/setup/imports/{second.pk}/"))
    assert f"The same bytes are booked already, as import {first.pk}" in said
    client.post(f"/setup/imports/{second.pk}/confirm/")
    work_off()
    second.refresh_from_db()
    assert (second.state, second.duplicate_of) == (State.DUPLICATE, first)


def test_a_wrong_file_is_refused_by_line_and_its_errors_can_be_taken_away(client, cfo):
    wrong = bill("10.25", "4,75", "abc")
    send(client, ("october.csv", wrong))
    work_off()
    imp = Import.objects.get()
    page = client.get(f"/setup/imports/{imp.pk}/")
    said = text(page)
    assert "One file is refused." in said
    assert "on 2 lines" in said
    assert "4,75" in said
    response = client.get(f"/setup/imports/{imp.pk}/errors.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert {row["line"] for row in rows} == {"3", "4"}
    assert {row["column"] for row in rows} >= {"BilledCost"}
    assert response["Content-Disposition"].startswith("attachment")


def test_found_text_cannot_run_as_a_formula_in_the_errors_file(client, cfo):
    send(client, ("october.csv", bill("=1+1")))
    work_off()
    response = client.get(f"/setup/imports/{Import.objects.get().pk}/errors.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert {row["found"] for row in rows} == {"'=1+1"}


def test_markup_in_a_file_stays_text(client, cfo):
    send(client, ("<b>x</b>.csv", bill("<script>alert(1)</script>")))
    work_off()
    page = client.get(f"/setup/imports/{Import.objects.get().pk}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_file_nobody_knows_says_what_it_is_not(client, cfo):
    send(client, ("shopping.csv", b"item,price\nmilk,2\n"))
    work_off()
    imp = Import.objects.get()
    assert imp.state == State.REFUSED
    said = text(client.get(f"/setup/imports/{imp.pk}/"))
    assert "1 BilledCost item, price BilledCost Export the file with this column." in said


def test_several_files_stay_together_and_each_has_its_own_fate(client, cfo):
    page = send(client, ("a.csv", bill("1")), ("b.csv", b"nonsense\n"))
    ids = list(Import.objects.order_by("pk").values_list("pk", flat=True))
    work_off()
    address = f"/setup/upload/?imports={ids[0]},{ids[1]}"
    assert page.redirect_chain[0][0] == address
    assert "One file is ready. One file is refused." in text(client.get(address))
    page = client.post(f"/setup/imports/{ids[1]}/discard/", {"imports": f"{ids[0]},{ids[1]}"})
    assert page.url == address
    page = send(client, ("c.csv", bill("1", month=actions.date(2026, 9, 1))), address=address)
    assert page.redirect_chain[0][0].startswith(address + ",")


def test_a_file_can_be_left_out(client, cfo):
    send(client, ("october.csv", bill("10.25")))
    work_off()
    imp = Import.objects.get()
    client.post(f"/setup/imports/{imp.pk}/discard/")
    imp.refresh_from_db()
    assert imp.state == State.DISCARDED
    page = client.post(f"/setup/imports/{imp.pk}/confirm/", follow=True)
    assert "october.csv is left out by now." in text(page)


def test_a_file_can_be_pointed_at_another_source_and_is_checked_again(client, cfo):
    other = Source.objects.create(key="cloud", name="Cloud bill", connector="focus")
    send(client, ("october.csv", bill("10.25")))
    work_off()
    imp = Import.objects.get()
    client.post(f"/setup/imports/{imp.pk}/target/", {"source": "cloud", "scope": "ai"})
    imp.refresh_from_db()
    assert (imp.source, imp.scope, imp.state) == (other, "ai", State.CHECKING)
    work_off()
    imp.refresh_from_db()
    assert imp.state == State.READY
    # The next file of this kind goes where the last one went.
    send(client, ("november.csv", bill("1", month=actions.date(2026, 11, 1))))
    assert Import.objects.latest("pk").source == other


def test_in_scope_and_out_of_scope_are_the_file(client, cfo):
    mixed = bill("10.00") + bill("90.00", category="Compute").split(b"\r\n", 1)[1]
    send(client, ("october.csv", mixed))
    work_off()
    imp = Import.objects.get()
    client.post(f"/setup/imports/{imp.pk}/target/", {"source": "focus", "scope": "ai"})
    work_off()
    said = text(client.get(f"/setup/imports/{imp.pk}/"))
    assert "In scope, 1 line, to be booked $10.00" in said
    assert "Everything else, 1 line, out of scope $90.00" in said
    assert "Sum of the file, USD $100.00" in said


def test_a_delivery_that_shrinks_is_held_and_books_on_a_second_yes(client, cfo):
    send(client, ("full.csv", bill("10", "10", "10", "10")))
    work_off()
    client.post(f"/setup/imports/{Import.objects.get().pk}/confirm/")
    work_off()
    send(client, ("half.csv", bill("10", "10")))
    work_off()
    imp = Import.objects.latest("pk")
    client.post(f"/setup/imports/{imp.pk}/confirm/")
    work_off()
    imp.refresh_from_db()
    assert imp.state == State.HELD
    said = text(client.get(f"/setup/imports/{imp.pk}/"))
    assert "It would remove more than a fifth of what is booked." in said
    client.post(f"/setup/imports/{imp.pk}/confirm/")
    work_off()
    imp.refresh_from_db()
    assert imp.state == State.LOADED


def test_an_administrator_takes_an_import_back(client, admin):
    send(client, ("october.csv", bill("10.25")))
    work_off()
    imp = Import.objects.get()
    client.post(f"/setup/imports/{imp.pk}/confirm/")
    work_off()
    Job.objects.filter(kind="settle").delete()
    client.post(f"/setup/imports/{imp.pk}/undo/")
    imp.refresh_from_db()
    assert imp.state == State.UNDONE
    assert not imp.slices.filter(superseded_at=None).exists()
    assert Job.objects.filter(kind="settle").exists()


def test_the_page_asks_for_its_files_only_while_one_is_at_work(client, cfo):
    send(client, ("october.csv", bill("10.25")))
    imp = Import.objects.get()
    fragment = client.get(
        f"/setup/upload/?imports={imp.pk}", headers={"HX-Request": "true"}
    ).content.decode()
    assert fragment.lstrip().startswith('<div id="files">')
    assert "<html" not in fragment
    work_off()
    fragment = client.get(
        f"/setup/upload/?imports={imp.pk}", headers={"HX-Request": "true"}
    ).content.decode()
    assert "every 2s" not in fragment


def test_progress_shows_rows_and_time_left(client, cfo):
    send(client, ("october.csv", bill(*["1"] * 100)))
    work_off()
    imp = Import.objects.get()
    client.post(f"/setup/imports/{imp.pk}/confirm/")
    began = timezone.now() - timezone.timedelta(seconds=60)
    Job.objects.filter(kind="load").update(
        state=Job.State.RUNNING, progress_rows=50, started_at=began, tries=1
    )
    page = client.get(f"/setup/imports/{imp.pk}/")
    assert "Booking, 50 of 100 rows, about a minute left" in text(page)
    assert 'value="50" max="100"' in page.content.decode()


def test_a_job_that_failed_for_good_says_so_and_can_be_tried_again(client, cfo):
    send(client, ("october.csv", bill("10.25")))
    imp = Import.objects.get()
    job = jobs.claim(Job.objects.get(kind="check").pk, timezone.now())
    jobs.fail(job, jobs.WORKER_LOST, timezone.now())
    said = text(client.get(f"/setup/imports/{imp.pk}/"))
    assert "The worker stopped without a word" in said
    client.post(f"/setup/imports/{imp.pk}/retry/")
    work_off()
    imp.refresh_from_db()
    assert imp.state == State.READY


def test_an_upload_without_a_file_is_answered_in_words(client, cfo):
    page = client.post("/setup/upload/", {}, follow=True)
    assert page.status_code == 200
    assert "This field is required." in text(page)


def test_ids_in_the_address_that_make_no_sense_are_left_out(client, cfo):
    page = client.get("/setup/upload/?imports=abc,-1,999999,99999999999999999999,²")
    assert page.status_code == 200
    assert client.get("/setup/imports/999999/").status_code == 404
    assert client.post("/setup/imports/999999/confirm/").status_code == 404


# --- who may -------------------------------------------------------------------------------

POSTS = ("confirm", "discard", "retry", "undo", "target")


def test_a_manager_gets_403_everywhere(client):
    client.force_login(User.objects.create_user("max", password="x", role=User.Role.MANAGER))
    source = Source.objects.create(key="focus", name="FOCUS", connector="focus")
    imp = Import.objects.create(
        source=source, state=State.READY, filename="a.csv", sha256="0" * 64, size_bytes=1
    )
    assert client.get("/setup/upload/").status_code == 403
    assert send(client, ("a.csv", bill("1"))).status_code == 403
    assert client.get(f"/setup/imports/{imp.pk}/").status_code == 403
    assert client.get(f"/setup/imports/{imp.pk}/errors.csv").status_code == 403
    for verb in POSTS:
        assert client.post(f"/setup/imports/{imp.pk}/{verb}/").status_code == 403
    imp.refresh_from_db()
    assert imp.state == State.READY
    assert Import.objects.count() == 1


def test_finance_cannot_take_an_import_back(client, cfo):
    source = Source.objects.create(key="focus", name="FOCUS", connector="focus")
    imp = Import.objects.create(
        source=source, state=State.LOADED, filename="a.csv", sha256="0" * 64, size_bytes=1
    )
    assert client.post(f"/setup/imports/{imp.pk}/undo/").status_code == 403
    assert "Take it back" not in text(client.get(f"/setup/imports/{imp.pk}/"))


def test_somebody_who_is_not_signed_in_is_asked_to(client):
    for address in ("/setup/upload/", "/setup/", "/setup/imports/1/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("sign-in"))


def test_actions_are_posts(client, admin):
    source = Source.objects.create(key="focus", name="FOCUS", connector="focus")
    imp = Import.objects.create(
        source=source, state=State.READY, filename="a.csv", sha256="0" * 64, size_bytes=1
    )
    assert client.get(f"/setup/imports/{imp.pk}/confirm/").status_code == 405
    assert client.post(f"/setup/imports/{imp.pk}/burn/").status_code == 404


def test_the_page_costs_the_same_however_many_files_it_shows(
    client, cfo, django_assert_max_num_queries
):
    send(client, *[(f"{n}.csv", bill(str(n + 1))) for n in range(8)])
    work_off()
    ids = ",".join(map(str, Import.objects.values_list("pk", flat=True)))
    with django_assert_max_num_queries(12):
        client.get(f"/setup/upload/?imports={ids}")
