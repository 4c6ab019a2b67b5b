"""What one check found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`warn` works but should be looked at; `fail` is broken, or loses something."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Level
    what: str
    """What was looked at."""
    found: str
    advice: str = ""
    """What to do; "" where nothing needs doing."""


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, what, found)


def warn(what: str, found: str, advice: str) -> Finding:
    """Works, but."""
    return Finding(Level.WARN, what, found, advice)


def fail(what: str, found: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(Level.FAIL, what, found, advice)
