"""The drawing process: never a half-written file, never ended by what it is asked."""

import json
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from reels.media import drawing, film
from reels.media.form import FilmFormat

TINY = FilmFormat(width=32, height=48, frames_per_sec=12, shortest_sec=0.5, longest_sec=0.5)


def test_a_file_that_is_there_is_not_drawn_again(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    assert drawing.draw_once(path, "a", "music", TINY)
    content = path.read_bytes()
    assert not drawing.draw_once(path, "a", "music", TINY)
    assert path.read_bytes() == content


def test_a_drawing_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path: Path, *_: object) -> None:
        path.write_bytes(b"half a film")
        raise OSError("no space left on device")

    monkeypatch.setattr(film, "draw_film", half)
    with pytest.raises(OSError, match="no space"):
        drawing.draw_once(tmp_path / "a.mp4", "a", "music", TINY)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_while_it_is_drawn_it_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(path: Path, *arguments: object) -> None:
        path.write_bytes(b"half a film")
        seen.append((tmp_path / "a.jpg").exists())

    monkeypatch.setattr(film, "draw_poster", watched)
    drawing.draw_once(tmp_path / "a.jpg", "a", "music", TINY)
    assert seen == [False]
    assert (tmp_path / "a.jpg").exists()


def test_two_processes_draw_one_film_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(path: Path, *_: object) -> None:
        begun.set()
        assert go_on.wait(10)
        path.write_bytes(b"film")

    monkeypatch.setattr(film, "draw_film", slow)
    arguments = (tmp_path / "a.mp4", "a", "music", TINY)
    drawn: list[bool] = []
    # File locks belong to open files, so two threads stand for two processes.
    threads = [threading.Thread(target=lambda: drawn.append(drawing.draw_once(*arguments))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(drawn) == [False, True]


def test_it_answers_each_line_and_ends_with_its_input(tmp_path: Path) -> None:
    good = {"path": str(tmp_path / "a.jpg"), "reel_id": "a", "hint": "music", "form": asdict(TINY)}
    lines = [json.dumps(good), "not json", json.dumps({"path": "x"}), json.dumps(good)]
    done = subprocess.run(
        [sys.executable, "-m", "reels.media.drawing", "30"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[0] == {"drawn": True}
    assert "JSONDecodeError" in answers[1]["error"]
    assert "KeyError" in answers[2]["error"]
    assert answers[3] == {"drawn": False}
    assert done.stderr == ""


def test_it_ends_when_nobody_asks_for_long() -> None:
    process = subprocess.Popen([sys.executable, "-m", "reels.media.drawing", "0.05"], stdin=subprocess.PIPE)
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()
        assert process.stdin is not None
        process.stdin.close()
