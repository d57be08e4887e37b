"""A source pulled from a fake vendor on this machine, through the same door as a live one."""

from collections.abc import Callable
from datetime import date
from typing import Any

from billing_ingest.pull import pull
from finops.ledger.models import Import, Source
from finops.ledger.secrets import set_secret
from finops.outside.http import Http
from finops.periods import Period
from tests.vendor import Vendor

Pull = Callable[..., list[Import]]


def pull_from(
    vendor: Vendor, settings: Any, connector: str, window: tuple[date, date], *,
    secret: str = "key-canary", **config: Any,
) -> list[Import]:  # fmt: skip
    """Pull a window; trailing days come on top of it, as ever."""
    settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
    source, _ = Source.objects.get_or_create(
        key=connector, defaults={"name": connector, "connector": connector}
    )
    source.config = {"api_url": vendor.url} | config
    set_secret(source, secret)
    source.save()
    imports = pull(source, Period(*window), http=Http(sleep=lambda _: None))
    for imp in imports:
        imp.refresh_from_db()
    return imports
