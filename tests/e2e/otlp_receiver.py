"""A collector of traces: OTLP over HTTP in, one JSON line a span out. `python otlp_receiver.py PORT FILE`."""

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


def told(request: ExportTraceServiceRequest) -> list[dict[str, Any]]:
    """The spans of a request, flat."""
    found = []
    for resource in request.resource_spans:
        service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            found.append(
                {
                    "service": service,
                    "name": span.name,
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "attributes": {one.key: str(one.value).strip() for one in span.attributes},
                    "ms": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
                }
            )
    return found


class Receiver(BaseHTTPRequestHandler):
    """POST /v1/traces."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        spans = told(ExportTraceServiceRequest.FromString(body))
        with Path(sys.argv[2]).open("a") as file:
            file.write("".join(json.dumps(span) + "\n" for span in spans))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.end_headers()
        self.wfile.write(ExportTraceServiceResponse().SerializeToString())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


if __name__ == "__main__":
    Path(sys.argv[2]).touch()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
