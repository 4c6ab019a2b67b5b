"""Which request is being answered, for log lines written anywhere below it."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("reels_request_id", default="")
"""Set for the length of a request; work started by it inherits it."""
