"""The published data sets: small files in their layout here, the real ones where they are at hand."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reels.core.errors import BadRow, InputError
from reels.core.types import Event, EventKind, Reel
from reels.ingest.datasets import DATASETS

KUAIRAND_LOG = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
    "play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab\n"
    "0,7,20220408,1400,1649400000123,1,1,0,0,1,0,1,9000,12000,0,0,0,0,1\n"
    "1,7,20220408,1400,1649400001000,0,0,0,0,0,1,0,0,12000,0,0,0,0,1\n"
    "1,8,20220408,1400,,0,0,0,0,0,0,0,0,12000,0,0,0,0,1\n"
)
KUAIRAND_VIDEOS = (
    "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,server_width,server_height,"
    "music_id,music_type,tag\n"
    '7,70,NORMAL,2022-04-10,Kmovie,0.0,12000.0,720,1280,1,9,"39,2"\n'
    "8,,NORMAL,2022-04-10,Kmovie,0.0,,720,1280,1,9,unknown\n"
)


def test_kuairand_as_released(tmp_path: Path) -> None:
    (tmp_path / "log_standard_4_08_to_4_21_pure.csv").write_text(KUAIRAND_LOG)
    (tmp_path / "video_features_basic_pure.csv").write_text(KUAIRAND_VIDEOS)
    reels = [reel for reel in DATASETS["kuairand"].reels(tmp_path) if isinstance(reel, Reel)]
    assert [(reel.reel_id, reel.creator_id, reel.duration_sec, reel.tags) for reel in reels] == [
        ("7", "70", 12.0, ("tag39", "tag2")),
        ("8", "", None, ()),
    ]
    rows = list(DATASETS["kuairand"].events(tmp_path))
    events = [(event.user_id, event.reel_id, event.kind) for event in rows if isinstance(event, Event)]
    assert events == [
        ("0", "7", EventKind.WATCH),
        ("0", "7", EventKind.LIKE),
        ("0", "7", EventKind.SHARE),
        ("1", "7", EventKind.IMPRESSION),
        ("1", "7", EventKind.NOT_INTERESTED),
    ]
    (bad,) = [row for row in rows if isinstance(row, BadRow)]
    assert (bad.line, bad.field) == (4, "time_ms")
    assert len({(event.user_id, event.event_id) for event in rows if isinstance(event, Event)}) == 5


def test_kuairand_sequences_end_at_the_viewers_last_time(tmp_path: Path) -> None:
    (tmp_path / "video_features_basic_pure.csv").write_text(KUAIRAND_VIDEOS)
    row = {"user_id": 5, "last_time_ms": 1_650_000_000_000, "watch_seq": [8, 7], "like_seq": [8], "long_watch_seq": [7]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "train_last50_per_user.parquet")
    events = [event for event in DATASETS["kuairand"].events(tmp_path) if isinstance(event, Event)]
    assert [(event.reel_id, event.kind, event.watch_sec) for event in events] == [
        ("8", EventKind.WATCH, None),
        ("8", EventKind.LIKE, None),
        ("7", EventKind.WATCH, 12.0),
    ]
    assert events[-1].occurred_at == 1_650_000_000.0
    assert events[0].occurred_at < events[-1].occurred_at


def test_microlens_keeps_each_viewers_order(tmp_path: Path) -> None:
    (tmp_path / "pairs_train.tsv").write_text("1\t30 10 20\n2\t10\n3\n")
    (tmp_path / "titles.csv").write_text('item,title\n10,"Ten # comic"\n20,\n')
    reels = {reel.reel_id: reel.title for reel in DATASETS["microlens"].reels(tmp_path) if isinstance(reel, Reel)}
    assert reels == {"10": "Ten # comic", "20": "", "30": ""}
    rows = list(DATASETS["microlens"].events(tmp_path))
    mine = [event for event in rows if isinstance(event, Event) and event.user_id == "1"]
    assert [event.reel_id for event in sorted(mine, key=lambda event: event.occurred_at)] == ["30", "10", "20"]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [3]


@pytest.mark.parametrize("name", ["kuairand", "microlens", "youtube"])
def test_a_folder_that_is_not_the_data_set_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"not (KuaiRand|MicroLens|the YouTube)"):
        list(DATASETS[name].reels(tmp_path))


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "folder", "reels", "events"),
    [
        ("youtube", "youtube_trending_us", 3_000, 0),
        ("microlens", "microlens50k", 19_220, 309_708),
        ("kuairand", "kuairand_pure", 7_583, 930_240),
    ],
)
def test_the_real_files_are_read_without_a_reject(
    shared_data: Path, name: str, folder: str, reels: int, events: int
) -> None:
    found = DATASETS[name]
    kinds = Counter(type(thing) for thing in (*found.reels(shared_data / folder), *found.events(shared_data / folder)))
    assert kinds == {kind: count for kind, count in ((Reel, reels), (Event, events)) if count}
