"""Log lines: JSON, one a line, on stderr. No personal data: see `telemetry.failures` and `api.middleware`."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from reels.telemetry.failures import without_messages
from reels.telemetry.request import request_id


def configure(level: str) -> None:
    """For a process that serves. Lines of libraries come out likewise.

    An exception is logged with its type and place; with what it says, which may quote data, at level debug only.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    failures = structlog.processors.format_exc_info if least <= logging.DEBUG else without_messages
    shared: list[structlog.typing.Processor] = [
        _with_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        failures,
    ]
    written = structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[*shared, written],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, written],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING), force=True)


def _with_request_id(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if current := request_id.get():
        event.setdefault("request_id", current)
    return event


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
