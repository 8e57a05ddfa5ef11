"""Spans of requests, as an exporter receives them."""

import asyncio
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from .conftest import Start
from .service import JSON, Service, Tokens
from .test_canaries import BODIES, CANARY, REQUESTS

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """Return an exporter that keeps the spans of this process in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    """Return the exporter without spans."""
    exporter.clear()
    yield exporter
    exporter.clear()


@pytest.fixture
async def service(start: Start, spans: InMemorySpanExporter) -> Service:
    """Return a service with traces."""
    return await start(traces=True)


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    """Return the only span."""
    (span,) = spans.get_finished_spans()
    return span


async def test_a_request_is_a_span(service: Service, tokens: Tokens, spans: InMemorySpanExporter) -> None:
    """The span is named after the method and the route pattern; its attributes are these two and the status."""
    spans.clear()
    await service.ask("DELETE", "/auth/sessions/" + "A" * 22, token=tokens.access)
    span = only(spans)
    assert (span.name, span.kind) == ("DELETE /auth/sessions/{sid}", SpanKind.SERVER)
    assert span.attributes == {
        "http.request.method": "DELETE",
        "http.route": "/auth/sessions/{sid}",
        "http.response.status_code": 404,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is None


async def test_a_request_without_a_route(service: Service, spans: InMemorySpanExporter) -> None:
    """The span is named after the method alone, and has no text of the client."""
    await service.ask("GET", "/nowhere")
    assert only(spans).name == "GET"
    spans.clear()
    await service.send(b"PROPFIND /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    assert only(spans).name == "HTTP"
    assert only(spans).attributes == {"http.request.method": "_OTHER", "http.response.status_code": 404}


async def test_a_failure_of_the_service_is_an_error(
    service: Service, tokens: Tokens, spans: InMemorySpanExporter
) -> None:
    """The span of a failure has the status error, and no event with the text of an exception."""
    spans.clear()
    service.sessions.bug = RuntimeError(CANARY)
    await service.refresh(tokens.refresh)
    span = only(spans)
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["http.response.status_code"] == 500
    assert span.events == ()


async def test_a_span_belongs_to_the_trace_of_the_caller(service: Service, spans: InMemorySpanExporter) -> None:
    """The span of the caller is the parent (W3C Trace Context); other tracing headers are ignored."""
    headers = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01", "tracestate": f"v={CANARY}", "baggage": f"v={CANARY}"}
    await service.ask("GET", "/livez", headers=headers)
    span = only(spans)
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE_ID
    assert f"{span.parent.span_id:016x}" == PARENT_ID
    assert not span.context.trace_state


@pytest.mark.parametrize("value", ["", "00-0-0-0", "x" * 1_000, f"00-{'0' * 32}-{PARENT_ID}-01"])
async def test_an_invalid_parent_is_ignored(service: Service, spans: InMemorySpanExporter, value: str) -> None:
    """The request is served, with a new trace."""
    assert (await service.ask("GET", "/livez", headers={"traceparent": value})).status == 200
    assert only(spans).parent is None


async def test_concurrent_requests_have_separate_traces(service: Service, spans: InMemorySpanExporter) -> None:
    """Each of several concurrent requests has its own trace."""
    await asyncio.gather(*(service.ask("GET", "/livez") for _ in range(5)))
    finished = spans.get_finished_spans()
    assert len({span.context.trace_id for span in finished}) == 5
    assert {span.parent for span in finished} == {None}


async def test_a_span_has_no_text_of_the_client(service: Service, tokens: Tokens, spans: InMemorySpanExporter) -> None:
    """No query, path, method, token, username or header of the client is in a span."""
    for raw in REQUESTS.values():
        await service.send(raw)
    for body in BODIES.values():
        for path in ("/auth/login", "/auth/refresh", "/auth/logout"):
            await service.ask("POST", path, data=body, headers=JSON)
    await service.ask("GET", f"/auth/me?access_token={tokens.access}", token=tokens.access)
    finished = spans.get_finished_spans()
    assert len(finished) > len(BODIES)
    text = "\n".join(span.to_json() for span in finished).lower()
    for secret in (CANARY, tokens.access, tokens.refresh, "alice", "access_token"):
        assert secret.lower() not in text


async def test_without_the_setting_there_are_no_spans(start: Start, spans: InMemorySpanExporter) -> None:
    """Without the setting there are no spans, even if an exporter is configured."""
    service = await start()
    await service.ask("GET", "/livez")
    assert spans.get_finished_spans() == ()
