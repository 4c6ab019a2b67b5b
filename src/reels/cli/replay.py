"""`reels replay`: a served page computed again, to see that it comes out the same."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from reels.cli.console import out
from reels.core.errors import NoSnapshot, UnknownFeed
from reels.settings import Settings


def replay(feed_id: Annotated[str, typer.Argument(help="The feed_id of a served page.")]) -> None:
    """Compute a served page again from what was recorded, and compare bit for bit. Exit code 1 when it differs."""
    if not asyncio.run(_replay(feed_id)):
        raise typer.Exit(1)


async def _replay(feed_id: str) -> bool:
    from reels.core.policy import Policy  # only now: numpy and numba take a second
    from reels.learning.snapshot import open_snapshot
    from reels.recommender.models import build, no_models
    from reels.recommender.replay import replay as replayed
    from reels.recommender.standard import pipelines
    from reels.wiring.stores import open_stores

    async with open_stores(Settings()) as stores:
        served = await stores.feeds.get(feed_id)
        if served is None:
            raise UnknownFeed(feed_id)
        page = served.page
        policy = await stores.policies.get(page.policy_version) if page.policy_version else Policy()
        if policy is None:
            raise UnknownFeed(f"{feed_id} (its policy, version {page.policy_version}, is gone)")
        if page.snapshot and page.snapshot not in stores.shelf.versions():
            raise NoSnapshot(f"snapshot {page.snapshot} of this page is no longer kept: see REELS_SNAPSHOTS_KEPT")
        models = build(open_snapshot(stores.shelf.root / page.snapshot)) if page.snapshot else no_models()
        again = replayed(served, models, policy, pipelines())
    table = Table(box=None, padding=(0, 2))
    for column in ("place", "reel", "score", "computed again", "propensity", "why"):
        table.add_column(column)
    for place, item in enumerate(page.items):
        other = again.items[place] if place < len(again.items) else None
        same = "the same" if item == other else "nothing" if other is None else f"{other.reel_id} {other.score}"
        table.add_row(
            str(place), item.reel_id, f"{item.score:.6f}", same, f"{item.propensity:.4f}", "; ".join(item.reasons)
        )
    out.print(table)
    out.print("the same page, bit for bit" if again == page else "[bold red]not the same page[/]")
    return again == page
