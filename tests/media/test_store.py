"""The cache: one drawing however many ask, bounded, safe names, and drawers that may die."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.waiting import eventually_async

from reels.core.errors import StoreError, StoreUnavailable
from reels.media.drawer import Drawer
from reels.media.form import FilmFormat
from reels.media.store import MediaKind, MediaStore, evict, topic_hint

pytestmark = pytest.mark.anyio

TINY = FilmFormat(width=32, height=48, frames_per_sec=12, shortest_sec=0.5, longest_sec=0.5)
FILM, POSTER = MediaKind.FILM, MediaKind.POSTER


async def until(condition: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return condition()

    await eventually_async(asked)


class Clock:
    """A clock that is set."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[MediaStore]:
    made = MediaStore(tmp_path / "media", clock, form=TINY, drawers=2, longest_queue=4)
    yield made
    await made.aclose()


async def test_what_was_drawn_is_kept(store: MediaStore) -> None:
    assert store.kept(FILM, "a", "music") is None
    path = await store.get(FILM, "a", "music")
    assert path.read_bytes()[4:8] == b"ftyp"
    before = path.stat()
    assert await store.get(FILM, "a", "music") == path == store.kept(FILM, "a", "music")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_many_who_ask_at_once_wait_for_one_drawing(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = Drawer.draw

    async def counted(self: Drawer, path: Path, *arguments: object) -> bool:
        drawn.append(path.name)
        return await draw(self, path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Drawer, "draw", counted)
    paths = await asyncio.gather(*(store.get(FILM, "a", "music") for _ in range(20)))
    assert len(set(paths)) == 1
    assert len(drawn) == 1


async def test_one_who_leaves_does_not_spoil_it_for_the_others(store: MediaStore) -> None:
    impatient = asyncio.create_task(store.get(FILM, "a", "music"))
    patient = asyncio.create_task(store.get(FILM, "a", "music"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).exists()


async def test_posters_go_before_films(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    order, go_on = [], asyncio.Event()

    async def slow(self: Drawer, path: Path, *_: object) -> bool:
        order.append(path.suffix)
        await go_on.wait()
        return False

    monkeypatch.setattr(Drawer, "draw", slow)
    asked = [asyncio.create_task(store.get(FILM, name, "x")) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    asked.append(asyncio.create_task(store.get(POSTER, "d", "x")))
    await until(lambda: len(order) == 2)
    go_on.set()
    await asyncio.gather(*asked)
    assert order == [".mp4", ".mp4", ".jpg", ".mp4"]


async def test_too_many_at_once_are_told_to_come_back(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = asyncio.Event()

    async def slow(self: Drawer, *_: object) -> bool:
        await go_on.wait()
        return False

    monkeypatch.setattr(Drawer, "draw", slow)
    asked = [asyncio.create_task(store.get(FILM, str(number), "x")) for number in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="4 drawings wait"):
        await store.get(FILM, "one too many", "x")
    go_on.set()
    await asyncio.gather(*asked)


async def test_a_drawer_that_was_killed_is_replaced(store: MediaStore) -> None:
    await store.get(POSTER, "a", "music")
    for drawer in store._drawers:
        if drawer._process is not None:
            os.kill(drawer._process.pid, signal.SIGKILL)
    assert (await store.get(POSTER, "b", "music")).exists()


async def test_what_can_not_be_drawn_says_so_and_may_be_asked_for_again(store: MediaStore, tmp_path: Path) -> None:
    path = store.path(FILM, "a", "music")
    path.parent.rmdir()  # nowhere to write, whoever asks
    with pytest.raises(StoreError, match="can't draw reel 'a'"):
        await store.get(FILM, "a", "music")
    path.parent.mkdir()
    assert (await store.get(FILM, "a", "music")).exists()


async def test_closing_in_the_middle_leaves_nothing_half_done(tmp_path: Path, clock: Clock) -> None:
    store = MediaStore(tmp_path, clock)
    asked = asyncio.create_task(store.get(FILM, "a", "music"))
    await until(lambda: any(drawer._process for drawer in store._drawers))
    await store.aclose()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not store.path(FILM, "a", "music").exists()


async def test_the_cache_stays_inside_its_bound_and_keeps_what_was_used(tmp_path: Path, clock: Clock) -> None:
    store = MediaStore(tmp_path, clock, form=TINY)
    try:
        sizes = []
        for name in "abcd":
            clock.now += 10
            sizes.append((await store.get(FILM, name, "music")).stat().st_size)
        clock.now += 10
        assert store.kept(FILM, "a", "music")
        store._largest_bytes = sum(sizes)
        clock.now += 10
        await store.get(FILM, "e", "music")
        left = [name for name in "abcde" if store.kept(FILM, name, "music")]
        assert {"a", "e"} <= set(left)
        assert "b" not in left
        assert sum(map(os.path.getsize, store.directory.glob("*.mp4"))) <= sum(sizes)
    finally:
        await store.aclose()


def test_eviction_spares_the_newest_and_foreign_files(tmp_path: Path) -> None:
    for number in range(10):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(b"x" * 100)
        os.utime(path, (number, 0))
    (tmp_path / "notes.txt").write_bytes(b"x" * 5000)
    (tmp_path / ".old.mp4.1.tmp").write_bytes(b"x")
    os.utime(tmp_path / ".old.mp4.1.tmp", (0, 0))
    (tmp_path / ".new.mp4.1.tmp").write_bytes(b"x")
    os.utime(tmp_path / ".new.mp4.1.tmp", (99_000, 99_000))
    gone = evict(tmp_path, 500, now=100_000, keep=tmp_path / "0.mp4")
    assert sorted(path.name for path in gone) == [f"{number}.mp4" for number in range(1, 7)]
    assert (tmp_path / "notes.txt").exists()
    assert not (tmp_path / ".old.mp4.1.tmp").exists()
    assert (tmp_path / ".new.mp4.1.tmp").exists()


@given(reel_id=st.text(min_size=1), hint=st.text())
def test_no_id_leaves_the_directory(reel_id: str, hint: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = Path(tmp_path_factory.getbasetemp()) / "names"
    path = MediaStore(directory, Clock(), form=TINY).path(FILM, reel_id, hint)
    assert path.parent == directory
    assert path.resolve().parent == directory.resolve()
    assert not path.name.startswith(".")
    assert len(os.fsencode(path.name)) < 120


@pytest.mark.parametrize("reel_id", ["..", "../../etc/passwd", "/etc/passwd", "a\0b", "CON", "a" * 5000, "\ud800", "."])
def test_hostile_ids_become_plain_names(reel_id: str, tmp_path: Path) -> None:
    path = MediaStore(tmp_path, Clock(), form=TINY).path(FILM, reel_id, "x")
    assert path.parent == tmp_path
    assert path.name.startswith("=")


def test_different_things_have_different_files(tmp_path: Path) -> None:
    store, other_form = MediaStore(tmp_path, Clock(), form=TINY), MediaStore(tmp_path, Clock())
    paths = {
        store.path(kind, reel_id, hint)
        for kind in MediaKind
        for reel_id in ("a", "A", "=a", "a.b", "..")
        for hint in ("music", "cars")
    }
    assert len(paths) == 20
    assert store.path(FILM, "a", "x") != other_form.path(FILM, "a", "x")
    assert store.path(FILM, "a", "Music") == store.path(FILM, "a", "music")


def test_the_hint_is_made_of_tags_that_say_something() -> None:
    assert topic_hint([" ", "cooking", " pasta ", "", "c", "d", "e", "f"]) == "cooking, pasta, c, d, e"
    assert topic_hint([]) == ""
