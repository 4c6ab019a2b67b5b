"""How a film looks: its topic decides palette and motif, its reel varies them.

Known topics (`looks.toml`) have hand-made palettes and motifs; any other text gets both from its hash, so that reels of
one unknown topic look alike too. The same (hint, reel id) always gives the same look.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from reels.media.colour import Palette, derived_palette, palette
from reels.media.motifs import MOTIFS


@dataclass(frozen=True, slots=True)
class Topic:
    """The looks of one topic: the words tags call it by, palettes and motifs to choose from."""

    words: tuple[str, ...]
    palettes: tuple[Palette, ...]
    motifs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What one film is painted with. `topic` "" = the hint names none we know; `seed` drives the motif's chance."""

    topic: str
    motif: str
    palette: Palette
    seed: int


def _plain(text: str) -> str:
    """Lower case, words apart by one space: "#Street_Food " -> "street food"."""
    return " ".join(re.split(r"[\s_#-]+", text.casefold())).strip()


def _read_topics() -> dict[str, Topic]:
    table = tomllib.loads(files("reels.media").joinpath("looks.toml").read_text("utf-8"))
    topics = {}
    for name, entry in table.items():
        words = tuple(_plain(word) for word in entry["words"].split("|"))
        motifs = tuple(entry["motifs"].split())
        unknown = set(motifs) - set(MOTIFS)
        if unknown:  # else a misspelt motif shows only at the first reel that draws it
            raise ValueError(f"looks.toml: {name}: no such motif: {', '.join(sorted(unknown))}")
        topics[name] = Topic(words, tuple(palette(codes) for codes in entry["palettes"]), motifs)
    return topics


TOPICS: dict[str, Topic] = _read_topics()
_TOPIC_OF_WORD = {word: name for name, topic in TOPICS.items() for word in topic.words}
_STEMS = sorted((word for word in _TOPIC_OF_WORD if len(word) >= 5 and " " not in word), key=len, reverse=True)
_LONGEST = 3
"""Words in the longest name of a topic that is looked for inside a hint."""

_ABSTRACT = [
    "aurora",
    "blobs",
    "bokeh",
    "confetti",
    "facets",
    "papercut",
    "petals",
    "ripples",
    "silk",
    "stars",
    "threads",
    "waves",
]
"""Motifs that suit a topic nobody chose any for."""

_ANY_ORDER = {"bokeh", "blobs", "confetti", "threads", "network", "equaliser"}
"""Motifs that look well with their accents in any order; in the others each accent has a part to play."""


def topic_named(hint: str) -> str:
    """The known topic the hint names first; "" when it names none.

    Looks for whole tags (any script), then for words inside them ("night street food tour"), then for words that begin
    with one we know ("cookingtips").
    """
    tags = [_plain(tag) for tag in hint.split(",")]
    for tag in tags:
        if tag in _TOPIC_OF_WORD:
            return _TOPIC_OF_WORD[tag]
    words = [word for tag in tags for word in tag.split()]
    for first in range(len(words)):
        for length in range(_LONGEST, 0, -1):
            found = _TOPIC_OF_WORD.get(" ".join(words[first : first + length]))
            if found is not None:
                return found
    return next((_TOPIC_OF_WORD[stem] for word in words for stem in _STEMS if word.startswith(stem)), "")


def look_of(hint: str, reel_id: str) -> Look:
    """The look of a reel's film: one of the topic's palettes with its hues turned a little, and one of its motifs."""
    seed = _hash(f"{hint.casefold()}|{reel_id}")
    rng = np.random.default_rng(seed)
    name = topic_named(hint)
    topic = TOPICS[name] if name else _derived(hint.casefold().split(",")[0].strip())
    base = topic.palettes[rng.integers(len(topic.palettes))]
    motif = topic.motifs[rng.integers(len(topic.motifs))]
    turned = base.turned(float(rng.uniform(-12, 12)), float(rng.uniform(0.95, 1.04)))
    if motif in _ANY_ORDER:
        accents = tuple(turned.accents[i] for i in rng.permutation(len(turned.accents)))
        turned = Palette(turned.deep, turned.low, turned.mid, turned.high, accents)
    return Look(name, motif, turned, seed)


def _derived(topic: str) -> Topic:
    """Looks for a topic nobody chose any for: the same text always gets the same ones."""
    rng = np.random.default_rng(_hash(topic))
    motifs = tuple(str(name) for name in rng.choice(_ABSTRACT, 3, replace=False))
    return Topic((topic,), (derived_palette(rng), derived_palette(rng)), motifs)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
