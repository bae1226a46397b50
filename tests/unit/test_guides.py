"""Where visitors are sent for help: the data is whole, and says what nobody has checked."""

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest
from babel import Locale

from consent_service import guides, words

MEMBER_STATES = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"


def test_every_country_code_is_one_and_every_member_state_is_there() -> None:
    known = Locale("en").territories
    codes = {one.country for one in guides.authorities()}
    assert codes <= set(known)
    assert set(re.findall(r"\w+", MEMBER_STATES)) <= codes
    assert {"IS", "LI", "NO", "GB", "CH"} <= codes
    once = Counter(one.country for one in guides.authorities() if not one.region)
    assert set(once.values()) == {1}


def test_germany_has_its_sixteen_states() -> None:
    regions = [one.region for one in guides.authorities() if one.region]
    assert len(set(regions)) == 16
    assert all(re.fullmatch(r"DE-[A-Z]{2}", region) for region in regions)


@pytest.mark.parametrize(
    "one", [*guides.authorities(), *guides.browsers()], ids=lambda one: str(one.url)
)
def test_every_address_is_https_and_names_a_host(one: guides.Authority | guides.Browser) -> None:
    parts = urlsplit(one.url)
    assert parts.scheme == "https"
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc)
    assert one.name.strip()


def test_what_nobody_has_checked_stays_marked() -> None:
    unverified = {one.country for one in guides.authorities() if not one.verified}
    assert unverified == {"IS", "LI", "CH", "DE", "TR", "UA"}
    assert all(not one.verified for one in guides.authorities() if one.region)
    assert not any(browser.verified for browser in guides.browsers())


@pytest.mark.parametrize(
    ("language", "codes"),
    [
        ("sv", {"SE", "FI"}),
        ("en", {"GB", "IE", "MT"}),
        ("de", {"AT", "BE", "CH", "DE", "LI", "LU"}),
        ("pt-BR", {"PT"}),
        ("nb", {"NO"}),
        ("ga", {"IE"}),
        ("uk", {"UA"}),
        ("tr", {"CY", "TR"}),
        ("xx", set()),
    ],
)
def test_a_pages_language_tells_where_it_is_spoken(language: str, codes: set[str]) -> None:
    assert {country.code for country in guides.where_spoken(language)} == codes


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [
        ("sv", "Belgien", "Österrike"),
        ("de", "Belgien", "Zypern"),
        ("en", "Austria", "United Kingdom"),
        ("nb", "Belgia", "Østerrike"),
        ("cs", "Belgie", "Ukrajina"),
        ("ar", "إسبانيا", "هولندا"),
    ],
)
def test_countries_are_sorted_as_in_the_language(language: str, first: str, last: str) -> None:
    names = [country.name for country in guides.countries(language)]
    assert (names[0], names[-1]) == (first, last)
    assert len(names) == 34


@pytest.mark.parametrize(
    ("language", "in_order"),
    [
        ("de", "Norwegen Österreich Polen"),
        ("cs", "Bulharsko Česko Dánsko"),
        ("sk", "Holandsko Chorvátsko Írsko"),
        ("hr", "Cipar Češka Danska"),
        ("pl", "Litwa Luksemburg Łotwa Malta"),
        ("et", "Soome Šveits Taani Tšehhi Türgi"),
        ("tr", "Çekya Danimarka"),
        ("uk", "Іспанія Італія Кіпр"),
        ("is", "Tékkland Tyrkland Ungverjaland Úkraína Þýskaland"),
    ],
)
def test_a_letter_with_a_mark_stands_where_the_language_has_it(
    language: str, in_order: str
) -> None:
    names = [country.name for country in guides.countries(language)]
    places = [names.index(name) for name in in_order.split()]
    assert places == sorted(places), names


def test_the_common_browsers_are_named() -> None:
    named = " ".join(browser.name for browser in guides.browsers())
    for name in ("Chrome", "Edge", "Firefox", "Safari (Mac)", "Safari (iPhone, iPad)", "Opera"):
        assert name in named


@pytest.mark.parametrize("language", sorted(words.languages()))
def test_r39_the_united_kingdom_names_the_sites_own_route_first(language: str) -> None:
    text = words.texts(language)["authority"]["uk"]
    assert text.index("{controller}") < text.index("{email}") < text.index("ICO")
    assert "30" in text
