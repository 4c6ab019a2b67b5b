"""Published data sets and the stores as logs."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import Database
from tests.evaluation.tiny import NOW, ids

from reels.core.errors import InputError
from reels.core.types import Event, EventKind, Reel
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.logs import SOURCES, imported
from reels.learning.interactions import mask_of
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.indexes import ensure_indexes
from reels.stores.mongo.interactions import MongoInteractions
from reels.stores.mongo.reels import MongoReels

KUAIRAND_LOG = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
    "play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab\n"
    "0,7,20220408,1400,1649400000000,1,0,0,0,0,0,1,12000,12000,0,0,0,0,1\n"
    "0,8,20220408,1400,1649400001000,0,0,0,1,0,0,0,600,12000,0,0,0,0,1\n"
    "1,7,20220408,1400,1649400002000,0,0,0,0,0,1,0,0,12000,0,0,0,0,1\n"
    "1,8,20220408,1400,1649400003000,0,1,0,0,0,0,0,0,12000,0,0,0,0,1\n"
    "1,99,20220408,1400,1649400004000,0,1,0,0,0,0,0,0,12000,0,0,0,0,1\n"
)
KUAIRAND_VIDEOS = (
    "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,server_width,server_height,"
    "music_id,music_type,tag\n"
    '7,70,NORMAL,2022-04-10,Kmovie,0.0,12000.0,720,1280,1,9,"39,2"\n'
    "8,,NORMAL,2022-04-10,Kmovie,0.0,,720,1280,1,9,unknown\n"
)


def kuairand(tmp_path: Path, log: str = KUAIRAND_LOG) -> tuple[Catalogue, Log]:
    (tmp_path / "video_features_basic_pure.csv").write_text(KUAIRAND_VIDEOS)
    if log:
        (tmp_path / "log_standard_4_08_to_4_21_pure.csv").write_text(log)
    return SOURCES["kuairand"].read(tmp_path)


def test_kuairand_exposures_keep_the_published_label(tmp_path: Path) -> None:
    reels, log = kuairand(tmp_path)
    assert ids(log.reels, reels) == ["7", "8", "7", "8"]  # reel 99 is not in the catalogue
    assert log.positive.tolist() == [True, True, False, True]  # a comment is positive, too
    assert log.values == pytest.approx([0.7, -0.4, -1.0, 0.9])
    assert log.watched == pytest.approx([1.0, 0.05, np.nan, np.nan], nan_ok=True)
    assert log.kinds[2] == mask_of(EventKind.IMPRESSION, EventKind.NOT_INTERESTED)
    assert log.at[1] == 1_649_400_001.0
    assert log.surface.tolist() == [1, 1, 1, 1]
    by_id = {reel.reel_id: row for row, reel in enumerate(reels.reels)}
    assert reels.marks["music"][by_id["7"]] == reels.marks["music"][by_id["8"]] >= 0
    assert set(reels.marks) == {"music", "kind", "upload"}
    assert (reels.creators >= 0).tolist() == [reel.reel_id == "7" for reel in reels.reels]


def test_kuairand_sequences_go_before_the_log(tmp_path: Path) -> None:
    row = {"user_id": 5, "last_time_ms": 1_640_000_000_000, "watch_seq": [8, 7, 8]}
    rows = [row | {"like_seq": [8], "long_watch_seq": [7]}, row | {"user_id": 1, "like_seq": [], "long_watch_seq": []}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train_last50_per_user.parquet")
    reels, log = kuairand(tmp_path)
    mine = log.at_positions(np.flatnonzero(log.viewers == 5))
    assert ids(mine.reels, reels) == ["8", "7", "8"]
    assert mine.positive.all()
    assert (mine.surface == -1).all()
    assert mine.values == pytest.approx([0.9, 0.7, 0.9])
    assert mine.at[-1] == 1_640_000_000.0
    assert mine.at[0] == 1_640_000_000.0 - 120
    other = log.at_positions(np.flatnonzero(log.viewers == 1))
    assert ids(other.reels, reels) == ["8", "7", "8", "7", "8"]
    assert other.positive.tolist() == [False] * 4 + [True]


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not KuaiRand"):
        kuairand(tmp_path, log="")
    with pytest.raises(InputError, match="not MicroLens"):
        SOURCES["microlens"].read(tmp_path)


def test_microlens_is_all_positive_in_order(tmp_path: Path) -> None:
    (tmp_path / "pairs_train.tsv").write_text("5\t30 10 20\n2\t10\n3\n")
    (tmp_path / "titles.csv").write_text('item,title\n10,"Ten # comic"\n20,\n')
    reels, log = SOURCES["microlens"].read(tmp_path)
    assert ids(log.reels, reels) == ["30", "10", "20", "10"]
    assert log.viewers.tolist() == [0, 1]
    assert log.positive.all()
    assert log.values == pytest.approx(0.9)


@pytest.mark.anyio
async def test_what_was_imported_is_read_from_the_stores(mongo: Database) -> None:
    store = Mongo(mongo, timeout_sec=20)
    await ensure_indexes(store, 30)
    reels, interactions = MongoReels(store), MongoInteractions(store)
    with pytest.raises(InputError, match="nothing to evaluate on"):
        await imported.read(reels, interactions)
    await reels.upsert([Reel("a", title="A"), Reel("b")], NOW)
    events = [
        Event("1", "u", "a", EventKind.LIKE, NOW - 3),
        Event("2", "u", "b", EventKind.WATCH, NOW - 2, watch_sec=0.5, duration_sec=10.0),
        Event("3", "v", "b", EventKind.WATCH, NOW - 1, watch_sec=10.0, duration_sec=10.0),
        Event("4", "v", "gone", EventKind.LIKE, NOW),
    ]
    await interactions.insert(events, NOW, reacted=True)
    catalogue, log = await imported.read(reels, interactions)
    assert catalogue.n == 2
    assert ids(log.reels, catalogue) == ["a", "b", "b"]
    assert log.positive.tolist() == [True, False, True]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "folder", "reels", "viewers", "exposures"),
    [("microlens", "microlens50k", 19_220, 50_000, 309_708), ("kuairand", "kuairand_pure", 7_583, 26_768, 911_971)],
)
def test_the_real_logs_are_whole(
    shared_data: Path, name: str, folder: str, reels: int, viewers: int, exposures: int
) -> None:
    catalogue, log = SOURCES[name].read(shared_data / folder)
    assert (catalogue.n, len(log.viewers), len(log)) == (reels, viewers, exposures)
