"""Vendors' credentials at rest: sealed for one source, read with the operator's keys only."""

from datetime import UTC, datetime, timedelta

import pytest

from finops.ledger.models import Source
from finops.ledger.secrets import (
    SecretUnreadableError,
    secret_of,
    set_secret,
    set_webhook_secret,
    webhook_secrets,
)

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
OLD_KEY, NEW_KEY = "o" * 40, "n" * 40


@pytest.fixture
def source(settings):
    settings.FIELD_KEYS = [OLD_KEY]
    return Source(key="anthropic", name="Anthropic", connector="anthropic")


def test_a_secret_comes_back_and_is_not_stored_in_the_clear(source):
    set_secret(source, " sk-ant-canary\n")
    assert secret_of(source) == "sk-ant-canary"
    assert b"canary" not in bytes(source.secret)


def test_a_source_without_a_secret_has_an_empty_one(source):
    assert secret_of(source) == ""
    assert webhook_secrets(source, NOW) == []


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_secret_is_not_taken(source, empty):
    with pytest.raises(ValueError, match="protects nothing"):
        set_webhook_secret(source, empty, NOW)
    with pytest.raises(ValueError, match="protects nothing"):
        set_secret(source, empty)


def test_keys_can_be_rotated(source, settings):
    set_secret(source, "canary")
    settings.FIELD_KEYS = [NEW_KEY, OLD_KEY]
    assert secret_of(source) == "canary"
    set_secret(source, "canary")
    settings.FIELD_KEYS = [NEW_KEY]
    assert secret_of(source) == "canary"


def test_a_key_taken_away_too_early_asks_for_the_credential_again(source, settings):
    set_secret(source, "canary")
    settings.FIELD_KEYS = [NEW_KEY]
    with pytest.raises(SecretUnreadableError, match="enter it again"):
        secret_of(source)


def test_a_secret_copied_to_another_source_does_not_open(source):
    set_secret(source, "canary")
    thief = Source(key="thief", name="Thief", connector="anthropic", secret=source.secret)
    with pytest.raises(SecretUnreadableError):
        secret_of(thief)


def test_the_old_signing_secret_is_valid_for_a_day_after_a_new_one(source):
    set_webhook_secret(source, "first", NOW)
    set_webhook_secret(source, "second", NOW)
    assert webhook_secrets(source, NOW) == ["second", "first"]
    assert webhook_secrets(source, NOW + timedelta(hours=23)) == ["second", "first"]
    assert webhook_secrets(source, NOW + timedelta(hours=24)) == ["second"]


def test_only_the_last_two_signing_secrets_are_valid(source):
    for secret in ("first", "second", "third"):
        set_webhook_secret(source, secret, NOW)
    assert webhook_secrets(source, NOW) == ["third", "second"]


def test_an_unreadable_signing_secret_can_be_replaced(source, settings):
    set_webhook_secret(source, "first", NOW)
    settings.FIELD_KEYS = [NEW_KEY]
    set_webhook_secret(source, "second", NOW)
    assert webhook_secrets(source, NOW) == ["second"]
