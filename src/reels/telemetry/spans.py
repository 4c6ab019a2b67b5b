"""OpenTelemetry spans of requests, their stages, the stores and the jobs. Imported only where traces are sent.

Own spans at our ports instead of the published instrumentations: those patch FastAPI, pymongo and redis for every call,
sampled or not, are still beta, and put queries into attributes. Ours cost nothing in a request that is not sampled but
the decision, and have no room for data.
"""

import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Token
from typing import Any

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

_SERVER_ERROR = 500
_CLOSE_SEC = 3.0
_propagator = TraceContextTextMapPropagator()


class _ShareOfRequests(Sampler):
    """A share of the requests, by trace id; everything else that begins a trace (a job) always."""

    def __init__(self, share: float) -> None:
        self._share = TraceIdRatioBased(share)
        self._all = TraceIdRatioBased(1.0)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """As OpenTelemetry says."""
        of = self._share if kind is SpanKind.SERVER else self._all
        return of.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """For logs."""
        return f"requests:{self._share.get_description()}"


class RequestSpan:
    """One request's, from `Spans.request` to `end`."""

    def __init__(self, spans: "Spans", span: Span) -> None:
        self._spans, self._span = spans, span
        self._token: Token[Context] = context.attach(trace.set_span_in_context(span))

    @property
    def trace_id(self) -> str:
        """32 hex digits; empty where the request is not traced."""
        return f"{self._span.get_span_context().trace_id:032x}" if self._span.is_recording() else ""

    def end(
        self, name: str, status: int, attributes: Mapping[str, Any], stages_ms: Mapping[str, float], ns: int
    ) -> None:
        """`stages_ms` are the stages in the order they ran; they ended `ns` (epoch)."""
        context.detach(self._token)
        if not self._span.is_recording():
            return
        self._span.update_name(name)
        self._span.set_attributes({"http.response.status_code": status, **attributes})
        if status >= _SERVER_ERROR:
            self._span.set_status(Status(StatusCode.ERROR))
        self._spans.stages(self._span, stages_ms, ns)
        self._span.end()


class Spans:
    """Makes the spans of one process. `processors` get them when they end."""

    def __init__(self, service: str, version: str, share: float, processors: Iterable[SpanProcessor]) -> None:
        by_share = TraceIdRatioBased(share)  # a caller may ask for less, not for more
        self._provider = TracerProvider(
            sampler=ParentBased(_ShareOfRequests(share), remote_parent_sampled=by_share),
            resource=Resource.create(
                {"service.name": service, "service.version": version, "service.instance.id": str(os.getpid())}
            ),
            shutdown_on_exit=False,
        )
        for processor in processors:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("reels", version)

    def request(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> RequestSpan:
        """Begins the span of a request, in the trace of its `traceparent` header where it has one."""
        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers
            if name in (b"traceparent", b"tracestate")
        }
        parent = _propagator.extract(carrier, Context())
        attributes = {"http.request.method": method}
        return RequestSpan(self, self._tracer.start_span(method, parent, SpanKind.SERVER, attributes))

    def stages(self, parent: Span, stages_ms: Mapping[str, float], ended_ns: int) -> None:
        """Spans of stages that have ended: timed on the way, told afterwards, so that they cost the request nothing."""
        within = trace.set_span_in_context(parent)
        laps = {name: round(ms * 1e6) for name, ms in stages_ms.items() if name != "total"}
        at = ended_ns - sum(laps.values())
        for name, ns in laps.items():
            self._tracer.start_span(name, within, start_time=at).end(at + ns)
            at += ns

    @contextmanager
    def job(self, name: str) -> Iterator[None]:
        """A run of a job: a trace of its own, or part of the one it is in."""
        with self._tracer.start_as_current_span(
            f"job {name}", record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:  # what it says may quote data
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def store(self, system: str, operation: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """`call`, with a span where something is being traced. Nothing of its arguments is told."""
        attributes = {"db.system.name": system, "db.operation.name": operation}

        async def traced(*args: Any, **named: Any) -> Any:
            if not trace.get_current_span().is_recording():
                return await call(*args, **named)
            with self._tracer.start_as_current_span(
                operation,
                kind=SpanKind.CLIENT,
                attributes=attributes,
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    return await call(*args, **named)
                except Exception as error:
                    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                    raise

        return traced

    def close(self) -> None:
        """Sends what waits, for a few seconds at most: the process ends without the rest."""
        closing = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
        closing.start()
        closing.join(_CLOSE_SEC)
