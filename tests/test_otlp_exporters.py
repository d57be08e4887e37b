"""The real OpenTelemetry exporters send to our receiver on a live server, and rows appear."""

import logging
from contextlib import contextmanager

import pytest
from opentelemetry.exporter.otlp.common.http import Compression as JsonCompression
from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter as JsonLogs
from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter as JsonMetrics
from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter as JsonSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from billing_ingest import jobs, work
from billing_ingest.models import Delivery, Job
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Usage
from tests.telemetry import receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RESOURCE = Resource.create({"service.name": "my-app", "team": "platform"})
FORMS = {
    "protobuf": (OTLPLogExporter, OTLPMetricExporter, OTLPSpanExporter, Compression),
    "json": (JsonLogs, JsonMetrics, JsonSpans, JsonCompression),
}


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


@pytest.fixture(params=[(form, packed) for form in FORMS for packed in ("gzip", "none")])
def to_us(request, live_server):
    """How the exporters are set up: their classes, and what each is given."""
    form, packed = request.param
    _, token = receiver()
    *exporters, compression = FORMS[form]

    def given(kind):
        return {
            "endpoint": f"{live_server.url}/otlp/v1/{kind}",
            "headers": {"Authorization": f"Bearer {token}"},
            "compression": compression(packed),
        }

    return exporters, given


def run_jobs():
    for job in Job.objects.filter(kind="inbox", state="waiting"):
        assert work.run(job.pk)


@contextmanager
def closing(provider):
    yield provider
    provider.shutdown()


def test_what_the_exporters_send_is_in_the_books(to_us):
    (log_exporter, metric_exporter, span_exporter), given = to_us
    log_a_call(log_exporter(**given("logs")))
    count_tokens(metric_exporter(**given("metrics")))
    trace_a_chat(span_exporter(**given("traces")))
    assert set(Delivery.objects.values_list("event", "state")) == {
        ("logs", "received"), ("metrics", "received"), ("traces", "received"),
    }  # fmt: skip
    run_jobs()
    rows = {
        document: list(Usage.objects.filter(slice__imp__document=document).order_by("line"))
        for document in ("events", "metrics", "spans")
    }
    (event,), (span,) = rows["events"], rows["spans"]
    assert (event.input_tokens, event.output_tokens, event.requests) == (120, 900, 1)
    assert (event.actor, event.team) == ("dev@example.com", "platform")
    assert f"{event.list_cost.normalize():f}" == "0.0421"
    counted = [(row.input_tokens, row.output_tokens, row.requests) for row in rows["metrics"]]
    assert counted == [(1000, None, 1), (500, 700, 1)]
    assert (span.input_tokens, span.cached_input_tokens, span.output_tokens) == (400, 600, 120)
    assert list(imports_equal_their_files([])) == []


def log_a_call(exporter):
    said = {
        "event.name": "api_request", "session.id": "s1", "user.email": "dev@example.com",
        "model": "claude-sonnet-4-5", "cost_usd": 0.0421, "input_tokens": 120,
        "output_tokens": 900, "request_id": "req_1",
    }  # fmt: skip
    with closing(LoggerProvider(resource=RESOURCE)) as provider:
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        from opentelemetry._logs import LogRecord, SeverityNumber

        provider.get_logger("com.anthropic.claude_code.events").emit(
            LogRecord(
                body="claude_code.api_request", attributes=said,
                severity_number=SeverityNumber.INFO, timestamp=1_767_585_600_000_000_000,
            )
        )  # fmt: skip
    logging.getLogger("opentelemetry").setLevel(logging.WARNING)


def count_tokens(exporter):
    """The SDK reports running totals: two reports of one histogram."""
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    with closing(MeterProvider([reader], resource=RESOURCE)) as provider:
        histogram = provider.get_meter("gen_ai").create_histogram(
            "gen_ai.client.token.usage", "{token}"
        )
        said = {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5.1"}
        histogram.record(1000, said | {"gen_ai.token.type": "input"})
        provider.force_flush()
        histogram.record(500, said | {"gen_ai.token.type": "input"})
        histogram.record(700, said | {"gen_ai.token.type": "output"})


def trace_a_chat(exporter):
    with closing(TracerProvider(resource=RESOURCE)) as provider:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("gen_ai")
        said = {
            "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5.1",
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 600,
            "gen_ai.usage.output_tokens": 120,
        }  # fmt: skip
        with (
            tracer.start_as_current_span(
                "invoke_agent", attributes=said | {"gen_ai.operation.name": "invoke_agent"}
            ),
            tracer.start_as_current_span(
                "chat", attributes=said | {"gen_ai.operation.name": "chat"}
            ),
        ):
            pass
