import string
from pathlib import Path

import pytest

import reels_app
from reels_app.strings import LANGUAGES, catalogue, preferred


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_language_says_everything_english_says(language: str) -> None:
    english, other = catalogue("en").text, catalogue(language).text
    assert other.keys() == english.keys()
    assert {key: fields(text) for key, text in other.items()} == {key: fields(text) for key, text in english.items()}
    assert all(text.strip() for text in other.values())


MADE_KEYS = ("part_", "history_kind_", "nothing_", "reason_")
MODES_AND_TABS = {"for_you", "latest", "saved", "liked", "history"}


def test_no_word_is_written_for_nobody() -> None:
    source = Path(reels_app.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py") if path.parent.name != "strings")
    unused = [key for key in catalogue("en").text if f'words("{key}"' not in code and f'"{key}"' not in code]
    assert [key for key in unused if not key.startswith(MADE_KEYS) and key not in MODES_AND_TABS] == []


def test_an_unknown_language_is_english() -> None:
    assert catalogue("xx-YY").language == "en"


def test_a_key_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        catalogue("en")("nonsense")


def test_values_are_filled_in() -> None:
    assert catalogue("es-MX")("follow", name="ana") == "Seguir a ana"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("hi-IN,hi;q=0.9,en;q=0.8", "hi"),
        ("de-DE,es;q=0.5,en;q=0.7", "en"),
        ("fr", "en"),
        ("", "en"),
        ("ar;q=oops", "en"),
    ],
)
def test_the_device_chooses_among_what_we_speak(header: str, language: str) -> None:
    assert preferred(header) == language


def test_arabic_runs_from_the_right() -> None:
    assert catalogue("ar").right_to_left
    assert not catalogue("hi").right_to_left


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_reason_the_recommender_gives_is_written_in_every_language(language: str) -> None:
    reasons = pytest.importorskip("reels.recommender.reasons")
    written = {key.removeprefix("reason_") for key in catalogue(language).text if key.startswith("reason_")}
    assert written == reasons.TEXTS.keys()
    with_parameter = {code for code, text in reasons.TEXTS.items() if "{}" in text}
    named = {code for code in written if fields(catalogue(language).text[f"reason_{code}"])}
    assert named == with_parameter - {"popular_in", "trending_in"}  # that region is always the viewer's own


def test_a_reason_says_what_it_is_about_in_the_viewers_language() -> None:
    assert catalogue("es").reason("liked|Pan {sin} | sal", "x") == "Porque te gustó «Pan {sin} | sal»"
    assert catalogue("ar").reason("popular_in|EG", "Popular in EG") == "رائج في منطقتك"


def test_a_reason_nobody_wrote_stays_as_the_api_words_it() -> None:
    assert catalogue("hi").reason("moon_phase|full", "Because the moon is full") == "Because the moon is full"
