"""`reels media`: draw the films of a catalogue ahead, or one picture that shows them all."""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from reels.cli.console import bar, err, out, summary
from reels.core.errors import BadRow, InputError, StoreError
from reels.core.types import Reel
from reels.ingest.files.reels import read_reels
from reels.media.store import MediaKind, MediaStore, topic_hint
from reels.settings import Settings


@dataclass(slots=True)
class _Counts:
    drawn: int = 0
    kept: int = 0
    own: int = 0
    rejected: int = 0
    failed: int = 0


def media(
    catalogue: Annotated[Path, typer.Option(help="The catalogue whose reels get films.")] = Path(
        "datasets/reels_dataset.csv"
    ),
    limit: Annotated[int, typer.Option(min=1, help="How many reels, from the top.")] = 200,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Where they go. Default: media in the data folder.")
    ] = None,
    largest_mb: Annotated[int, typer.Option(min=1, help="The folder's bound; the longest unused go first.")] = 1024,
    drawers: Annotated[int, typer.Option(min=1, help="Processes that draw.")] = os.cpu_count() or 1,
    sheet: Annotated[Path | None, typer.Option(help="Only draw this contact sheet of all topics.")] = None,
) -> None:
    """Draw film and poster of each reel that has no media of its own; what is there already is kept."""
    if sheet is not None:
        from reels.media.sheet import draw_sheet  # the drawing code loads only where this process draws

        draw_sheet(sheet)
        out.print(f"drew {sheet} ({sheet.stat().st_size // 1024} KB)")
        return
    if not catalogue.exists():
        raise InputError(f"no catalogue at {catalogue}: name one with --catalogue")
    directory = out_dir or Settings().data_dir / "media"
    began = time.perf_counter()
    counts = asyncio.run(_draw_all(catalogue, limit, directory, largest_mb << 20, drawers))
    took = time.perf_counter() - began
    rows: dict[str, object] = {
        "drawn": counts.drawn,
        "there already": counts.kept,
        "with media of their own": counts.own,
        "rows that can't be read": counts.rejected,
        "failed": counts.failed,
    }
    summary(f"films in {directory}: {took:.1f} s", rows)
    if counts.failed:
        raise StoreError(f"{counts.failed} films could not be drawn; the reasons are above")


async def _draw_all(catalogue: Path, limit: int, directory: Path, largest_bytes: int, drawers: int) -> _Counts:
    counts = _Counts()
    store = MediaStore(directory, time.time, largest_bytes=largest_bytes, drawers=drawers)
    reels = _reels(catalogue, limit, counts)
    with bar("films", limit) as (progress, task):

        async def work() -> None:
            for reel in reels:
                await _draw(store, reel, counts)
                progress.advance(task)

        try:
            await asyncio.gather(*(work() for _ in range(drawers)))
        finally:
            await store.aclose()
    return counts


def _reels(catalogue: Path, limit: int, counts: _Counts) -> Iterator[Reel]:
    """The first `limit` rows that can be read and need a film; the others are counted."""
    for row in islice(read_reels(catalogue), limit):
        if isinstance(row, BadRow):
            counts.rejected += 1
        elif row.media_url:
            counts.own += 1
        else:
            yield row


async def _draw(store: MediaStore, reel: Reel, counts: _Counts) -> None:
    hint = topic_hint(reel.tags)
    if all(store.kept(kind, reel.reel_id, hint) for kind in MediaKind):
        counts.kept += 1
        return
    try:
        for kind in MediaKind:
            await store.get(kind, reel.reel_id, hint)
        counts.drawn += 1
    except StoreError as error:
        err.print(f"{reel.reel_id}: {error}")
        counts.failed += 1
