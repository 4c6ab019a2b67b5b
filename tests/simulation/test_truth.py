"""The truth of a sample is read back, and refused where it can't be right."""

from pathlib import Path

import numpy as np
import pytest

from reels.core.errors import BadSample
from reels.simulation.config import SampleConfig
from reels.simulation.sample import REELS_FILE, TRUTH_FILE, Sample, generate, write
from reels.simulation.truth import load_truth
from reels.simulation.viewers import affinity


def test_truth_is_the_truth_of_the_sample(sample: Sample, tmp_path: Path) -> None:
    write(sample, tmp_path)
    truth, reels, viewer = load_truth(tmp_path), sample.catalogue, sample.viewers[0]
    assert list(truth.row_of) == reels.video_id
    assert (truth.topic == reels.topic).all()
    assert (truth.language == reels.language).all()
    expected = affinity(viewer, reels.topic, reels.quality, reels.language)
    np.testing.assert_allclose(truth.affinity(viewer), expected, atol=1e-4)


def test_popularity_follows_views(sample: Sample, tmp_path: Path) -> None:
    write(sample, tmp_path)
    truth = load_truth(tmp_path)
    assert np.corrcoef(np.log1p(truth.popularity), np.log1p(sample.catalogue.views))[0, 1] > 0.9


def _small(directory: Path, seed: int = 0) -> Path:
    write(generate(SampleConfig(reels=20, creators=4, viewers=0), np.random.default_rng(seed)), directory)
    return directory


@pytest.mark.parametrize("name", [REELS_FILE, TRUTH_FILE])
def test_a_missing_file_says_how_to_make_it(name: str, tmp_path: Path) -> None:
    (_small(tmp_path) / name).unlink()
    with pytest.raises(BadSample, match=f"{name}.*reels generate"):
        load_truth(tmp_path)


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    path = _small(tmp_path) / TRUTH_FILE
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadSample, match=TRUTH_FILE):
        load_truth(tmp_path)


def test_truth_of_another_sample_is_refused(tmp_path: Path) -> None:
    _small(tmp_path)
    text = (tmp_path / REELS_FILE).read_text("utf-8")
    (tmp_path / REELS_FILE).write_text(text.replace("reel-00003", "clip-00003"), "utf-8")
    with pytest.raises(BadSample, match="lists other reels"):
        load_truth(tmp_path)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = _small(tmp_path) / REELS_FILE
    path.write_text(path.read_text("utf-8").replace("language,region", "lang,region", 1), "utf-8")
    with pytest.raises(BadSample, match="no column language"):
        load_truth(tmp_path)


def test_a_value_no_sample_has_is_refused(tmp_path: Path) -> None:
    path = _small(tmp_path) / REELS_FILE
    path.write_text(path.read_text("utf-8").replace(",en,", ",tlh,"), "utf-8")
    with pytest.raises(BadSample, match="no sample has"):
        load_truth(tmp_path)
