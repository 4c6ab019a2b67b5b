"""What a film costs: CPU seconds, bytes and loop seam per motif, and what drawing does to the event loop beside it.

    python benchmarks/films.py            # writes results/films.json

One full-size film a motif. The seam is the mean difference (0..255) from the last frame to the first; a step the same
between two neighbours in the middle: a seam like a step is a loop nobody sees end.
"""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from machine import keep

from reels.media.film import draw_film, draw_poster
from reels.media.looks import TOPICS, look_of
from reels.media.motifs import MOTIFS
from reels.media.store import MediaKind, MediaStore

FILMS_BESIDE_THE_LOOP = 6


def a_reel_with(motif: str) -> tuple[str, str]:
    """Topic hint and reel id of a film that shows the motif."""
    topics = [name for name, topic in TOPICS.items() if motif in topic.motifs]
    pairs = ((topic, f"reel-{number}") for number in range(200) for topic in topics)
    return next((topic, reel) for topic, reel in pairs if look_of(topic, reel).motif == motif)


def film_cost(directory: Path, motif: str) -> dict[str, Any]:
    hint, reel_id = a_reel_with(motif)
    film, poster = directory / f"{motif}.mp4", directory / f"{motif}.jpg"
    began = time.process_time()
    draw_film(film, reel_id, hint)
    drawn = time.process_time()
    draw_poster(poster, reel_id, hint)
    poster_took = time.process_time() - drawn
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="gray").astype(np.int16) for frame in container.decode(video=0)]
    middle = len(frames) // 2
    return {
        "cpu_sec": round(drawn - began, 2),
        "film_kb": film.stat().st_size // 1024,
        "poster_cpu_sec": round(poster_took, 3),
        "poster_kb": poster.stat().st_size // 1024,
        "frames": len(frames),
        "step": round(float(np.abs(frames[middle] - frames[middle + 1]).mean()), 2),
        "seam": round(float(np.abs(frames[-1] - frames[0]).mean()), 2),
    }


async def lateness(work: Awaitable[object]) -> dict[str, float]:
    """How late 2 ms sleeps wake while `work` goes on, in ms."""
    task, late = asyncio.ensure_future(work), []
    while not task.done():
        began = time.perf_counter()
        await asyncio.sleep(0.002)
        late.append((time.perf_counter() - began - 0.002) * 1000)
    await task
    return {f"p{q}": round(float(np.percentile(late, q)), 2) for q in (50, 95, 99)} | {"max": round(max(late), 1)}


async def beside_the_loop(directory: Path) -> dict[str, dict[str, float]]:
    """Lateness with nothing to do, with films drawn in a thread, and with films drawn by the store's process."""
    store = MediaStore(directory / "store", time.time, drawers=1)
    await store.get(MediaKind.POSTER, "warm", "music")
    reels = list(itertools.islice(itertools.cycle(("gaming", "comedy", "music", "travel")), FILMS_BESIDE_THE_LOOP))

    async def one_after_the_other(draw: Callable[[int, str], Awaitable[object]]) -> None:
        for number, hint in enumerate(reels):
            await draw(number, hint)

    thread = one_after_the_other(
        lambda number, hint: asyncio.to_thread(draw_film, directory / "thread.mp4", str(number), hint)
    )
    process = one_after_the_other(lambda number, hint: store.get(MediaKind.FILM, str(number), hint))
    try:
        return {
            "idle": await lateness(asyncio.sleep(5)),
            "thread": await lateness(thread),
            "process": await lateness(process),
        }
    finally:
        await store.aclose()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        films = {motif: film_cost(Path(name), motif) for motif in MOTIFS}
        loop = asyncio.run(beside_the_loop(Path(name)))
    cpu = sorted(film["cpu_sec"] for film in films.values())
    result = {
        "av": av.__version__,
        "cpu_sec": {"median": cpu[len(cpu) // 2], "largest": cpu[-1]},
        "largest_film_kb": max(film["film_kb"] for film in films.values()),
        "largest_poster_kb": max(film["poster_kb"] for film in films.values()),
        "event_loop_late_ms": loop,
        "films": films,
    }
    print(json.dumps(result, indent=1))
    print("kept in", keep("films", result))


if __name__ == "__main__":
    main()
