"""Where visitors are sent for help: the authority of their country, their browser's own pages.

Kept as data, since all of it changes without us. An address that nobody has opened since it was
written down says so: `"verified": false`.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec
from babel.languages import get_official_languages
from msgspec import Struct

from consent_service import words

Entry = TypeVar("Entry")


class Authority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data protection authority."""

    country: str
    """ISO 3166-1 alpha-2."""
    region: str = ""
    """ISO 3166-2, where a part of a country has one of its own."""
    name: str
    url: str
    verified: bool
    note: str = ""
    """For whoever keeps this list; not shown."""


class Browser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser, and its makers' page about deleting cookies and turning them off."""

    name: str
    url: str
    verified: bool


class Country(Struct, frozen=True, kw_only=True):
    """A country to choose, and whom to turn to there."""

    code: str
    name: str
    authority: Authority
    regions: tuple[Authority, ...] = ()


@cache
def authorities() -> tuple[Authority, ...]:
    """Every authority that is known here, in the order of the file."""
    return _read("authorities.json", Authority)


@cache
def browsers() -> tuple[Browser, ...]:
    """The common browsers, the most used first."""
    return _read("browsers.json", Browser)


def _read(name: str, kind: type[Entry]) -> tuple[Entry, ...]:
    content = files(__package__).joinpath(name).read_bytes()
    return tuple(msgspec.json.decode(content, type=list[kind]))  # type: ignore[valid-type]  # a type at run time


@cache
def countries(language: str) -> tuple[Country, ...]:
    """The countries with their authorities, named and sorted as in that language."""
    found = (
        Country(
            code=one.country,
            name=words.country(one.country, language),
            authority=one,
            regions=tuple(
                part for part in authorities() if part.region and part.country == one.country
            ),
        )
        for one in authorities()
        if not one.region
    )
    return tuple(sorted(found, key=lambda country: _place(country.name, language)))


@cache
def where_spoken(language: str) -> tuple[Country, ...]:
    """The countries where a language is an official one: what a page's language tells, no more."""
    spoken = language.split("-")[0]
    return tuple(
        country
        for country in countries(language)
        if spoken in get_official_languages(country.code, de_facto=True)
    )


def _place(name: str, language: str) -> str:
    """What a name is sorted by, in its language."""
    letters = _letters(language.split("-")[0])
    # `İ` in lower case is `i` and a dot that counts for nothing.
    parts = re.split(f"({'|'.join(letters) or '(?!)'})", name.casefold())
    return "".join(letters.get(part) or _plain(part) for part in parts if part)


@cache
def _letters(language: str) -> dict[str, str]:
    """The letters that a language counts as its own, each sorted after the one that it follows.

    All other marks count for nothing.
    """
    rows = (row.split(":") for row in _alphabets().get(language, "").split())
    return {
        letter: f"{first}\uffff{order}"
        for first, *others in rows
        for order, letter in enumerate(others)
    }


@cache
def _alphabets() -> dict[str, str]:
    content = files(__package__).joinpath("alphabets.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, str])


def _plain(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name)
    return "".join(each for each in parts if not unicodedata.combining(each))
