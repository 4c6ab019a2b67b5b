"""`reels replay`: a served page computed again, to see that it comes out the same."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from reels.cli.console import out
from reels.core.errors import UnknownFeed
from reels.settings import Settings


def replay(feed_id: Annotated[str, typer.Argument(help="The feed_id of a served page.")]) -> None:
    """Compute a served page again from what was recorded, and compare bit for bit. Exit code 1 when it differs."""
    if not asyncio.run(_replay(feed_id)):
        raise typer.Exit(1)


async def _replay(feed_id: str) -> bool:
    from reels.wiring.replaying import computed_again  # only now: numpy and numba take a second
    from reels.wiring.stores import open_stores

    async with open_stores(Settings()) as stores:
        served = await stores.feeds.get(feed_id)
        if served is None:
            raise UnknownFeed(feed_id)
        page, again = served.page, await computed_again(stores, served)
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
