"""`reels simulate`: viewers with known tastes watch a running feed; does it learn them?"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import typer

from reels.cli.console import bar, out, summary
from reels.core.errors import InputError
from reels.simulation.report import WatchReport, plot, table
from reels.simulation.sample import VIEWERS_FILE
from reels.simulation.truth import load_truth
from reels.simulation.viewers import Viewer, load_viewers
from reels.simulation.watcher import WatchConfig, watch


def simulate(
    url: Annotated[str, typer.Option(help="Address of the running API, as http://host:port.")],
    viewers: Annotated[int, typer.Option(min=1, help="Viewers, drawn from the sample's.")] = 10,
    swipes: Annotated[int, typer.Option(min=1, help="Reels each looks at.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Which viewers, and what they do.")] = 1,
    data: Annotated[Path, typer.Option(help="Folder of the sample the API serves.")] = Path("datasets"),
    plot_file: Annotated[Path | None, typer.Option("--plot", help="Draw affinity by swipe into this PNG.")] = None,
) -> None:
    """Watch a running feed as new viewers whose tastes are known; compare with a popularity feed."""
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--url {url!r} is no http address; write it as http://host:port")
    truth, rng = load_truth(data), np.random.default_rng(seed)
    chosen = _draw(load_viewers(data / VIEWERS_FILE), viewers, rng)
    began = time.monotonic()
    with httpx.Client(base_url=url, timeout=30.0) as http, bar("Watching", len(chosen) * swipes) as (progress, task):
        report = watch(
            http,
            chosen,
            truth,
            WatchConfig(swipes=swipes),
            rng,
            clock=lambda: datetime.now(UTC),
            sleep=time.sleep,
            swiped=lambda: progress.advance(task),
        )
    _show(report, len(chosen), time.monotonic() - began)
    if plot_file is not None:
        plot(report, plot_file)
        out.print(f"drawn: {plot_file}")


def _draw(viewers: list[Viewer], count: int, rng: np.random.Generator) -> list[Viewer]:
    if count > len(viewers):
        raise InputError(f"--viewers {count}: the sample has {len(viewers)}; `reels generate --users` makes more")
    return [viewers[i] for i in rng.permutation(len(viewers))[:count]]


def _show(report: WatchReport, viewers: int, seconds: float) -> None:
    out.print(table(report))
    oddities = {
        "events known already": report.duplicates,
        "events rejected": len(report.rejected),
        "reels shown twice": report.repeats,
        "reels not in the sample": report.unknown,
        "pages served degraded": report.degraded,
    }
    facts: dict[str, object] = {"events stored": report.events}
    facts |= {name: count for name, count in oddities.items() if count}
    if report.rejected:
        facts["first reason"] = report.rejected[0]
    summary(f"{viewers} viewers in {seconds:.1f} s", facts)
    popular = report.compared[0].last()
    out.print(f"Last ten swipes: {report.watched.last():.3f} watched, {popular:.3f} on the popularity feed.")
