"""The product's own texts, and how durations and countries are said. Pure but for its own files.

`locales/<language>.json` holds the labels of the banner and the furniture of the pages. What a
site says is in its policy; what the product says is here, so that no editor can make accept and
refuse unequal, or leave a button without a language (R10, R16).
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.units import format_unit

_UNITS = (
    ("year", 31_536_000),
    ("month", 2_592_000),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)
_LONGEST = 35
"""Characters of a language tag that mean anything (RFC 5646, section 4.4.1)."""

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


@cache
def languages() -> frozenset[str]:
    """The languages that the product's own texts exist in."""
    folder = files(__package__).joinpath("locales")
    return frozenset(file.name.removesuffix(".json") for file in folder.iterdir())


@cache
def texts(language: str) -> dict[str, Any]:
    """The product's texts in the nearest language that exists, English at last."""
    name = nearest(language, sorted(languages())) or "en"
    return _read(name)


@cache
def _read(name: str) -> dict[str, Any]:
    file = files(__package__).joinpath("locales", f"{name}.json")
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def nearest(wanted: str, offered: Iterable[str]) -> str | None:
    """The offered language nearest to `wanted`: `sv-SE` finds `sv`, `pt` finds `pt-BR`.

    RFC 4647 look-up, then any offered language with the same first part; None where none fits.
    The widget has the same rule (`languageFor`).
    """
    by_lower = {language.lower(): language for language in offered}
    tag = whole = wanted[:_LONGEST].lower().replace("_", "-")
    while tag:
        if tag in by_lower:
            return by_lower[tag]
        tag = tag.rpartition("-")[0]
    return next((name for low, name in by_lower.items() if _first(low) == _first(whole)), None)


def _first(tag: str) -> str:
    """Norwegian has three names: pages say `no`, browsers `nb`, and some read `nn`."""
    first = tag.split("-")[0]
    return "nb" if first in {"no", "nn"} else first


def negotiate(accept_language: str, offered: Iterable[str]) -> str | None:
    """The offered language that an `Accept-Language` header likes best (RFC 9110, 12.5.4)."""
    offered, wishes = tuple(offered), []
    for order, part in enumerate(accept_language.split(",")[:20]):
        tag, _, weight = "".join(part.lower().split()).partition(";q=")
        wishes.append((-_weight(weight), order, tag))
    for refused, _, tag in sorted(wishes):
        found = nearest(tag, offered) if tag and tag != "*" and refused < 0 else None
        if found:
            return found
    return None


def _weight(text: str) -> float:
    try:
        return min(max(float(text or 1), 0.0), 1.0)
    except ValueError:
        return 0.0


def direction(language: str) -> str:
    """`rtl` or `ltr`, as for the HTML attribute `dir`."""
    return "rtl" if language.split("-")[0] in _RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=4_096)
def duration(seconds: int | None, language: str) -> str:
    """A stored item's lifetime in words: `2 years`, `13 months`, or until the browser is closed.

    `seconds` as in `CookieDeclaration`: None for a session item, 0 for one never deleted.
    The largest unit that says it exactly is used, a year being 365 days and a month 30.
    """
    own = texts(language)["durations"]
    if not seconds:
        return str(own["session" if seconds is None else "forever"])
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return _counted(seconds // size, unit, _locale(language))


def _counted(number: int, unit: str, locale: Locale) -> str:
    own = _units().get(locale.language, {}).get(unit)
    if own:
        return own[locale.plural_form(number)].format(number)
    return format_unit(number, f"duration-{unit}", locale=locale)


@cache
def _units() -> dict[str, dict[str, dict[str, str]]]:
    """Units by language and plural form, where CLDR has nothing or an abbreviation."""
    text = files(__package__).joinpath("units.json").read_text(encoding="utf-8")
    units: dict[str, dict[str, dict[str, str]]] = json.loads(text)
    return units


def country(code: str, language: str) -> str:
    """A country's name in a language; the code itself where it is not known."""
    return str(_locale(language).territories.get(code, code))


_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes that Babel names, and that no recipient sits in."""


def countries(language: str) -> dict[str, str]:
    """Every country's name in a language, by its code."""
    return {
        code: str(name)
        for code, name in _locale(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }


def date(at: int, language: str) -> str:
    """A day (UTC) in words: `22 November 2026`. `at` is unix seconds."""
    day = datetime.fromtimestamp(at, UTC).date()
    # English as the world writes it, not one country.
    return format_date(day, "long", locale=_locale("en-001" if language == "en" else language))


def listed(names: Iterable[str], language: str) -> str:
    """Names as that language lists them: `A, B and C`."""
    return format_list(list(names), locale=_locale(language))


def own_name(language: str) -> str:
    """A language's name in that language: `svenska`; the tag itself where it is not known."""
    try:
        return Locale.parse(language, sep="-").get_display_name() or language
    except (ValueError, UnknownLocaleError):
        return language


def english_name(language: str) -> str:
    """A language's name in English: `Swedish`; the tag itself where it has none."""
    try:
        return Locale.parse(language, sep="-").get_display_name("en") or language
    except (ValueError, UnknownLocaleError):
        return language


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")
