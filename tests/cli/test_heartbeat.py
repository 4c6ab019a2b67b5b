"""Signs of life, sent by the sender that is in use and heard by the ear that is in use."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import eventually

from reels.cli import heartbeat
from reels.cli.heartbeat import ALIVE, READY, Heartbeat, beating

pytestmark = pytest.mark.anyio


class Clock:
    """Stands still until told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heart(clock: Clock) -> Iterator[Heartbeat]:
    made = Heartbeat(30.0, clock)
    yield made
    made.close()


def _say(heart: Heartbeat, word: bytes = ALIVE) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(word, heart.environment["NOTIFY_SOCKET"])


def test_who_has_not_spoken_yet_is_starting(heart: Heartbeat, clock: Clock) -> None:
    clock.now += 1000
    assert not heart.silent


def test_silent_is_who_spoke_and_then_did_not_for_longer_than_the_limit(heart: Heartbeat, clock: Clock) -> None:
    _say(heart, READY)
    assert not heart.silent
    clock.now += 30
    assert not heart.silent
    clock.now += 1
    assert heart.silent
    _say(heart)
    assert not heart.silent


def test_what_waited_unread_counts_from_when_it_is_read(heart: Heartbeat, clock: Clock) -> None:
    """The one who looks may have been stopped itself."""
    _say(heart, READY)
    assert not heart.silent
    _say(heart)
    clock.now += 1000
    assert not heart.silent


def test_another_child_starts_unheard(heart: Heartbeat, clock: Clock) -> None:
    _say(heart, READY)
    assert not heart.silent
    _say(heart)
    heart.forget()
    clock.now += 1000
    assert not heart.silent


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract, as systemd may give"])
async def test_a_process_says_ready_once_and_then_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, abstract: bool
) -> None:
    monkeypatch.setattr(heartbeat, "EVERY_SEC", 0.01)
    name = f"@reels-{tmp_path.name}" if abstract else str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("\0" + name[1:] if abstract else name)
        ear.setblocking(False)
        loop = asyncio.get_running_loop()
        async with beating({"NOTIFY_SOCKET": name}):
            heard = [await asyncio.wait_for(loop.sock_recv(ear, 64), 30) for _ in range(3)]
    assert heard == [READY, ALIVE, ALIVE]


async def test_it_beats_on_where_its_listener_came_late(heart: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY_SEC", 0.01)
    path = Path(heart.environment["NOTIFY_SOCKET"]).with_name("late")
    async with beating({"NOTIFY_SOCKET": str(path)}):
        await asyncio.sleep(0.05)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind(str(path))
            ear.setblocking(False)
            assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ear, 64), 30) == READY


async def test_without_a_listener_nothing_is_done() -> None:
    before = asyncio.all_tasks()
    async with beating({}):
        assert asyncio.all_tasks() == before


def test_the_ear_leaves_no_file(clock: Clock) -> None:
    heart = Heartbeat(1.0, clock)
    path = Path(heart.environment["NOTIFY_SOCKET"])
    assert path.exists()
    heart.close()
    assert eventually(lambda: not path.parent.exists(), 5)
