"""Simulated viewers who watch on whatever happens, asking again as the app does: same page, same events.

As in the app, events wait in a queue of their own: nobody stops watching because they are not taken.
"""

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import httpx
from tests.faults.served import Door
from tests.waiting import eventually

VIEWERS = 6
LIMIT = 5
PAUSE_SEC = 0.3
FIRST_RETRY_SEC, LONGEST_RETRY_SEC = 0.2, 2.0
PATIENCE_SEC = 120.0
"""How long a test waits for what should take a second: a machine may be busy."""
STORES = frozenset({"redis", "mongo"})

_addresses = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What became of one request. Times are `time.monotonic()`."""

    kind: Literal["feed", "events"]
    began: float
    ended: float
    whole: bool
    """200, and a page is full, a batch taken to the last event."""
    degraded: frozenset[str]
    """Stores that the page was made without."""
    why: str = ""

    @property
    def well(self) -> bool:
        return self.whole and not self.degraded


@dataclass
class Watcher:
    """One viewer: a page, what it did with each reel, the next page. Two threads: one watches, one tells."""

    door: Door
    stop: threading.Event
    answers: list[Answer] = field(default_factory=list)
    first_tries: list[Answer] = field(default_factory=list)
    """The first answer to each page that was asked for."""
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    user_id: str = ""
    failed: BaseException | None = None
    _to_tell: queue.SimpleQueue[list[dict[str, Any]] | None] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        self._threads = [
            threading.Thread(target=self._run, args=(work,), daemon=True) for work in (self._watch, self._tell)
        ]
        number = next(_addresses)
        transport = httpx.HTTPTransport(
            verify=self.door.trust if self.door.trust else True, local_address=self.door.source
        )
        headers = {"x-forwarded-for": f"10.7.{number // 250}.{number % 250 + 1}"}
        self.http = httpx.Client(base_url=self.door.url, transport=transport, timeout=60, headers=headers)
        told = self.http.post("/auth/device", json={"region": "US", "language": "en"}).raise_for_status().json()
        self.user_id = told["user_id"]
        self.http.headers["authorization"] = f"Bearer {told['access_token']}"

    def start(self) -> None:
        """Begin to watch."""
        for one in self._threads:
            one.start()

    def join(self, timeout: float) -> None:
        """After `stop`: until the last event is acknowledged."""
        for one in self._threads:
            one.join(timeout)
            assert not one.is_alive(), "a viewer hangs"
        self.http.close()
        if self.failed is not None:
            raise self.failed

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self.failed = error

    def _watch(self) -> None:
        cursor = None
        try:
            while not self.stop.is_set():
                page = self._page(cursor)
                if events := self._did(page["items"]):
                    self._to_tell.put(events)
                cursor = page["next_cursor"]
                self.stop.wait(PAUSE_SEC)
        finally:
            self._to_tell.put(None)

    def _tell(self) -> None:
        while (events := self._to_tell.get()) is not None:
            names = {event["event_id"] for event in events}
            self.sent |= names
            for answer in self._until_taken("events", "POST", json={"events": events}):
                if answer is not None:
                    assert not answer["rejected"], answer
                    self.acknowledged |= names
                    break

    def _page(self, cursor: str | None) -> dict[str, Any]:
        params: dict[str, Any] = {"limit": LIMIT} | ({"cursor": cursor} if cursor else {})
        for number, answer in enumerate(self._until_taken("feed", "GET", params=params)):
            if number == 0:
                self.first_tries.append(self.answers[-1])
            if answer is not None:
                self.shown += [item["reel_id"] for item in answer["items"]]
                return answer
        raise AssertionError("unreachable")

    def _did(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        events = [self._event("impression", item) for item in items]
        events += [self._event("watch", item, watch_sec=3.0) for item in items[:3]]
        return events + [self._event("like", item) for item in items[:1]]

    def _event(self, kind: str, item: dict[str, Any], **fields: Any) -> dict[str, Any]:
        now = round(time.time() * 1000)
        return {"event_id": uuid4().hex, "reel_id": item["reel_id"], "kind": kind, "occurred_at": now, **fields}

    def _until_taken(
        self, kind: Literal["feed", "events"], method: str, **request: Any
    ) -> Iterator[dict[str, Any] | None]:
        """Each try's body, None where there was none; the caller stops when it has one."""
        began = time.monotonic()
        wait = FIRST_RETRY_SEC
        while time.monotonic() < began + PATIENCE_SEC:
            body, after = self._try(kind, method, **request)
            yield body
            time.sleep(max(wait, after))
            wait = min(2 * wait, LONGEST_RETRY_SEC)
        raise AssertionError(f"{kind}: not answered for {PATIENCE_SEC:g} s: {self.answers[-1]}")

    def _try(self, kind: Literal["feed", "events"], method: str, **request: Any) -> tuple[dict[str, Any] | None, float]:
        began = time.monotonic()
        try:
            answer = self.http.request(method, f"/{kind}", **request)
        except httpx.TransportError as error:
            self._note(kind, began, False, repr(error))
            return None, 0.0
        if answer.status_code != 200:
            self._note(kind, began, False, f"{answer.status_code} {answer.text[:200]}")
            return None, float(answer.headers.get("retry-after", 0))
        body: dict[str, Any] = answer.json()
        if kind == "feed":
            full = len(body["items"]) == LIMIT
            self._note(kind, began, full, "" if full else f"{len(body['items'])} items", body["degraded"])
        else:
            self._note(kind, began, body["stored"] + body["duplicates"] == len(request["json"]["events"]), str(body))
        return body, 0.0

    def _note(
        self,
        kind: Literal["feed", "events"],
        began: float,
        whole: bool,
        why: str = "",
        degraded: list[str] | None = None,
    ) -> None:
        missing = frozenset(degraded or ()) & STORES
        self.answers.append(Answer(kind, began, time.monotonic(), whole, missing, why))


@dataclass
class Traffic:
    """All viewers of a scenario."""

    watchers: list[Watcher]

    def wait_well(self, since: float = 0.0) -> None:
        """Until everybody gets whole pages made with everything, and has events acknowledged, again."""
        eventually(lambda: all(self._is_well(one, since) for one in self.watchers), PATIENCE_SEC)

    def _is_well(self, watcher: Watcher, since: float) -> bool:
        if watcher.failed is not None:
            raise watcher.failed
        late = [answer for answer in list(watcher.answers) if answer.began >= since]
        last = [[answer for answer in late if answer.kind == kind][-3:] for kind in ("feed", "events")]
        return all(len(one) == 3 and all(answer.well for answer in one) for one in last)

    @property
    def answers(self) -> list[Answer]:
        return sorted((one for watcher in self.watchers for one in watcher.answers), key=lambda one: one.ended)

    @property
    def first_tries(self) -> list[Answer]:
        return [one for watcher in self.watchers for one in watcher.first_tries]


@contextmanager
def watching(door: Door, viewers: int = VIEWERS) -> Iterator[Traffic]:
    """Viewers who watch during the block; each has its last batch acknowledged before it ends."""
    stop = threading.Event()
    traffic = Traffic([Watcher(door, stop) for _ in range(viewers)])
    for one in traffic.watchers:
        one.start()
    try:
        yield traffic
    finally:
        stop.set()
        for one in traffic.watchers:
            one.join(2 * PATIENCE_SEC)
