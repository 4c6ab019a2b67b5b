"""The languages of the sample: where they are spoken and how people write in them.

One file a language in `phrases/` (format: the first lines of `phrases/en.toml`). A topic missing from a file is not
made in that language (cricket in Japanese). To add a language, add a file.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from reels.core.errors import BadSample


@dataclass(frozen=True, slots=True)
class Region:
    """A country in which the language is spoken."""

    code: str
    share: float
    """Of the language's creators and viewers; the regions of a language sum to 1."""
    money: str
    """How a price is written, with `{}` for the amount."""
    scale: int
    """Amounts in this currency are this many times those in dollars."""
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """How one topic is talked about in one language."""

    handles: tuple[str, ...]
    tags: tuple[str, ...]
    things: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """One language."""

    code: str
    share: float
    """Of creators and viewers; the languages sum to 1."""
    also: tuple[str, ...]
    """Languages its speakers often understand."""
    regions: tuple[Region, ...]
    names: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    who: tuple[str, ...]
    comma: str
    thousands: str
    lines: tuple[str, ...]
    """Said about anything; every one has {thing}."""
    tags: tuple[str, ...]
    """Hashtags that say nothing (#fyp)."""
    topics: dict[str, Phrases]


@cache
def languages() -> tuple[Language, ...]:
    """Every language, in the order of their codes."""
    folder = files("reels.simulation").joinpath("phrases")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    if not names:
        raise BadSample(str(folder), "holds no phrases; is the package complete?")
    return tuple(_language(tomllib.loads(folder.joinpath(name).read_text("utf-8"))) for name in names)


def _language(data: dict[str, Any]) -> Language:
    voice = data["voice"]
    return Language(
        code=data["code"],
        share=data["share"],
        also=tuple(data["also"]),
        regions=tuple(_region(code, entry) for code, entry in data["regions"].items()),
        names=_list(voice["names"]),
        openers=_list(voice["openers"]),
        closers=_list(voice["closers"]),
        who=_list(voice["who"]),
        comma=voice.get("comma", ", "),
        thousands=voice.get("thousands", ","),
        lines=_lines(voice["lines"]),
        tags=_list(voice["tags"]),
        topics={name: _phrases(entry) for name, entry in data["topics"].items()},
    )


def _region(code: str, entry: dict[str, Any]) -> Region:
    return Region(code, entry["share"], entry["money"], entry["scale"], _list(entry["places"]))


def _phrases(entry: dict[str, Any]) -> Phrases:
    return Phrases(_list(entry["handles"]), _list(entry["tags"]), _list(entry["things"]), _lines(entry["lines"]))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" | ") if part.strip())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
