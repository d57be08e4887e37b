"""Where the pages of this app live."""

from django.urls import URLPattern, URLResolver, path

from billing_ingest import webhooks

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/<slug:source_key>/", webhooks.webhook, name="webhook"),
]
