"""The URL map: the health endpoints, then what the two outer rooms offer."""

from django.urls import include, path

from finops import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("", include("billing_ingest.urls")),
    path("", include("dashboards.urls")),
]
