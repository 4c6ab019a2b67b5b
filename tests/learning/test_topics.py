"""Topics: clusters found again, named, and nothing without content."""

import numpy as np

from reels.core.types import Floats
from reels.learning.topics import topic_count, topic_names, topics_of


def clouds(per: int, k: int, dim: int = 16) -> tuple[Floats, np.ndarray]:
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(k), per)
    raw = rng.normal(size=(k, dim))[truth] + 0.1 * rng.normal(size=(per * k, dim))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32), truth


def test_separate_clouds_are_separate_topics() -> None:
    content, truth = clouds(40, 6)
    found = topics_of(content)
    for topic in range(found.max() + 1):
        assert len(set(truth[found == topic].tolist())) == 1
    np.testing.assert_array_equal(found, topics_of(content))


def test_no_content_is_no_topic() -> None:
    content, _ = clouds(10, 3)
    content[5] = 0
    found = topics_of(content)
    assert found[5] == -1
    assert (np.delete(found, 5) >= 0).all()
    assert topics_of(np.zeros((4, 8), np.float32)).tolist() == [-1] * 4
    assert len(topics_of(np.zeros((0, 8), np.float32))) == 0
    assert topics_of(content[:1]).tolist() == [0]


def test_how_many_topics() -> None:
    assert [topic_count(n) for n in (0, 3, 100, 2000, 20_000, 1_000_000)] == [0, 3, 8, 22, 71, 256]


def test_topics_are_named_by_what_sets_them_apart() -> None:
    topics = np.array([0, 0, 0, 1, 1, 1, -1], np.int16)
    tags = ["viral\ncat", "viral\ncat", "viral", "viral\ngoal", "viral\ngoal", "viral", "x"]
    assert topic_names(topics, tags, [""] * 7) == ("cat", "goal")
    assert topic_names(topics, [""] * 7, ["piano music"] * 3 + ["piano cooking"] * 4) == ("music", "cooking")
    assert topic_names(topics, [""] * 7, [""] * 7) == ("topic 0", "topic 1")
    assert topic_names(np.array([-1], np.int16), ["a"], ["a"]) == ()
