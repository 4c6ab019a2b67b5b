"""KuaiRand (Gao et al. 2022, CIKM): exposures of Kuaishou's feed with twelve signals, CC BY-SA 4.0.

Read are the published files of the Pure, 1K and 27K releases (`log_*.csv`, `video_features_basic_*.csv`), the same
log as Parquet (`events_*.parquet`), and `train_last50_per_user.parquet` (each viewer's newest exposures as
sequences).

One exposure is one `watch` (play time, duration), or an `impression` where nothing was played, and one more event for
each of like, follow, forward (`share`) and hate (`not_interested`). Comments have no kind of their own and are left
out. The sequences know no play time: a long view is taken as watched once through, the others as watched for an
unknown time; they are put a minute apart up to the viewer's last known time.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from reels.core.errors import BadRow, InputError
from reels.core.types import Event, EventKind, Reel
from reels.ingest.files import values
from reels.ingest.files.mapping import FieldError, parse, rows_made
from reels.ingest.files.reader import read_rows

NAME = "kuairand"
APART_SEC = 60.0
SIGNALS = {
    "is_like": EventKind.LIKE,
    "is_follow": EventKind.FOLLOW,
    "is_forward": EventKind.SHARE,
    "is_hate": EventKind.NOT_INTERESTED,
}


def reels(directory: Path) -> Iterator[Reel | BadRow]:
    """Reels of `video_features_basic_*.csv`: author, upload date, duration and tag numbers; there are no titles."""
    for file in _files(directory, ("video_features_basic_*.csv",)):
        yield from rows_made(file, read_rows(file), _reel)


def events(directory: Path) -> Iterator[Event | BadRow]:
    """Events of the sequences, then of the logs, each in file order."""
    durations = {reel.reel_id: reel.duration_sec for reel in reels(directory) if isinstance(reel, Reel)}
    for file in _files(directory, ("*_per_user.parquet", "log_*.csv", "events_*.parquet")):
        sequences = file.name.endswith("_per_user.parquet")
        make = partial(_sequence, durations=durations) if sequences else _exposure
        for made in rows_made(file, read_rows(file), make):
            if isinstance(made, BadRow):
                yield made
            else:
                yield from made


def _files(directory: Path, patterns: tuple[str, ...]) -> list[Path]:
    found = [file for pattern in patterns for file in sorted(directory.glob(pattern))]
    if not found:
        raise InputError(f"{directory}: not KuaiRand: no file like {' or '.join(patterns)}")
    return found


def _reel(row: dict[str, Any]) -> Reel:
    duration = parse(row, "video_duration", values.number)
    return Reel(
        reel_id=parse(row, "video_id", values.identifier),
        creator_id="" if values.missing(row.get("author_id")) else parse(row, "author_id", values.identifier),
        tags=tuple(f"tag{tag}" for tag in parse(row, "tag", values.tags) if tag.isdigit()),
        duration_sec=duration / 1000 if duration and 0 < duration <= 86_400_000 else None,
        published_at=parse(row, "upload_dt", values.moment),
    )


def _exposure(row: dict[str, Any]) -> list[Event]:
    user_id, reel_id = parse(row, "user_id", values.identifier), parse(row, "video_id", values.identifier)
    at = parse(row, "time_ms", values.moment)
    if at is None:
        raise FieldError("time_ms", "missing")
    played, duration = parse(row, "play_time_ms", values.count), parse(row, "duration_ms", values.count)
    kinds = [EventKind.WATCH if played else EventKind.IMPRESSION]
    kinds += [kind for signal, kind in SIGNALS.items() if parse(row, signal, values.count)]
    return [
        Event(
            event_id=f"{reel_id}-{round(at * 1000)}-{kind}",
            user_id=user_id,
            reel_id=reel_id,
            kind=kind,
            occurred_at=at,
            watch_sec=min(played / 1000, 86_400.0) if kind is EventKind.WATCH else None,
            duration_sec=duration / 1000 or None if kind is EventKind.WATCH else None,
        )
        for kind in kinds
    ]


def _sequence(row: dict[str, Any], durations: dict[str, float | None]) -> list[Event]:
    user_id = parse(row, "user_id", values.identifier)
    last = parse(row, "last_time_ms", values.moment)
    watched = [str(reel) for reel in row.get("watch_seq") or []]
    liked, long = ({str(reel) for reel in row.get(name) or []} for name in ("like_seq", "long_watch_seq"))
    if last is None or not watched:
        raise FieldError("row", "last_time_ms and watch_seq are expected")
    found: list[Event] = []
    for place, reel_id in enumerate(watched):
        at = last - (len(watched) - 1 - place) * APART_SEC
        duration = durations.get(reel_id)
        whole = duration if reel_id in long else None
        key = f"s{place}-{reel_id}"
        found.append(Event(f"{key}-watch", user_id, reel_id, EventKind.WATCH, at, whole, duration))
        if reel_id in liked:
            found.append(Event(f"{key}-like", user_id, reel_id, EventKind.LIKE, at))
    return found
