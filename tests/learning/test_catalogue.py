"""What near-duplicates are found by, and that they are found in the sample."""

from pathlib import Path

from reels.core.ports import StoredReel
from reels.core.types import Reel
from reels.ingest.files.reels import read_reels
from reels.learning.catalogue import catalogue_of
from reels.learning.near_duplicates import near_duplicates

SAMPLE = Path(__file__).resolve().parents[2] / "datasets" / "reels_dataset.csv"


def stored(reel: Reel) -> StoredReel:
    return StoredReel(reel, 0.0, 0.0, "")


def test_a_title_that_says_enough_stands_alone_a_short_one_with_its_tags() -> None:
    reels = [
        Reel("a", title="How I learnt to juggle #fun", tags=("circus", "how to")),
        Reel("b", title="Good morning", tags=("coffee", "sunrise")),
        Reel("c", title="", tags=("coffee",)),
        Reel("d", title="Seven ways to tie a knot in a rope"),
    ]
    catalogue = catalogue_of([stored(reel) for reel in reels])
    assert dict(zip(catalogue.ids, catalogue.stories(), strict=True)) == {
        "a": "how i learnt to juggle",
        "b": "good morning coffee sunrise",
        "c": "coffee",
        "d": "seven ways to tie a knot in a rope",
    }


def test_what_was_put_up_again_with_other_hashtags_is_found() -> None:
    """The sample has 20 such pairs (datasets/README.md); three have too short a title to be sure."""
    catalogue = catalogue_of([stored(reel) for reel in read_reels(SAMPLE) if isinstance(reel, Reel)])
    groups = near_duplicates(catalogue.stories())
    again = [row for row, group in enumerate(groups.tolist()) if group != row]
    assert len(again) == 17
