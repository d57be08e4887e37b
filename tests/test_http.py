"""The door to vendors: where it goes, how long it waits, what it says when it does not work."""

import socket
import time
from decimal import Decimal
from email.utils import format_datetime

import pytest
from django.utils import timezone

from finops.outside import endpoint as guard
from finops.outside.endpoint import EndpointNotAllowedError, endpoint
from finops.outside.http import Http, HttpError, Response
from tests.vendor import Answer, vendor

SECRET = "sk-ant-admin01-canary"


@pytest.fixture
def slept():
    return []


@pytest.fixture
def ask(settings, slept):
    """Ask a server of this machine, which the operator has named."""

    def run(answer, *, times=1, path="/x", **limits):
        http = Http(sleep=slept.append, **limits)
        with vendor(answer) as api:
            settings.OUTLAY_PRIVATE_HOSTS = [api.host]
            for _ in range(times):
                response = http.get(api.url + path, {"a": "1"}, {"x-api-key": SECRET})
            return response, api.asked

    return run


def in_turn(*answers):
    """Answer the first request with the first of these, and so on."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


# --- what is asked and answered --------------------------------------------------------------


def test_parameters_and_headers_arrive(ask):
    response, asked = ask(lambda _: Answer(b'{"a": 0.1000000000000000055}'))
    assert response.json() == {"a": Decimal("0.1000000000000000055")}
    assert asked[0].params == {"a": ["1"]}
    assert asked[0].headers["x-api-key"] == SECRET


def test_an_unchanged_page_is_an_answer(ask):
    response, _ = ask(lambda _: Answer(b"", 304))
    assert response.status == 304


@pytest.mark.parametrize(
    "body", [b"<html>sign in</html>", b'{"a": NaN}', b"[" * 100_000, b"9" * 5000, b""]
)
def test_what_is_not_json_is_refused_with_its_first_words(body):
    with pytest.raises(HttpError, match="not JSON") as caught:
        Response(200, {}, body).json()
    assert caught.value.permanent
    assert len(str(caught.value)) < 400


# --- busy servers ------------------------------------------------------------------------------


def test_a_busy_server_is_asked_again_after_the_time_it_names(ask, slept):
    busy = Answer(b"{}", 429, {"Retry-After": "7"})
    response, asked = ask(in_turn(busy, Answer(b'{"ok": true}')))
    assert response.json() == {"ok": True}
    assert len(asked) == 2
    assert 7 <= slept[0] <= 7.5


def test_a_time_to_retry_may_be_a_date(ask, slept):
    soon = format_datetime(timezone.now() + timezone.timedelta(seconds=30), usegmt=True)
    ask(in_turn(Answer(status=503, headers={"Retry-After": soon}), Answer()))
    assert 25 <= slept[0] <= 31


def test_a_wish_that_is_too_long_is_left_to_the_schedule(ask, slept):
    with pytest.raises(HttpError) as caught:
        ask(lambda _: Answer(b"{}", 429, {"Retry-After": "3600"}))
    assert not caught.value.permanent
    assert caught.value.retry_after == 3600
    assert slept == []


def test_a_server_that_stays_down_is_given_up_after_four_tries(ask, slept):
    with pytest.raises(HttpError, match="answered 500") as caught:
        ask(lambda _: Answer(b"{}", 500))
    assert not caught.value.permanent
    assert len(slept) == 3
    assert slept[0] < slept[1] < slept[2] or slept[2] <= 8


def test_a_spent_quota_is_not_a_missing_right(ask):
    reset = str(int(timezone.now().timestamp()) + 900)
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    with pytest.raises(HttpError) as caught:
        ask(lambda _: Answer(b'{"message": "API rate limit exceeded"}', 403, spent))
    assert not caught.value.permanent
    assert caught.value.code == "rate_limited"
    assert 890 < caught.value.retry_after < 910


# --- refusals ----------------------------------------------------------------------------------


def test_the_vendors_own_words_are_passed_on(ask, slept):
    body = b'{"type": "error", "error": {"message": "invalid x-api-key"}}'
    with pytest.raises(HttpError, match="answered 401: invalid x-api-key") as caught:
        ask(lambda _: Answer(body, 401))
    assert caught.value.permanent
    assert slept == []


def test_our_credential_is_cut_out_of_the_vendors_words(ask):
    with pytest.raises(HttpError) as caught:
        ask(lambda _: Answer(f'{{"message": "no such key {SECRET}"}}'.encode(), 403))
    assert "no such key [secret]" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_redirect_is_not_followed(ask):
    with pytest.raises(HttpError) as caught:
        ask(lambda _: Answer(b"", 302, {"Location": "http://169.254.169.254/"}))
    assert caught.value.permanent
    assert caught.value.location == "http://169.254.169.254/"


# --- bounds ------------------------------------------------------------------------------------


def test_a_body_that_is_cut_is_asked_for_again(ask):
    response, asked = ask(in_turn(Answer(b'{"whole', cut=20), Answer(b'{"whole": 1}')))
    assert response.json() == {"whole": 1}
    assert len(asked) == 2


def test_a_body_that_is_always_cut_fails(ask):
    with pytest.raises(HttpError, match="No answer") as caught:
        ask(lambda _: Answer(b'{"whole', cut=20))
    assert not caught.value.permanent


def test_an_answer_larger_than_the_limit_is_dropped_while_reading(ask):
    with pytest.raises(HttpError, match="larger than 100 bytes"):
        ask(lambda _: Answer(b"x" * 101), largest_bytes=100)


def test_a_promise_of_too_much_is_enough(ask):
    with pytest.raises(HttpError, match="larger than"):
        ask(lambda _: Answer(b"{}", cut=5 * 10**12), largest_bytes=100)


def test_a_byte_now_and_then_does_not_hold_us_forever(ask):
    began = time.monotonic()
    with pytest.raises(HttpError, match="No answer"):
        ask(lambda _: Answer(b" " * 500, pause=0.05), total_seconds=0.3)
    assert time.monotonic() - began < 5


# --- where it goes -------------------------------------------------------------------------------

HOUSE = [
    "http://169.254.169.254/",
    "https://169.254.169.254/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://[::ffff:169.254.169.254]/",
    "https://100.64.0.1/",
    "https://192.0.0.192/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[::1]/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://10.0.0.1/",
    "https://localhost/",
    "https://metadata.google.internal/",
    "https://api.example.com@127.0.0.1/",
    "https://api.example.com\\@127.0.0.1/",
    "https://127.0.0.1%5c.example.com/",
    "https://１27.0.0.1/",
    "https://api.example.com./",
    "https://api.example.com:99999/",
    "http://api.example.com/",
    "file:///etc/passwd",
    "gopher://api.example.com/",
    "https://api.example.com/a b",
    "//api.example.com/",
    "",
]


@pytest.mark.parametrize("url", HOUSE)
def test_no_packet_leaves_for_a_private_address(url, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("a packet left"))
    with pytest.raises(HttpError) as caught:
        Http().get(url)
    assert caught.value.code == "endpoint_not_allowed"
    assert caught.value.permanent


def test_a_public_name_that_leads_inside_is_refused(monkeypatch):
    """Also when it led elsewhere a moment before: the addresses connected to are those checked."""
    answers = [["93.184.216.34"], ["10.0.0.7"]]
    info = lambda *_, **__: [(0, 0, 0, "", (a, 443)) for a in answers.pop(0)]  # noqa: E731
    monkeypatch.setattr(guard.socket, "getaddrinfo", info)
    assert guard.addresses("rebind.example", 443, is_private=False) == ["93.184.216.34"]
    with pytest.raises(EndpointNotAllowedError, match=r"10\.0\.0\.7"):
        guard.addresses("rebind.example", 443, is_private=False)


def test_one_private_address_among_public_ones_fails_all(monkeypatch):
    info = [(0, 0, 0, "", (a, 443)) for a in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(guard.socket, "getaddrinfo", lambda *_, **__: info)
    with pytest.raises(EndpointNotAllowedError):
        guard.addresses("mixed.example", 443, is_private=False)


def test_we_connect_to_the_address_that_was_checked(monkeypatch):
    """The name is asked for once: a second, different answer would not be used."""
    asked, connected = [], []

    def resolve(host, *_, **__):
        asked.append(host)
        return [(0, 0, 0, "", ("93.184.216.34", 443))]

    def connect(address, *_, **__):
        connected.append(address)
        raise ConnectionRefusedError("nobody")

    monkeypatch.setattr(guard.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(HttpError, match=r"No answer from api\.example\.com"):
        Http(sleep=lambda _: None).get("https://api.example.com/")
    assert connected == [("93.184.216.34", 443)] * 4
    assert asked == ["api.example.com"] * 4


def test_only_the_named_port_of_a_private_host_is_open():
    assert endpoint("http://gitlab.lan:8080/api", ["gitlab.lan:8080"]).is_private
    with pytest.raises(EndpointNotAllowedError):
        endpoint("http://gitlab.lan:9090/api", ["gitlab.lan:8080"])
    assert not endpoint("https://api.example.com/").is_private
