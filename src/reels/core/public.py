"""The public fields of a reel as ready-made JSON: made once, spliced into every page that shows the reel."""

from urllib.parse import quote

import orjson

from reels.core.types import Reel


def public_fields(reel: Reel) -> bytes:
    """A JSON object without its braces: `"reel_id":"..","title":"..",...`; a surrogate in a title becomes `?`."""
    fields = {
        "reel_id": reel.reel_id,
        "title": reel.title,
        "tags": reel.tags,
        "creator_id": reel.creator_id,
        "duration_sec": reel.duration_sec,
        "media_url": reel.media_url or media_path(reel.reel_id, "mp4"),
        "poster_url": reel.poster_url or media_path(reel.reel_id, "jpg"),
    }
    try:
        return orjson.dumps(fields)[1:-1]
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return orjson.dumps({name: _clean(value) for name, value in fields.items()})[1:-1]


def media_path(reel_id: str, ending: str) -> str:
    """Where the API serves the film (mp4) or poster (jpg) of a reel that has none of its own: drawn when asked for."""
    return f"/media/{quote(reel_id.encode('utf-8', 'replace'), safe='')}.{ending}"


def _clean(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_clean(one) for one in value] if isinstance(value, tuple) else value
