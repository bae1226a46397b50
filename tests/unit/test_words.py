"""The product's own texts; languages, durations and countries in words."""

import re
from typing import Any

import pytest

from consent_service import starting, words
from consent_service.loaded import loaded
from consent_service.model import ChangeKind

DAY = 86_400


@pytest.mark.parametrize(
    ("wanted", "offered", "found"),
    [
        ("sv", ("en", "sv"), "sv"),
        ("SV", ("en", "sv"), "sv"),
        ("sv-SE", ("en", "sv"), "sv"),
        ("sv_SE", ("en", "sv"), "sv"),
        ("sv-Latn-SE", ("en", "sv"), "sv"),
        ("pt", ("en", "pt-BR"), "pt-BR"),
        ("pt-PT", ("en", "pt-BR"), "pt-BR"),
        ("pt-BR", ("pt", "pt-BR"), "pt-BR"),
        ("zh-Hant-TW", ("zh-Hans", "zh-Hant"), "zh-Hant"),
        ("no", ("en", "nb"), "nb"),
        ("nn-NO", ("en", "nb"), "nb"),
        ("nn", ("nb", "nn"), "nn"),
        ("nb", ("en", "no"), "no"),
        ("de", ("en", "sv"), None),
        ("s", ("en", "sv"), None),
        ("sve", ("en", "sv"), None),
        ("", ("en", "sv"), None),
        ("-", ("en", "sv"), None),
        ("en", (), None),
    ],
)
def test_the_nearest_language_is_found(
    wanted: str, offered: tuple[str, ...], found: str | None
) -> None:
    assert words.nearest(wanted, offered) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("sv", "sv"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("de,en;q=0.5,sv;q=0.7", "sv"),
        ("de, en ; q=0.5, sv ; q=0.7", "sv"),
        ("SV;Q=0.1", "sv"),
        ("en;q=0,sv;q=0.1", "sv"),
        ("en;q=0", None),
        ("de", None),
        ("*", None),
        ("", None),
        ("en,sv", "en"),
        ("sv;q=x,en;q=0.1", "en"),
        ("sv;q=nan", None),
    ],
)
def test_the_browsers_language_is_chosen(header: str, found: str | None) -> None:
    assert words.negotiate(header, ("en", "sv")) == found


@pytest.mark.parametrize(
    ("seconds", "english", "swedish"),
    [
        (None, "until you close the browser", "tills du stänger webbläsaren"),
        (0, "until it is deleted", "tills det raderas"),
        (1, "1 second", "1 sekund"),
        (90, "90 seconds", "90 sekunder"),
        (600, "10 minutes", "10 minuter"),
        (3_600, "1 hour", "1 timme"),
        (DAY, "1 day", "1 dygn"),
        (30 * DAY, "1 month", "1 månad"),
        (182 * DAY, "182 days", "182 dygn"),
        (365 * DAY, "1 year", "1 år"),
        (730 * DAY, "2 years", "2 år"),
        (13 * 30 * DAY, "13 months", "13 månader"),
    ],
)
def test_a_duration_is_said_in_words(seconds: int | None, english: str, swedish: str) -> None:
    assert words.duration(seconds, "en") == english
    assert words.duration(seconds, "sv") == swedish


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [
        (365 * DAY, "mt", "sena waħda"),
        (730 * DAY, "mt", "sentejn"),
        (180 * DAY, "mt", "6 xhur"),
        (390 * DAY, "mt", "13-il xahar"),
        (182 * DAY, "mt-MT", "182 jum"),
        (1_800, "mt", "30 minuta"),
        (365 * DAY, "de", "1 Jahr"),
        (390 * DAY, "fr", "13\N{NO-BREAK SPACE}mois"),
        (182 * DAY, "pl", "182 dni"),
        (180 * DAY, "pl", "6 miesięcy"),
        (730 * DAY, "cs", "2 roky"),
        (182 * DAY, "ro", "182 de zile"),
        (730 * DAY, "fi", "2 vuotta"),
        (182 * DAY, "sl", "182 dni"),
        (390 * DAY, "lt", "13 mėnesių"),
        (730 * DAY, "ga", "2 bhliain"),
        (3 * 365 * DAY, "ga", "3 bliana"),
        (180 * DAY, "ga", "6 mhí"),
        (8 * 3_600, "ga-IE", "8 n-uaire an chloig"),
        (730 * DAY, "ar", "سنتان"),
    ],
)
def test_no_duration_is_an_abbreviation(seconds: int, language: str, said: str) -> None:
    assert words.duration(seconds, language) == said


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("SE", "en", "Sweden"),
        ("SE", "sv", "Sverige"),
        ("US", "sv-FI", "USA"),
        ("ZZZ", "en", "ZZZ"),
        ("SE", "xx-nonsense", "Sweden"),
        ("", "en", ""),
    ],
)
def test_a_country_is_said_in_words(code: str, language: str, name: str) -> None:
    assert words.country(code, language) == name


