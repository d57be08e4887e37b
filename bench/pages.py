"""Every page and panel against a trivial signed-in view, and the same with more data.

Requests go through the whole stack of middleware in this process; rounds are interleaved, so
that a busy moment of the machine meets both sides.
"""

import time
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from bench import year
from bench.results import Result
from finops.urls import urlpatterns as product

TRIVIAL = "/bench/trivial/"
QUERIES_MAX = 12


@login_required
def trivial(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path(TRIVIAL.strip("/") + "/", trivial, name="trivial"), *product]


def latency(usage: int, growth: int, rounds: int) -> Iterator[Result]:
    """p95 of the slowest page and panel, its queries, and what growth does to them."""
    year.build(usage)
    small = measure(rounds)
    year.build(usage * growth)
    big = measure(rounds)
    for address, (seconds, queries) in sorted(big.items()):
        if address != TRIVIAL:
            name = f"{address} at {usage * growth:,} usage rows, {queries} queries"
            figure = f"p50 {median(seconds) * 1000:.1f} ms, p95 {p95(seconds) * 1000:.1f} ms"
            yield Result(name, figure, p95(seconds) / p95(big[TRIVIAL][0]))
    yield from verdicts(small, big, growth)


Measured = dict[str, tuple[list[float], int]]


def verdicts(small: Measured, big: Measured, growth: int) -> Iterator[Result]:
    pages = [address for address in big if address != TRIVIAL]
    slowest = max(pages, key=lambda address: p95(big[address][0]))
    trivial_p95 = p95(big[TRIVIAL][0])
    figure = f"{slowest}: {p95(big[slowest][0]) * 1000:.1f} against {trivial_p95 * 1000:.1f} ms"
    yield Result("slowest page or panel, p95 against a trivial view", figure,
                 p95(big[slowest][0]) / trivial_p95, 6, False)  # fmt: skip
    most = max(pages, key=lambda address: big[address][1])
    yield Result("most SQL queries of a page or panel", most, big[most][1], QUERIES_MAX, False)
    slower = {a: median(big[a][0]) / median(small[a][0]) for a in pages}
    worst = max(slower, key=lambda address: slower[address])
    yield Result(
        f"slowest growth when the data grows {growth}x, p50", worst, slower[worst], 1.2, False
    )


def measure(rounds: int) -> Measured:
    settings.ROOT_URLCONF = "bench.pages"
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(administrator())
    about = addresses()
    found: Measured = {name: ([], queries_of(client, address)) for name, address in about.items()}
    for _ in range(rounds):
        for name, (seconds, _queries) in found.items():
            start = time.perf_counter()
            get(client, about[name])
            seconds.append(time.perf_counter() - start)
    return found


def addresses() -> dict[str, str]:
    """Every page, and every panel by itself, of the last whole month; ITEM is the dearest item."""
    from dashboards.pages import PAGES
    from finops.attribution.models import OutcomeCost

    item = OutcomeCost.objects.order_by("-billed_nanos").values_list("item_id", flat=True)[0]
    about = {"team": "?of=team-1", "receipt": "?of=ITEM"}
    pages = ["/", "/teams/", "/teams/team-1/", "/outcomes/ITEM/", "/spend/lines/"]
    panels = [
        f"/panels/{page.slug}/{panel.slug}/{about.get(page.slug, '')}"
        for page in PAGES.values()
        for panel in page.panels
    ]
    return {name: name.replace("ITEM", str(item)) for name in [TRIVIAL, *pages, *panels]}


def get(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")


def queries_of(client: Client, address: str) -> int:
    get(client, address)  # whatever is made at the first visit only is made now
    with CaptureQueriesContext(connection) as queries:
        get(client, address)
    return len(queries)


def administrator() -> object:
    from finops.people.models import User

    return User.objects.get_or_create(username="bench", defaults={"role": "admin"})[0]


def median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[min(len(seconds) * 95 // 100, len(seconds) - 1)]
