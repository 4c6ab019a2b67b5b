"""Films play everywhere, loop, are small and always the same."""

import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reels.core.errors import ConfigError
from reels.media.film import draw_film, draw_poster
from reels.media.form import FilmFormat
from reels.media.looks import look_of

SMALL = FilmFormat(width=90, height=160, frames_per_sec=24, shortest_sec=1.0, longest_sec=1.5)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    draw_film(path, "reel-1", "travel", SMALL)
    return path


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def test_it_is_h264_in_the_shape_every_player_takes(film: Path) -> None:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (90, 160)
        assert stream.average_rate == 24
        assert stream.codec_context.colorspace == 1
        assert container.duration is not None
        assert 1.0 <= container.duration / av.time_base <= 1.5
        assert not container.streams.audio


def test_every_frame_comes_at_its_time_from_zero(film: Path) -> None:
    with av.open(str(film)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / 24 for number in range(len(times))])


def test_its_index_is_in_front_so_that_it_plays_while_loading(film: Path) -> None:
    content = film.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_last_frame_leads_into_the_first(film: Path) -> None:
    shown = frames(film)
    step = [np.abs(one - other).mean() for one, other in itertools.pairwise(shown)]
    seam = np.abs(shown[-1] - shown[0]).mean()
    across = np.abs(shown[len(shown) // 2] - shown[0]).mean()
    assert seam < 2 * max(step) + 1
    assert seam < across / 2, "half a loop away the picture must be another, or this test shows nothing"


def test_the_same_reel_gives_the_same_bytes_and_another_one_others(film: Path, tmp_path: Path) -> None:
    draw_film(tmp_path / "same.mp4", "reel-1", "travel", SMALL)
    draw_film(tmp_path / "other.mp4", "reel-2", "travel", SMALL)
    assert (tmp_path / "same.mp4").read_bytes() == film.read_bytes()
    assert (tmp_path / "other.mp4").read_bytes() != film.read_bytes()


def test_the_colours_shown_are_the_colours_drawn(film: Path, tmp_path: Path) -> None:
    draw_poster(tmp_path / "poster.jpg", "reel-1", "travel", SMALL)
    poster = np.asarray(Image.open(tmp_path / "poster.jpg").convert("RGB"), float)
    assert np.abs(frames(film)[0].mean(axis=(0, 1)) - poster.mean(axis=(0, 1))).max() < 5


def test_the_poster_is_a_jpeg_of_the_films_size(tmp_path: Path) -> None:
    draw_poster(tmp_path / "poster.jpg", "reel-1", "travel", SMALL)
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert (poster.format, poster.size) == ("JPEG", (90, 160))


@pytest.mark.parametrize("hint", ["pets", "comedy", "science", "fitness"])
def test_full_size_posters_are_small(hint: str, tmp_path: Path) -> None:
    for number in range(3):
        draw_poster(tmp_path / "poster.jpg", f"reel-{number}", hint)
        assert (tmp_path / "poster.jpg").stat().st_size < 80_000


def test_a_full_size_film_of_the_busiest_motif_stays_small(tmp_path: Path) -> None:
    assert look_of("comedy", "reel-1").motif == "confetti"
    draw_film(tmp_path / "film.mp4", "reel-1", "comedy")
    assert (tmp_path / "film.mp4").stat().st_size < 900_000


@pytest.mark.parametrize("size", [(91, 160), (90, 161), (0, 0), (-2, 160)])
def test_sizes_h264_has_not_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="even"):
        FilmFormat(width=size[0], height=size[1])


def test_lengths_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigError, match="shortest"):
        FilmFormat(shortest_sec=5, longest_sec=4)
