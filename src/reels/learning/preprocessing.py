"""Titles and tags as plain, comparable text, in any language.

Cleaning undoes how things are written, never what they say: Unicode forms, case, emoji, invisible characters,
addresses, shouting punctuation, `#tag` inside titles, `camelCase` and `snake_case` tags, singular and plural of a tag.
A change of what `clean` answers must count up `CLEANING_VERSION`: embeddings of different versions never mix.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import xxhash

CLEANING_VERSION = 1

MAX_TITLE = 2000
"""Characters of a title that are read; a longer one is cut, so that one absurd row can't slow a job down."""
MAX_TAGS = 64
MAX_TAG_WORDS = 6
"""After a spaced `# `, more words than this are a sentence, not a tag."""

_KEYCAP = re.compile("([#*0-9])\ufe0f?\u20e3")
_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|ly|be|me|io|co|tv|gg)/\S*", re.IGNORECASE)
_MARKS = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")
_TAG = re.compile(r"(?<![\w#])#(?P<joined>[^\s.,;:!?()\[\]{}\"'|/\\<>=]+)|(?<![\w#])#[^\S\n]+(?P<spaced>[^#\n|]*)")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z][a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_STRETCHED = re.compile(r"([^\W\d_])\1{3,}")
_REPEATED = re.compile(r"([^\w\s])(?:\s*\1)+")
_SPACE = re.compile(r"\s+")
_EDGE = " \t\n#_-.,;:!?'\"()[]{}|/\\~*+=<>@&"


class _Plain(dict[int, str | int]):
    """For `str.translate`: what each character becomes, looked up once per character ever met."""

    def __missing__(self, code: int) -> str | int:
        kind = unicodedata.category(chr(code))
        value: str | int = code
        if 0xFE00 <= code <= 0xFE0F or 0x1F3FB <= code <= 0x1F3FF or kind in {"Cf", "Me"}:
            value = (
                ""  # joiners, direction marks, soft hyphens, variation selectors, skin tones: invisible by themselves
            )
        elif code == 0x0A:
            value = code
        elif kind in {"So", "Sk", "Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"}:
            value = " "  # emoji and other pictures, controls, lone surrogates, blanks of any width
        self[code] = value
        return value


_PLAIN = _Plain()


@dataclass(frozen=True, slots=True)
class CleanText:
    """Cleaned words of one reel: title without its hashtags, distinct tags, and both as one text to embed."""

    title: str
    tags: tuple[str, ...]
    text: str


def clean(title: str, tags: Sequence[str] = ()) -> CleanText:
    """Cleans one reel's title and tags. Never fails; nothing readable gives empty strings.

    >>> clean("Best COMIC ever!!! 🤣 #funnyCats # My destiny", ["funny_cat", "Comics"])
    CleanText(title='best comic ever!', tags=('funny cat', 'comics', 'my destiny'), text='best comic ever! funny cat comics my destiny')
    """  # noqa: E501
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        raw = match["joined"] or match["spaced"] or ""
        if match["joined"] is None and len(raw.split()) > MAX_TAG_WORDS:
            return f" {raw} "
        if raw.strip(_EDGE).isdigit():
            return f" {raw} "  # "#1 hit" is a rank
        found.extend(raw.split("#"))  # "#a#b" is two
        return " "

    plain = _TAG.sub(take, _plain(title[:MAX_TITLE]))
    words = _tidy(plain)
    merged = _merge([*(_plain(tag[:MAX_TITLE]) for tag in tags[:MAX_TAGS]), *found])
    return CleanText(words, merged, " ".join(part for part in (words, *merged) if part))


def content_hash(cleaned: CleanText) -> str:
    """32 hex digits: the same cleaned words under the same cleaning version, the same hash."""
    parts = (str(CLEANING_VERSION), cleaned.title, *cleaned.tags)
    return xxhash.xxh3_128_hexdigest("\x1f".join(parts).encode())


def _plain(text: str) -> str:
    """Unicode forms, entities, addresses and invisible characters undone; case, hashes and line ends kept."""
    if "&" in text:
        text = html.unescape(text)
    text = _KEYCAP.sub(lambda m: m[1] if m[1].isdigit() else " ", text)
    text = unicodedata.normalize("NFKC", text)
    return _MARKS.sub(r"\1", _URL.sub(" ", text.translate(_PLAIN)))


def _tidy(text: str) -> str:
    """Case, stretched letters, repeated punctuation and blanks."""
    text = unicodedata.normalize("NFKC", text.casefold())
    text = _REPEATED.sub(r"\1", _STRETCHED.sub(r"\1\1", text))
    text = _SPACE.sub(" ", text).strip()
    return text if any(char.isalnum() for char in text) else ""


def _tag(raw: str) -> str:
    words = _CAMEL.sub(" ", raw).replace("_", " ").replace("-", " ").replace("#", " ")
    return _tidy(words).strip(_EDGE)


def _merge(raw: Iterable[str]) -> tuple[str, ...]:
    """Distinct tags in the order first met; of near-duplicates the first spelling stays."""
    kept: dict[str, str] = {}
    for one in raw:
        tag = _tag(one)
        key = tag.replace(" ", "")
        if key and not any(form in kept for form in _forms(key)) and len(kept) < MAX_TAGS:
            kept[key] = tag
    return tuple(kept.values())


def _forms(key: str) -> list[str]:
    """The key and what may be its singular or plural (Latin letters only: other scripts say it otherwise)."""
    forms = [key, key + "s", key + "es"]
    if key.isascii() and len(key) > 3:
        if key.endswith("y"):
            forms.append(key[:-1] + "ies")
        if key.endswith("ies"):
            forms.append(key[:-3] + "y")
        if key.endswith("es"):
            forms.append(key[:-2])
        if key.endswith("s"):
            forms.append(key[:-1])
    return forms