@pytest.mark.parametrize(
    ("names", "language", "said"),
    [
        ("", "en", ""),
        ("a", "de", "a"),
        ("a b", "sv", "a och b"),
        ("a b c", "de", "a, b und c"),
        ("a b", "ar", "a وb"),
        ("a b", "xx-nonsense", "a and b"),
    ],
)
def test_names_are_listed_as_a_language_does(names: str, language: str, said: str) -> None:
    assert words.listed(names.split(), language) == said


@pytest.mark.parametrize(
    ("language", "direction"),
    [("en", "ltr"), ("sv", "ltr"), ("ar", "rtl"), ("ar-EG", "rtl"), ("he", "rtl"), ("arn", "ltr")],
)
def test_a_language_has_a_direction(language: str, direction: str) -> None:
    assert words.direction(language) == direction


def test_a_language_without_texts_gets_english() -> None:
    assert words.texts("xx") is words.texts("en")
    assert words.texts("sv-FI") is words.texts("sv")


def leaves(value: Any, path: str = "") -> dict[str, str]:
    """Every text by its path."""
    if isinstance(value, dict):
        inner = (leaves(each, f"{path}.{name}") for name, each in value.items())
        return {name: text for found in inner for name, text in found.items()}
    return {path: value}


UNION = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv"


def test_r16_every_official_language_of_the_union_is_there_and_five_more() -> None:
    assert words.languages() == set(UNION.split()) | {"nb", "is", "uk", "tr", "ar"}
    assert starting.languages() == words.languages()


@pytest.mark.parametrize("language", sorted(words.languages()))
def test_r16_every_language_is_complete(language: str) -> None:
    """The same texts as in English, each with the same places to fill."""
    english, own = leaves(words.texts("en")), leaves(words.texts(language))
    assert own.keys() == english.keys()
    assert all(isinstance(text, str) and text.strip() for text in own.values())
    for path, said in own.items():
        assert _places(said) == _places(english[path]), path


def _places(said: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", said))


@pytest.mark.parametrize("language", sorted(words.languages()))
def test_every_change_that_asks_again_has_words(language: str) -> None:
    told = {ChangeKind.ADDED, ChangeKind.LONGER, ChangeKind.MOVED, ChangeKind.PROVIDER}
    told |= {ChangeKind.READERS, ChangeKind.COUNTRY, ChangeKind.PURPOSE, ChangeKind.TEXT}
    told |= {ChangeKind.CONTROLLER, ChangeKind.SCOPE}
    assert {f"change_{kind.value}" for kind in told} <= words.texts(language)["banner"].keys()


@pytest.mark.parametrize("language", sorted(words.languages()))
def test_r11_the_buttons_say_plainly_what_they_do(language: str) -> None:
    banner = words.texts(language)["banner"]
    for label in ("accept", "reject", "choose", "yes", "no", "save"):
        assert len(banner[label]) <= 30
        assert not loaded(language).label.search(banner[label])
    assert len({banner[label] for label in ("accept", "reject", "choose", "save")}) == 4


@pytest.mark.parametrize("language", sorted(words.languages()))
def test_a_button_that_a_text_names_is_called_so(language: str) -> None:
    texts = words.texts(language)
    assert texts["banner"]["accept"] in texts["banner"]["gpc"]
    assert texts["banner"]["erase"] in texts["verify"]["erase_text"]


@pytest.mark.parametrize("language", sorted(words.languages()))
def test_every_change_that_visitors_are_told_of_has_words(language: str) -> None:
    silent = {ChangeKind.REMOVED, ChangeKind.SHORTER, ChangeKind.LANGUAGE, ChangeKind.THEME}
    silent |= {ChangeKind.BLOCKING, ChangeKind.WITHDRAWAL}
    named = {ChangeKind.DOCUMENT: "documents.cookies", ChangeKind.SIGNALS: "google_advanced"}
    told = {named.get(kind, kind.value) for kind in set(ChangeKind) - silent}
    assert told <= words.texts(language)["notice"].keys()
