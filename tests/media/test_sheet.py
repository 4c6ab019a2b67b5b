"""The contact sheet shows all there is."""

from pathlib import Path

from PIL import Image

from reels.media.looks import TOPICS, look_of
from reels.media.motifs import MOTIFS
from reels.media.sheet import choose_looks, draw_sheet


def test_it_shows_every_topic_and_every_motif() -> None:
    chosen = choose_looks(32)
    assert len(chosen) == 32
    assert {topic for topic, _ in chosen} == set(TOPICS)
    assert {look_of(topic, reel_id).motif for topic, reel_id in chosen} == set(MOTIFS)


def test_it_is_a_picture_of_so_many_tiles(tmp_path: Path) -> None:
    draw_sheet(tmp_path / "new" / "sheet.png", columns=2, rows=1, tile_width=30)
    with Image.open(tmp_path / "new" / "sheet.png") as sheet:
        assert sheet.size == (2 * 32 + 2, 53 + 4)
