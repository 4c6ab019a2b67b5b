"""`reels simulate`: viewers with known tastes watch a running feed; does it learn them? Or a whole month, offline."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import typer
from threadpoolctl import threadpool_limits

from reels.cli.console import bar, out, summary, watching
from reels.core.errors import InputError
from reels.evaluation.month.config import MonthConfig
from reels.evaluation.month.document import write_month
from reels.evaluation.month.living import arms, live
from reels.evaluation.month.measures import weeks
from reels.evaluation.month.world import make_world
from reels.evaluation.runs import machine
from reels.settings import Settings
from reels.simulation.report import WatchReport, plot, table
from reels.simulation.sample import VIEWERS_FILE
from reels.simulation.truth import load_truth
from reels.simulation.viewers import Viewer, load_viewers
from reels.simulation.watcher import WatchConfig, watch

_MONTH = MonthConfig()


def simulate(
    url: Annotated[str, typer.Option(help="Address of the running API, as http://host:port.")] = "",
    days: Annotated[int, typer.Option(min=0, help="Instead: so many days, offline, with and without exploration.")] = 0,
    viewers: Annotated[int | None, typer.Option(min=1, help="Viewers. Default: 10; 1,000 of a month.")] = None,
    swipes: Annotated[int, typer.Option(min=1, help="Reels each looks at.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Which viewers, and what they do.")] = 1,
    data: Annotated[Path, typer.Option(help="Folder of the sample the API serves.")] = Path("datasets"),
    plot_file: Annotated[Path | None, typer.Option("--plot", help="Draw affinity by swipe into this PNG.")] = None,
    reels: Annotated[int, typer.Option(min=10, help="Reels of a month's catalogue.")] = _MONTH.reels,
    report_file: Annotated[Path | None, typer.Option("--report", help="A month's page, as Markdown.")] = None,
) -> None:
    """Watch a running feed as new viewers whose tastes are known; compare with a popularity feed.

    With --days nothing runs but the stages themselves: a month of viewers, exploration on and off.
    """
    if days:
        if url:
            raise InputError("--days is simulated offline: leave --url out")
        _month(MonthConfig(days=days, viewers=viewers or _MONTH.viewers, reels=reels, seed=seed), report_file)
        return
    viewers = viewers or 10
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


def _month(config: MonthConfig, report_file: Path | None) -> None:
    began = time.process_time()
    with watching("the world of the month") as told, threadpool_limits(1, "blas"):
        world = make_world(config, Settings().data_dir / "evaluation" / "month")
        months = [live(world, arm, config, told) for arm in arms()]
    for month in months:
        for number, week in enumerate(weeks(month, world, config), start=1):
            out.print(
                f"{month.arm}, week {number}: satisfaction {week.satisfaction:.3f} ({100 * week.of_best:.0f}% of the "
                f"best left), topics {week.entropy:.2f} bits, {week.distinct:,} reels shown"
            )
    if report_file is not None:
        took = time.process_time() - began
        cost = f"{took:.0f} s of CPU, seed {config.seed}, 1 thread"
        made = f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}: {cost}."
        for path in write_month(months, world, config, made, report_file):
            out.print(str(path))


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
