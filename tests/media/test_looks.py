"""Topics decide, reels vary, nothing is left without a look."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.media.looks import TOPICS, Look, look_of, topic_named
from reels.media.motifs import MOTIFS


def same(one: Look, other: Look) -> bool:
    colours = [(p.deep, p.low, p.mid, p.high, *p.accents) for p in (one.palette, other.palette)]
    alike = all(np.array_equal(a, b) for a, b in zip(*colours, strict=True))
    return (one.topic, one.motif, one.seed) == (other.topic, other.motif, other.seed) and alike


@pytest.mark.parametrize(
    ("hint", "topic"),
    [
        ("street food", "street_food"),
        ("#StreetFood", "street_food"),
        ("fyp, viral, kochen", "cooking"),
        ("best night street_food tour", "street_food"),
        ("cookinghacks", "cooking"),
        ("料理", "cooking"),
        ("اكل_شارع", "street_food"),
        ("space", "space"),
        ("baking", "baking"),
        ("Fußball", "football"),
        ("basket weaving", ""),
        ("", ""),
    ],
)
def test_a_hint_names_its_topic(hint: str, topic: str) -> None:
    assert topic_named(hint) == topic


def test_no_word_belongs_to_two_topics() -> None:
    words = [word for topic in TOPICS.values() for word in topic.words]
    assert sorted(words) == sorted(set(words))


def test_every_topic_is_called_by_its_own_name() -> None:
    for name in TOPICS:
        assert topic_named(name) == name


def test_every_motif_is_used_and_every_topic_has_a_choice() -> None:
    assert {motif for topic in TOPICS.values() for motif in topic.motifs} == set(MOTIFS)
    assert all(len(topic.palettes) * len(set(topic.motifs)) >= 2 for topic in TOPICS.values())


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_has_a_look_and_always_the_same(hint: str, reel_id: str) -> None:
    look = look_of(hint, reel_id)
    assert look.motif in MOTIFS
    assert same(look, look_of(hint, reel_id))


def test_reels_of_one_topic_differ() -> None:
    looks = [look_of("music", str(number)) for number in range(12)]
    assert not any(same(one, other) for one, other in itertools.combinations(looks, 2))
    assert {look.topic for look in looks} == {"music"}
    assert len({look.motif for look in looks}) > 1


def test_an_unknown_topic_keeps_to_its_few_looks() -> None:
    motifs = {look_of("basket weaving", str(number)).motif for number in range(60)}
    assert len(motifs) == 3
