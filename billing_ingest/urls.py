"""Where the pages of this app live."""

from django.urls import URLPattern, URLResolver, path

from billing_ingest import (
    ai_scope_views,
    bill_views,
    currency_views,
    invoice_views,
    mapping_views,
    seat_views,
    telemetry,
    token_views,
    typed_bill_views,
    upload_views,
    views,
    webhooks,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/<slug:source_key>/", webhooks.webhook, name="webhook"),
    path("ingest/v1/counters", telemetry.counters, name="ingest-counters"),
    path("outlay_local.py", telemetry.command, name="local-command"),
    path("otlp/v1/logs", telemetry.otlp, {"kind": "logs"}, name="otlp-logs"),
    path("otlp/v1/metrics", telemetry.otlp, {"kind": "metrics"}, name="otlp-metrics"),
    path("otlp/v1/traces", telemetry.otlp, {"kind": "traces"}, name="otlp-traces"),
    path("setup/", views.sources, name="sources"),
    path("setup/connect/<slug:slug>/", views.connect, name="connect"),
    path("setup/sources/<slug:key>/", views.source, name="source"),
    path("setup/sources/<slug:key>/pull/", views.run_now, name="pull-now"),
    path("setup/sources/<slug:key>/history/", views.history_progress, name="backfill"),
    path("setup/sources/<slug:key>/tokens/", token_views.make, name="make-token"),
    path(
        "setup/sources/<slug:key>/tokens/<int:token_id>/revoke/",
        token_views.revoke,
        name="revoke-token",
    ),
    path("setup/sources/<slug:key>/test/", views.test, name="test-source"),
    path("setup/upload/", upload_views.upload, name="upload"),
    path("setup/upload/confirm/", upload_views.confirm_all, name="upload-confirm"),
    path("setup/currencies/", currency_views.currencies, name="currencies"),
    path("setup/bills/", bill_views.all_bills, name="bills"),
    path("setup/bills/new/", typed_bill_views.new_bill, name="new-bill"),
    path("setup/seats/", seat_views.seats, name="seats"),
    path("setup/bills/<int:scope_id>/", bill_views.one_bill, name="bill"),
    path("setup/bills/<int:scope_id>/switch/", bill_views.switch, name="switch-bill"),
    path("setup/invoices/", invoice_views.invoices, name="invoices"),
    path("setup/invoices/new/", invoice_views.new_invoice, name="new-invoice"),
    path("setup/invoices/<int:invoice_id>/", invoice_views.invoice, name="invoice"),
    path(
        "setup/invoices/<int:invoice_id>/withdraw/", invoice_views.withdraw, name="withdraw-invoice"
    ),
    path("setup/ai-scope/", ai_scope_views.ai_scope_page, name="ai-scope"),
    path("setup/ai-scope/new/", ai_scope_views.new_ai_scope_rule, name="new-ai-scope-rule"),
    path("setup/ai-scope/<int:rule_id>/", ai_scope_views.ai_scope_rule, name="ai-scope-rule"),
    path(
        "setup/ai-scope/<int:rule_id>/move/",
        ai_scope_views.move_ai_scope_rule,
        name="move-ai-scope-rule",
    ),
    path(
        "setup/ai-scope/<int:rule_id>/end/",
        ai_scope_views.end_ai_scope_rule,
        name="end-ai-scope-rule",
    ),
    path("setup/imports/<int:imp_id>/", upload_views.import_page, name="import"),
    path("setup/imports/<int:imp_id>/mapping/", mapping_views.mapping, name="mapping"),
    path("setup/imports/<int:imp_id>/errors.csv", upload_views.errors_csv, name="import-errors"),
    path("setup/imports/<int:imp_id>/<slug:verb>/", upload_views.act, name="import-act"),
]
