"""A snapshot that was cut short or altered on the disk, and what becomes of workers that meet it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from tests.faults.conftest import Suffer
from tests.faults.served import Served
from tests.faults.strictness import AGAIN_SEC, AT_ONCE
from tests.waiting import eventually

from reels.learning.shelf import CURRENT
from reels.learning.snapshot import MANIFEST
from reels.stores.local import Child

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def half_written(directory: Path) -> None:
    """As if the machine had gone down while it was written by something that does not sync."""
    file = directory / "content_codes.npy"
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)


def altered(directory: Path) -> None:
    """One byte is another one, sizes as before: only the checksum tells."""
    file = directory / "content_codes.npy"
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        byte = stream.read(1)[0]
        stream.seek(-1, 1)
        stream.write(bytes([byte ^ 0xFF]))


def without_manifest(directory: Path) -> None:
    (directory / MANIFEST).unlink()


@contextmanager
def damaged_current(served: Served, damage: Callable[[Path], None], *, restart: bool) -> Iterator[None]:
    """A new version that is damaged becomes the current one; with `restart`, workers have to start on it."""
    shelf = served.shelf
    good = shelf.current()
    assert good
    bad = f"{good}z"
    shutil.copytree(shelf.root / good, shelf.root / bad)
    told = json.loads((shelf.root / bad / MANIFEST).read_text())
    (shelf.root / bad / MANIFEST).write_text(json.dumps(told | {"version": bad}))
    damage(shelf.root / bad)
    point_to(served, bad)
    try:
        if restart:
            for api in served.apis:
                api.kill()
                time.sleep(1.0)
                api.start()
                # Until nginx has taken it back: with the other one gone too nobody would be left.
                eventually(partial(answers_pages, api), 60)
        yield
        for api in served.apis:
            assert snapshot_of(served, api.name) in ("", good)
    finally:
        point_to(served, good)
        shutil.rmtree(shelf.root / bad)


def answers_pages(api: Child) -> bool:
    """Whether it has answered one since it was last started."""
    return "/feed" in api.said()


def point_to(served: Served, version: str) -> None:
    draft = served.shelf.root / ".draft"
    draft.write_text(version + "\n")
    draft.replace(served.shelf.root / CURRENT)


def snapshot_of(served: Served, name: str) -> str:
    """The version an API worker answers from."""
    port = served._ports[[api.name for api in served.apis].index(name)]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        token = http.post("/auth/device", json={}).raise_for_status().json()["access_token"]
        page = http.get("/feed", headers={"authorization": f"Bearer {token}"}).raise_for_status().json()
    return str(page["snapshot"])


@pytest.mark.parametrize("damage", [half_written, altered, without_manifest])
def test_a_damaged_snapshot_is_not_taken(served: Served, suffer: Suffer, damage: Callable[[Path], None]) -> None:
    what = f"snapshot {damage.__name__.replace('_', ' ')}"
    outcome = suffer(what, served, damaged_current(served, damage, restart=False))
    assert outcome.whole_at_once >= AT_ONCE
    assert outcome.recovered_sec <= AGAIN_SEC


def test_workers_that_start_on_a_damaged_snapshot_take_the_one_before(served: Served, suffer: Suffer) -> None:
    fault = damaged_current(served, altered, restart=True)
    outcome = suffer("snapshot altered, and both API workers, kill -9 one after the other", served, fault)
    assert outcome.whole_at_once >= AT_ONCE
