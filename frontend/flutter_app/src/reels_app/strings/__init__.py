"""Every word the app shows, one catalogue a language. English is the measure of completeness."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

LANGUAGES = {"en": "English", "es": "Español", "hi": "हिन्दी", "ar": "العربية"}
RIGHT_TO_LEFT = frozenset({"ar"})
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Strings:
    """The words of one language."""

    language: str
    text: dict[str, str]

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return self.language in RIGHT_TO_LEFT

    def __call__(self, key: str, **values: object) -> str:
        """The words under `key` with `values` filled in; KeyError for a key nobody wrote."""
        return self.text[key].format(**values)

    def reason(self, code: str, fallback: str) -> str:
        """A reason of the API (`code` or `code|parameter`) in this language; `fallback` for one nobody wrote."""
        name, _, parameter = code.partition("|")
        known = self.text.get(f"reason_{name}")
        return known.replace("{what}", parameter) if known else fallback


def catalogue(language: str) -> Strings:
    """The words of `language` ("hi", "hi-IN", ...), English where it is not known."""
    code = language.replace("_", "-").split("-")[0].lower()
    code = code if code in LANGUAGES else FALLBACK
    module = import_module(f"reels_app.strings.{code}")
    return Strings(code, module.TEXT)


def preferred(accept_language: str) -> str:
    """The first language of an `Accept-Language` header that the app speaks."""
    wishes = []
    for place, part in enumerate(accept_language.split(",")):
        name, _, quality = part.strip().partition(";q=")
        code = name.split("-")[0].lower()
        if code in LANGUAGES:
            try:
                wishes.append((-float(quality or 1), place, code))
            except ValueError:
                continue
    return min(wishes)[2] if wishes else FALLBACK
