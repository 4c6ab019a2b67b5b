"""`reels generate`: a sample catalogue, and viewers whose tastes are known, from a seed."""

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from reels.cli.console import bar, out, summary, watching
from reels.simulation import sample as samples
from reels.simulation import scale
from reels.simulation.config import SAMPLE_NOW, SampleConfig

DEFAULT_SEED = 7
"""Seed of the committed sample."""
LARGE = 50_000
"""From so many reels or viewers on, files are Parquet and written as they are made."""


def generate(
    reels: Annotated[int, typer.Option(min=1, help="Reels in the catalogue.")] = 2000,
    users: Annotated[int, typer.Option(min=0, help="Viewers with known tastes and a history.")] = 500,
    history: Annotated[
        float, typer.Option(min=1, help="Reels in a viewer's history (median); 2-3 events each.")
    ] = 20.0,
    creators: Annotated[int | None, typer.Option(min=1, help="Creators. Default: one for ten reels.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = DEFAULT_SEED,
    directory: Annotated[Path, typer.Option("--out", help="Folder for the files.")] = Path("datasets"),
) -> None:
    """Make a sample catalogue, viewers and events. Without options: the committed sample, byte for byte.

    From 50,000 reels or viewers on the files are Parquet, written as they are made: a million reels take minutes.
    """
    config = SampleConfig(
        now=SAMPLE_NOW, reels=reels, creators=creators or max(1, reels // 10), viewers=users, reels_per_viewer=history
    )
    began = time.monotonic()
    if max(reels, users) >= LARGE:
        _at_scale(config, seed, directory, began)
        return
    with bar(f"Making {reels:,} reels and {users:,} viewers"):
        sample = samples.generate(config, np.random.default_rng(seed))
        paths = samples.write(sample, directory)
    summary(f"Made in {time.monotonic() - began:.1f} s, seed {seed}", _counts(sample))
    for path in paths:
        out.print(f"  {path}  {path.stat().st_size / 1024:,.0f} KB")


def _at_scale(config: SampleConfig, seed: int, directory: Path, began: float) -> None:
    with watching("making the sample") as watch:
        made = scale.generate(config, np.random.default_rng(seed), directory, watch)
    counts: dict[str, object] = {"reels": made.reels, "viewers": made.viewers, "events": made.events}
    summary(f"Made in {time.monotonic() - began:.1f} s, seed {seed}", counts)
    for path in made.paths:
        out.print(f"  {path}  {path.stat().st_size / 1024:,.0f} KB")


def _counts(sample: samples.Sample) -> dict[str, object]:
    creators = sample.catalogue.creators
    return {
        "reels": len(sample.catalogue),
        "creators": len(creators.creator_id),
        "of them new": int(creators.new.sum()),
        "languages": len(set(sample.catalogue.language.tolist())),
        "topics": len(set(sample.catalogue.topic.tolist())),
        "viewers": len(sample.viewers),
        "events": len(sample.events),
        "looking back from": f"{sample.config.now:%Y-%m-%d}",
    }
