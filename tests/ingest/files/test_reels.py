"""A catalogue file into reels."""

from pathlib import Path

import pytest

from reels.core.errors import BadRow, InputError
from reels.core.types import Reel, ReelStatus
from reels.ingest.files.reels import read_reels

HEADER = "video_id,title,tags,duration_sec,views,likes,comments,retention_rate,first_3_sec_engagement"


def test_the_documented_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\nr1,Pasta,a|b,12.5,100,10,1,0.6,80%\n")
    (reel,) = read_reels(tmp_path / "a.csv")
    assert isinstance(reel, Reel)
    assert (reel.reel_id, reel.title, reel.tags, reel.duration_sec) == ("r1", "Pasta", ("a", "b"), 12.5)
    assert (reel.stats.views, reel.stats.likes, reel.stats.comments) == (100, 10, 1)
    assert (reel.stats.retention_rate, reel.stats.first_3_sec_engagement) == (0.6, 0.8)


def test_optional_columns_and_other_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "reel_id,creator_id,published_at,language,region,media_url,poster_url,status\n"
        "r1,anna,2024-05-01,pt_BR,br,https://m/1.mp4,/p/1.jpg,Blocked\n"
    )
    (reel,) = read_reels(tmp_path / "a.csv")
    assert isinstance(reel, Reel)
    assert (reel.language, reel.region, reel.status) == ("pt-br", "BR", ReelStatus.BLOCKED)
    assert (reel.media_url, reel.poster_url) == ("https://m/1.mp4", "/p/1.jpg")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",t,,10,1,1,1,.5,.5", "video_id"),
        ("r1,t,,10,-1,1,1,.5,.5", "views"),
        ("r1,t,,10,1,x,1,.5,.5", "likes"),
        ("r1,t,,-10,1,1,1,.5,.5", "duration_sec"),
        ("r1,t,,10,1,1,1,1.5,.5", "retention_rate"),
    ],
)
def test_a_row_that_can_not_be_read_names_file_line_and_field(tmp_path: Path, row: str, field: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\nr0,t,,10,1,1,1,.5,.5\n{row}\nr2,t,,10,1,1,1,.5,.5\n")
    rows = list(read_reels(tmp_path / "a.csv"))
    assert [type(one) for one in rows] == [Reel, BadRow, Reel]
    bad = rows[1]
    assert isinstance(bad, BadRow)
    assert (bad.file, bad.line, bad.field) == ("a.csv", 3, field)


def test_dangerous_media_addresses_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("video_id,media_url\nr1,javascript:alert(1)\n")
    (bad,) = read_reels(tmp_path / "a.csv")
    assert isinstance(bad, BadRow)
    assert bad.field == "media_url"


def test_a_file_without_an_id_column_is_refused_with_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title,views\nx,1\n")
    with pytest.raises(InputError, match=r"no column for video_id.*title, views"):
        list(read_reels(tmp_path / "a.csv"))
