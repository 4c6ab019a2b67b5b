"""Known tastes, and the true affinity they give."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.core.errors import BadSample
from reels.simulation.languages import languages
from reels.simulation.sample import Sample
from reels.simulation.topics import TOPIC_INDEX, TOPICS
from reels.simulation.viewers import Viewer, affinity, dump_viewers, load_viewers

CODES = [language.code for language in languages()]


def _viewer(language: str = "en", also: tuple[str, ...] = ("es",), taste: float = 0.8) -> Viewer:
    return Viewer("viewer-1", "US", language, also, 0.5, {topic.name: taste for topic in TOPICS})


def _one(viewer: Viewer, topic: str, quality: float, language: str) -> float:
    columns = np.array([TOPIC_INDEX[topic]]), np.array([quality]), np.array([CODES.index(language)])
    return float(affinity(viewer, *columns)[0])


@given(
    taste=st.floats(0, 1), quality=st.floats(0, 1), topic=st.sampled_from(sorted(TOPIC_INDEX)),
    own=st.sampled_from(CODES), language=st.sampled_from(CODES), also=st.lists(st.sampled_from(CODES)),
)  # fmt: skip
def test_affinity_is_within_0_and_1(
    taste: float, quality: float, topic: str, own: str, language: str, also: list[str]
) -> None:
    assert 0.0 <= _one(_viewer(own, tuple(also), taste), topic, quality, language) <= 1.0


@given(low=st.floats(0, 1), high=st.floats(0, 1))
def test_better_reels_are_liked_more(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert _one(_viewer(), "cooking", low, "en") <= _one(_viewer(), "cooking", high, "en")


def test_own_language_beats_understood_beats_foreign() -> None:
    own, understood, foreign = (_one(_viewer(), "comedy", 0.5, code) for code in ("en", "es", "ja"))
    assert own > understood > foreign > 0.0


def test_dance_needs_fewer_words_than_comedy() -> None:
    assert _one(_viewer(), "dance", 0.5, "ja") > 2 * _one(_viewer(), "comedy", 0.5, "ja")


def test_formula_of_the_docstring() -> None:
    comedy = TOPICS[TOPIC_INDEX["comedy"]].wordless
    expected = 0.8 * (0.4 + 0.6 * 0.5) * (comedy + (1 - comedy) * 0.6)
    assert _one(_viewer(), "comedy", 0.5, "es") == pytest.approx(expected)


def test_viewers_have_two_to_four_clear_interests(sample: Sample) -> None:
    for viewer in sample.viewers:
        interests = viewer.interests()
        assert 2 <= len(interests) <= 4
        assert all(viewer.tastes[name] >= 0.5 for name in interests)
        assert all(weight <= 0.12 for name, weight in viewer.tastes.items() if name not in interests)


def test_interests_are_topics_made_in_the_language(sample: Sample) -> None:
    known = {language.code: language.topics for language in languages()}
    assert all(name in known[viewer.language] for viewer in sample.viewers for name in viewer.interests())


def test_viewer_ids(sample: Sample) -> None:
    assert [viewer.user_id for viewer in sample.viewers[:2]] == ["viewer-001", "viewer-002"]


def test_what_was_written_is_read(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "viewers.jsonl"
    path.write_text(dump_viewers(sample.viewers), "utf-8")
    assert load_viewers(path) == sample.viewers


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"user_id": "v"}', dump_viewers([_viewer()]).replace("cooking", "cookery")]
)
def test_an_unreadable_viewer_is_named_by_its_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "viewers.jsonl"
    path.write_text(dump_viewers([_viewer()]) + line, "utf-8")
    with pytest.raises(BadSample, match=r"viewers\.jsonl:2"):
        load_viewers(path)


def test_missing_viewers_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(BadSample, match="reels generate"):
        load_viewers(tmp_path / "viewers.jsonl")
