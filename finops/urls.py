"""The URL map: the health endpoints, then what the two outer rooms offer."""

from importlib.util import find_spec

from django.urls import include, path

from finops import health

ROOMS = ("billing_ingest.urls", "dashboards.urls")

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    *(path("", include(room)) for room in ROOMS if find_spec(room)),
]
