"""Times as they are answered."""

import datetime


def iso(at: float) -> str:
    """ISO 8601, UTC, to the millisecond."""
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
