"""kill -9 of MongoDB, of Valkey and of the API while viewers write: every acknowledged event is there once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pymongo
import pytest
from tests.e2e.client import Page, Viewer

from reels.api import key_files
from reels.cli.api import SAYS
from reels.cli.processes import Processes, answers, environment, listening
from reels.stores import local
from reels.stores.local import Child, LocalStores

pytestmark = pytest.mark.slow

WRITERS = 4
BATCH = 5
REELS = [f"r{i}" for i in range(400)]


@dataclass
class System:
    """Private stores and one API process, each with its own kill switch."""

    stores: LocalStores
    api: Child
    url: str


@dataclass
class Writer(threading.Thread):
    """Posts batches, each again and again until it is acknowledged, as the app does."""

    viewer: Viewer
    stop: threading.Event
    acknowledged: list[str] = field(default_factory=list)
    failures: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            reels = [{"reel_id": REELS[(number * BATCH + i) % len(REELS)]} for i in range(BATCH)]
            events = [self.viewer.event("watch", reel, watch_sec=2.0) for reel in reels]
            while not self._sent(events):
                self.failures += 1
                time.sleep(0.05)
            self.acknowledged += [event["event_id"] for event in events]

    def _sent(self, events: list[dict[str, object]]) -> bool:
        try:
            answer = self.viewer.http.post("/events", json={"events": events})
        except httpx.TransportError:
            return False
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
            return False
        receipt = answer.raise_for_status().json()
        assert receipt["stored"] + receipt["duplicates"] == BATCH, receipt
        return True


@pytest.fixture
def system(data_dir: Path) -> Iterator[System]:
    with _running(data_dir) as started:
        yield started


@contextmanager
def _running(data_dir: Path) -> Iterator[System]:
    signing, pseudonym = key_files.create(data_dir / "keys")
    with local.start(data_dir / "stores") as stores, listening("127.0.0.1", 0) as sock:
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        values = {
            "REELS_DATA_DIR": str(data_dir),
            "REELS_MONGO_URL": stores.mongo_url,
            "REELS_REDIS_URL": stores.redis_url,
            "REELS_SIGNING_KEY_FILE": str(signing),
            "REELS_PSEUDONYM_KEY_FILE": str(pseudonym),
        }
        processes = Processes(data_dir / "logs")
        with environment(values):
            _import_catalogue(data_dir)
            try:
                api = processes.start(
                    "api", ["api", "--fd", str(sock.fileno())], SAYS, answers(f"{url}/readyz"), (sock.fileno(),)
                )
                yield System(stores, api, url)
            finally:
                processes.stop()


def _import_catalogue(data_dir: Path) -> None:
    from typer.testing import CliRunner

    from reels.cli.app import app

    file = data_dir / "reels.csv"
    file.write_text(
        "video_id,title,creator_id,duration_sec\n" + "".join(f"{one},Title {one},c{one},10\n" for one in REELS)
    )
    result = CliRunner().invoke(app, ["import", "reels", str(file), "--rejects", str(data_dir / "rejects.csv")])
    assert result.exit_code == 0, result.output


def test_every_acknowledged_event_is_there_once(system: System) -> None:
    stop = threading.Event()
    writers = [Writer(Viewer(system.url), stop) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for victim in (system.stores.mongod, system.stores.valkey, system.api) * 2:
        time.sleep(0.7)
        victim.kill()
        time.sleep(0.3)
        victim.start()
    _progress(writers)
    stop.set()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive()
    with pymongo.MongoClient[dict[str, object]](system.stores.mongo_url) as client:
        kept = [(str(one["_id"])) for one in client["reels"]["interactions"].find({}, {"_id": 1})]
    for writer in writers:
        mine = [f"{writer.viewer.user_id}:{one}" for one in writer.acknowledged]
        assert len(mine) > 3 * BATCH
        assert set(mine) <= set(kept)
    assert len(kept) == len(set(kept))
    assert sum(writer.failures for writer in writers) > 0, "nothing was ever down: the test did not test"


def test_the_next_page_obeys_what_was_acknowledged_before_the_crash(system: System) -> None:
    viewer = Viewer(system.url)
    for victim in (system.stores.valkey, system.stores.mongod, system.api):
        reel = viewer.page(limit=3)["items"][0]
        assert _told_again(viewer, viewer.event("not_interested", reel))["stored"] == 1
        victim.kill()
        victim.start()
        page = _page_again(viewer)
        assert reel["reel_id"] not in [item["reel_id"] for item in page["items"]]


def test_without_redis_the_feed_answers_and_obeys_and_says_so(system: System) -> None:
    viewer = Viewer(system.url)
    first = viewer.page(limit=5)
    system.stores.valkey.kill()
    second = viewer.page(limit=5, cursor=first["next_cursor"])
    assert "redis" in second["degraded"]
    shown = {item["reel_id"] for item in first["items"] + second["items"]}
    assert len(shown) == 10
    viewer.did("like", second["items"][0])
    third = viewer.page(limit=5)
    assert not {item["reel_id"] for item in third["items"]} & shown
    system.stores.valkey.start()


def test_without_mongodb_the_feed_answers_and_events_wait_for_it(system: System) -> None:
    viewer = Viewer(system.url)
    first = viewer.page(limit=5)
    system.stores.mongod.kill()
    assert len(viewer.page(limit=5, cursor=first["next_cursor"])["items"]) == 5
    event = viewer.event("like", first["items"][0])
    answer = viewer.http.post("/events", json={"events": [event]})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    system.stores.mongod.start()
    assert _told_again(viewer, event)["stored"] == 1


def _page_again(viewer: Viewer) -> Page:
    for _ in range(100):
        try:
            page = viewer.page(limit=20)
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if "mongo" not in page["degraded"]:
            return page
        time.sleep(0.1)
    raise AssertionError("the system did not come back")


def _told_again(viewer: Viewer, event: dict[str, object]) -> dict[str, int]:
    for _ in range(100):
        answer = viewer.http.post("/events", json={"events": [event]})
        if answer.status_code == 200:
            receipt: dict[str, int] = answer.json()
            return receipt
        time.sleep(0.1)
    raise AssertionError("events were not taken again")


def _progress(writers: list[Writer]) -> None:
    """Every writer gets a batch through once all is well again."""
    before = [len(writer.acknowledged) for writer in writers]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if all(len(writer.acknowledged) > had for writer, had in zip(writers, before, strict=True)):
            return
        time.sleep(0.05)
    raise AssertionError("writers are stuck")
