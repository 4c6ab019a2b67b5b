"""Titles and hashtags as people write them: a line about the topic in the voice of its creator.

Five voices: tidy; emoji behind everything; hashtags in the title; sloppy (lower case, letters swapped, no full
stops); SHOUTY. Lines and things are dealt like cards, so that a line comes back only when all have been used.
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, TypeVar

import numpy as np

from reels.simulation.languages import Language, Phrases, Region
from reels.simulation.topics import TOPIC_INDEX, TOPICS

T = TypeVar("T")


class Voice(IntEnum):
    """How a creator writes."""

    TIDY = 0
    EMOJI = 1
    HASHTAGS = 2
    SLOPPY = 3
    SHOUTY = 4


VOICE_SHARES: Final = (0.38, 0.22, 0.16, 0.16, 0.08)
DAYS: Final = (7, 10, 14, 21, 30, 45, 60, 75, 90, 100, 365)
PRICES: Final = (2, 3, 4, 5, 6, 8, 10, 12, 15)
COSTS: Final = (40, 50, 60, 75, 80, 90, 100, 120, 150, 200)

WIDE: Final = "、】："
"""Marks that bring their own space."""
NOTHING_BUT_TAGS = 0.02
ABOUT_ANYTHING = 0.2
"""Share of titles whose line would fit any topic."""
OPENER, CLOSER = 0.12, 0.26
STRAY_TAG = 0.05
"""Share of reels with a hashtag of a topic they are not about."""


class TitleWriter:
    """Writes titles and hashtags. Keeps what was dealt, so that titles don't repeat; one writer a catalogue."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._decks: dict[tuple[str, str, str], list[int]] = {}
        self._used: set[str] = set()

    def title(self, language: Language, region: Region, topic: str, voice: Voice, tags: Sequence[str]) -> str:
        """One title. `tags` are the reel's hashtags, of which some voices put a few into the title."""
        rng = self._rng
        emoji = TOPICS[TOPIC_INDEX[topic]].emoji.split(" ")
        if rng.random() < NOTHING_BUT_TAGS:
            return f"{self._pick(emoji) * int(rng.integers(1, 4))} {_hashtags(tags[:4])}"
        anything = rng.random() < ABOUT_ANYTHING
        text = self._new_line(language, region, language.topics[topic], anything)
        if not anything and rng.random() < OPENER:
            opener = self._fill(self._pick(language.openers), language, region, "")
            lower = text[0].isupper() and text[1:2].islower() and language.code != "de"
            text = f"{opener}{'' if opener[-1] in WIDE else ' '}{text[0].lower() if lower else text[0]}{text[1:]}"
        if rng.random() < CLOSER:
            closer = self._fill(self._pick(language.closers), language, region, "")
            text = _join(text, closer, self._pick((language.comma, "… ")))
        return self._style(text, language, voice, emoji, tags)

    def tags(self, language: Language, region: Region, topic: str, voice: Voice) -> list[str]:
        """2-9 hashtags without '#', most about the topic, some that say nothing, now and then a misleading one."""
        rng = self._rng
        own = language.topics[topic].tags
        stuffed = voice is Voice.HASHTAGS
        count = min(len(own), int(rng.integers(2, 4)) + 2 * stuffed)
        tags = [own[i] for i in rng.permutation(len(own))[:count]]
        if rng.random() < 0.15 and region.places:
            tags.append(self._pick(region.places).replace(" ", "").lower())
        if rng.random() < STRAY_TAG:
            tags.append(self._pick(language.topics[self._pick(sorted(language.topics))].tags))
        generic = int(rng.integers(0, 3)) + 2 * stuffed
        tags += [language.tags[i] for i in rng.permutation(len(language.tags))[:generic]]
        if voice is Voice.SLOPPY and rng.random() < 0.3:
            tags = [tag.upper() if rng.random() < 0.3 else tag for tag in tags]
            tags.append(tags[0].capitalize())
        return list(dict.fromkeys(tags))

    def restyled(self, title: str, language: Language, topic: str, tags: Sequence[str]) -> str:
        """The same words put up again by somebody else: other emoji, other hashtags, other case."""
        bare = re.sub(r"\s*#\S+", "", title)
        bare = "".join(ch for ch in bare if _is_text(ch)).strip(" ,.!…")
        emoji = TOPICS[TOPIC_INDEX[topic]].emoji.split(" ")
        tail = _hashtags([*tags[:2], self._pick(language.tags)])
        return f"{bare or self._pick(emoji)} {self._pick(emoji)} {tail}"

    def _new_line(self, language: Language, region: Region, phrases: Phrases, anything: bool) -> str:
        for _ in range(4):
            if anything:
                line = self._deal((language.code, "", "line"), language.lines)
            else:
                line = self._deal((language.code, phrases.lines[0], "line"), phrases.lines)
            thing = self._deal((language.code, phrases.lines[0], "thing"), phrases.things)
            text = self._fill(line, language, region, thing)
            if text not in self._used:
                break
        self._used.add(text)
        return text

    def _fill(self, line: str, language: Language, region: Region, thing: str) -> str:
        rng = self._rng
        slots = {
            "place": self._pick(region.places),
            "who": self._pick(language.who),
            "name": self._pick(language.names),
            "n": str(rng.integers(3, 10)),
            "days": str(self._pick(DAYS)),
            "price": _money(self._pick(PRICES), language, region),
            "cost": _money(self._pick(COSTS), language, region),
        }
        return line.format(thing=thing.format(**slots), **slots)

    def _style(self, text: str, language: Language, voice: Voice, emoji: Sequence[str], tags: Sequence[str]) -> str:
        rng = self._rng
        if voice is Voice.SLOPPY:
            text = self._sloppy(text, " lol" if language.code == "en" else "")
        elif voice is Voice.SHOUTY and rng.random() < 0.6:
            text = text.upper() + "!" * int(rng.integers(0, 4))
        elif voice is Voice.TIDY and rng.random() < 0.7:
            text = text[:1].upper() + text[1:]
        if rng.random() < (0.95 if voice is Voice.EMOJI else 0.25):
            repeat = int(rng.integers(1, 4)) if voice in (Voice.EMOJI, Voice.SLOPPY) else 1
            one = self._pick(emoji)
            text += " " + (one * repeat if rng.random() < 0.6 else one + self._pick(emoji))
        if voice is Voice.HASHTAGS or rng.random() < 0.12:
            text += " " + _hashtags(tags[: int(rng.integers(2, 5)) if voice is Voice.HASHTAGS else 1])
        return text

    def _sloppy(self, text: str, laugh: str) -> str:
        rng = self._rng
        text = text.lower().rstrip(".")
        if rng.random() < 0.25:
            text = text.replace(",", "").replace("'", "")
        letters = [i for i in range(1, len(text) - 1) if text[i].isascii() and text[i : i + 2].isalpha()]
        if letters and rng.random() < 0.1:
            i = letters[int(rng.integers(len(letters)))]
            text = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        return text + self._pick(("", "", "", "...", "..", "!!", laugh))

    def _deal(self, key: tuple[str, str, str], cards: Sequence[str]) -> str:
        deck = self._decks.setdefault(key, [])
        if not deck:
            deck.extend(int(i) for i in self._rng.permutation(len(cards)))
        return cards[deck.pop()]

    def _pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._rng.integers(len(choices)))]


def _join(text: str, closer: str, comma: str) -> str:
    """`text` and its closer, with a comma only where the text doesn't end in a mark of its own."""
    return f"{text} {closer}" if text[-1] in "!?.…:,؟！？" or closer[0] in "(（" else f"{text}{comma}{closer}"


def _hashtags(tags: Sequence[str]) -> str:
    return " ".join(f"#{tag}" for tag in tags)


def _money(dollars: int, language: Language, region: Region) -> str:
    return region.money.format(f"{dollars * region.scale:,}".replace(",", language.thousands))


def _is_text(ch: str) -> bool:
    """False for arrows, symbols and emoji, and for what glues emoji together."""
    return (ord(ch) < 0x2190 and ch != "\u200d") or 0x2E80 <= ord(ch) < 0xFE00
