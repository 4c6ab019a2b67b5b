"""A page as JSON: stored bytes of each reel with the live numbers spliced in."""

import orjson

from reels.core.types import FeedPage, RankedReel
from reels.recommender.models import Models


def page_json(page: FeedPage, models: Models) -> bytes:
    """The answer to GET /feed. `items[].row` must be rows of these models."""
    head = orjson.dumps({"feed_id": page.feed_id})[:-1]
    tail = orjson.dumps(
        {
            "next_cursor": page.next_cursor,
            "policy": {"name": page.policy_name, "version": page.policy_version},
            "snapshot": page.snapshot,
            "degraded": page.degraded,
        }
    )[1:]
    items = b",".join(_item(one, models) for one in page.items)
    return b"".join((head, b',"items":[', items, b"],", tail))


def _item(item: RankedReel, models: Models) -> bytes:
    live = {
        "score": item.score,
        "parts": item.parts,
        "contributions": item.contributions,
        "boosts": item.boosts,
        "reasons": item.reasons,
        "reason_codes": item.reason_codes,
        "explored": item.explored,
        "propensity": item.propensity,
        "sources": item.sources,
    }
    return b"".join((b"{", models.reel_json(item.row), b",", orjson.dumps(live)[1:]))
