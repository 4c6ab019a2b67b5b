"""Every error of the system, in one tree. Each says what was wrong, with which value, and what to do.

    ReelsError
    ├── InputError                 somebody gave us something we can't use
    │   ├── BadRow                 one row of a file: carries file, line, field, reason
    │   ├── BadRequest             one request: carries the field
    │   ├── UnknownReel            no such reel
    │   ├── UnknownFeed            no such served page (or it has expired)
    │   ├── BadCursor              not a cursor of ours, or somebody else's
    │   └── TooManyRequests        a quota is used up, or sign-ins failed too often: wait
    ├── AuthError
    │   ├── NotAuthenticated       no token, or one that can't be trusted
    │   └── NotAllowed             a good token that may not do this
    ├── StoreError
    │   ├── StoreUnavailable       MongoDB or Redis does not answer: try again later
    │   └── UnreadableState        a packed viewer state of another version, or damaged: rebuild it
    ├── ModelError
    │   ├── NoSnapshot             nothing trained yet
    │   ├── BadSnapshot            the files on disk are not what the manifest says
    │   └── SnapshotRefused        a freshly built snapshot failed its checks
    ├── SimulationError            a simulated viewer can't go on
    │   ├── BadSample              the sample's files are missing or can't be read
    │   ├── FeedUnreachable        the API does not answer, even when asked again
    │   └── FeedRefused            the API answers, but not with what was asked for
    ├── Overloaded                 more to do than can be done in time: try again later
    └── ConfigError                the deployment is set up wrongly

`api.problems` maps the tree to RFC 9457 problem responses; the CLI prints the message and exits 1 or 2.
"""

import math

_TOLD = 64
"""Characters of an id that are told back."""


class ReelsError(Exception):
    """Base of everything raised on purpose."""


class InputError(ReelsError):
    """The caller's input can't be used."""


class BadRow(InputError):
    """One row of a file can't be read; the rows around it are unharmed."""

    def __init__(self, file: str, line: int, field: str, reason: str) -> None:
        super().__init__(f"{file}:{line}: {field}: {reason}")
        self.file, self.line, self.field, self.reason = file, line, field, reason


class BadRequest(InputError):
    """One field of a request can't be used."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class UnknownReel(InputError):
    """No reel with this id."""

    def __init__(self, reel_id: str) -> None:
        told = reel_id if len(reel_id) <= _TOLD else reel_id[:_TOLD] + "…"
        super().__init__(f"no reel {told!r}")
        self.reel_id = reel_id


class UnknownFeed(InputError):
    """No served page with this id, or it is older than pages are kept."""

    def __init__(self, feed_id: str) -> None:
        super().__init__(f"no served page {feed_id!r}; pages are kept for a limited time")
        self.feed_id = feed_id


class BadCursor(InputError):
    """A cursor that was not issued by this system to this viewer."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cursor: {reason}; start again without a cursor")
        self.reason = reason


class TooManyRequests(InputError):
    """More than the caller's quota, or too many failed sign-ins. The same call may succeed after `retry_after_sec`."""

    def __init__(self, what: str, retry_after_sec: float) -> None:
        super().__init__(f"{what}; try again in {max(1, math.ceil(retry_after_sec))} s")
        self.retry_after_sec = max(1, math.ceil(retry_after_sec))


class AuthError(ReelsError):
    """The caller is not who the request needs."""


class NotAuthenticated(AuthError):
    """No token, an expired one, or one that can't be trusted."""


class NotAllowed(AuthError):
    """A good token that may not do this."""


class StoreError(ReelsError):
    """A store did not do its work."""


class StoreUnavailable(StoreError):
    """A store does not answer. Nothing was half done; the same call may succeed later."""

    def __init__(self, store: str, reason: str, retry_after_sec: int = 2) -> None:
        super().__init__(f"{store} does not answer: {reason}")
        self.store, self.retry_after_sec = store, retry_after_sec


class UnreadableState(StoreError):
    """A packed viewer state that this version can't read. It is derived: drop it and rebuild it from MongoDB."""


class ModelError(ReelsError):
    """The models can't be used."""


class NoSnapshot(ModelError):
    """Nothing has been trained yet: run `reels jobs run`."""


class BadSnapshot(ModelError):
    """Files missing, cut short or altered; the snapshot is not opened."""


class SnapshotRefused(ModelError):
    """A new snapshot failed its checks; the one before stays in use."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__("new snapshot refused: " + "; ".join(failures))
        self.failures = failures


class SimulationError(ReelsError):
    """A simulated viewer can't go on."""


class BadSample(SimulationError):
    """A file of the generated sample is missing or can't be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class FeedUnreachable(SimulationError):
    """The API did not answer, or kept asking for patience, in every attempt."""

    def __init__(self, what: str, attempts: int, reason: str) -> None:
        super().__init__(f"{what} failed {attempts} times: {reason}; is the API running at this address?")
        self.what, self.attempts, self.reason = what, attempts, reason


class FeedRefused(SimulationError):
    """The API answered with a refusal, or in a shape nobody promised."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what, self.reason = what, reason


class Overloaded(ReelsError):
    """More requests than can be answered in time. Nothing was begun; the same call may succeed later."""

    def __init__(self, retry_after_sec: int) -> None:
        super().__init__(f"too much to do; nothing was begun, send the same again in {retry_after_sec} s")
        self.retry_after_sec = retry_after_sec


class ConfigError(ReelsError):
    """A setting is missing, unsafe or contradicts another; says which and what to do."""
