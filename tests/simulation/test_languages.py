"""The phrase files: every slot can be filled, every topic exists, shares add up."""

from string import Formatter

import pytest

from reels.simulation.languages import Language, languages
from reels.simulation.topics import TOPIC_INDEX

SLOTS = {"thing", "place", "who", "name", "n", "days", "price", "cost"}
"""What `titles` fills in."""
EACH = pytest.mark.parametrize("language", languages(), ids=lambda language: language.code)


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_shares_add_up() -> None:
    assert sum(language.share for language in languages()) == pytest.approx(1.0)
    assert {code for language in languages() for code in language.also} <= {one.code for one in languages()}


@EACH
def test_regions_add_up(language: Language) -> None:
    assert sum(region.share for region in language.regions) == pytest.approx(1.0)
    assert all(region.places and region.money.format(5) and region.scale >= 1 for region in language.regions)


@EACH
def test_topics_exist_and_hardly_any_is_missing(language: Language) -> None:
    assert set(language.topics) <= set(TOPIC_INDEX)
    assert set(TOPIC_INDEX) - set(language.topics) <= {"cricket"}


@EACH
def test_every_slot_can_be_filled(language: Language) -> None:
    texts = [*language.openers, *language.closers, *language.lines]
    for phrases in language.topics.values():
        texts += [*phrases.lines, *phrases.things]
    for text in texts:
        assert _slots(text) <= SLOTS, text
    for phrases in language.topics.values():
        assert not any("thing" in _slots(thing) for thing in phrases.things)
    assert all("thing" in _slots(line) for line in language.lines), "a line about anything needs its thing"


@EACH
def test_enough_to_say(language: Language) -> None:
    for name, phrases in language.topics.items():
        assert min(len(phrases.lines), len(phrases.things), len(phrases.tags)) >= 4, name
        assert len(set(phrases.lines)) == len(phrases.lines), name


@EACH
def test_hashtags_are_single_words(language: Language) -> None:
    tags = [tag for phrases in language.topics.values() for tag in phrases.tags] + list(language.tags)
    assert not any(set("#|, ") & set(tag) for tag in tags)
