"""Traces, where they are wanted: without REELS_OTLP_URL nothing that makes or sends spans is imported."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reels.core.errors import ConfigError

if TYPE_CHECKING:
    from reels.telemetry.spans import Spans

_TIMEOUT_SEC = 3.0


@contextmanager
def open_spans(url: str, share: float, service: str, version: str) -> "Iterator[Spans | None]":
    """Spans that go to a collector (OTLP over HTTP), in batches and from a thread of their own; None without a `url`.

    A collector that does not answer costs the spans, never a request. ConfigError when the extra `otel` is missing.
    """
    if not url:
        yield None
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from reels.telemetry.spans import Spans
    except ImportError as error:
        raise ConfigError(f"REELS_OTLP_URL is set, but {error.name} is missing: pip install 'reels[otel]'") from None
    exporter = OTLPSpanExporter(endpoint=url, timeout=_TIMEOUT_SEC)
    spans = Spans(service, version, share, [BatchSpanProcessor(exporter)])
    try:
        yield spans
    finally:
        spans.close()


class Traced:
    """A store whose coroutines have spans; everything else is the store's own."""

    def __init__(self, store: object, system: str, port: str, spans: "Spans") -> None:
        self._store, self._system, self._port, self._spans = store, system, port, spans

    def __getattr__(self, name: str) -> Any:
        """Asked once for each name: what is found stays."""
        found = getattr(self._store, name)
        if inspect.iscoroutinefunction(found):
            found = self._spans.store(self._system, f"{self._port}.{name}", found)
        self.__dict__[name] = found
        return found
