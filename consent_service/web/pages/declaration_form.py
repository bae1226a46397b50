"""A cookie declaration as a form, and a form as a declaration. Pure.

A field is named as the declaration names the thing: `purpose.en`. So a message about a declaration
finds its field by itself.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import msgspec

from consent_service import words
from consent_service.errors import Invalid
from consent_service.known_cookies import Known
from consent_service.model import Category, CookieDeclaration, Storage, Text
from consent_service.parsing import parse

PLAIN = ("name", "category", "provider", "readers", "storage", "country", "domain", "reviewed")
"""What a declaration has once, for all languages."""

TEXTS = ("purpose", "reason")
"""What it has in every language."""

UNITS: Mapping[str, int] = {
    "year": 31_536_000,
    "month": 2_592_000,
    "week": 604_800,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
SESSION, FOREVER = "session", "forever"

UNIT_NAMES = (
    (SESSION, "until the browser is closed"),
    (FOREVER, "until it is deleted"),
    *((unit, f"{unit}s") for unit in UNITS),
)
STORAGE_NAMES = (
    (Storage.COOKIE.value, "Cookie"),
    (Storage.LOCAL_STORAGE.value, "Local storage"),
    (Storage.SESSION_STORAGE.value, "Session storage"),
    (Storage.INDEXED_DB.value, "IndexedDB"),
    (Storage.PIXEL.value, "Pixel"),
)
CATEGORY_NAMES = tuple((category.value, category.value.capitalize()) for category in Category)

# What msgspec says of these is true and of no help to who writes a policy.
PLAINLY: Mapping[str, str] = {
    "name": "give the name, of at most 128 characters",
    "country": "choose the country from the list",
    "seconds": "give a whole number, 1 or more; at most ten times 400 days",
    "category": "choose one of the four categories",
    "storage": "choose a kind of storage from the list",
}

LABELS: Mapping[str, str] = {
    "name": "Name",
    "category": "Category",
    "provider": "Who sets it",
    "readers": "Who else may read it",
    "purpose": "Purpose",
    "storage": "Kind of storage",
    "seconds": "How long it lasts",
    "country": "Recipient's country",
    "domain": "Domain",
    "hosts": "Hosts",
    "reason": "Why it is strictly necessary",
    "reviewed": "Who confirmed it, and when",
}

BLANK: Mapping[str, str] = {"category": "statistics", "storage": "cookie", "unit": SESSION}
"""What a new declaration begins with."""


def fields(item: CookieDeclaration) -> Iterable[tuple[str, str]]:
    """A declaration as fields."""
    for name in PLAIN:
        yield name, str(getattr(item, name))
    yield "hosts", " ".join(item.hosts)
    for name in TEXTS:
        text: Text = getattr(item, name)
        yield from ((f"{name}.{language}", value) for language, value in text.items())
    amount, unit = amount_of(item.seconds)
    yield from (("seconds", amount), ("unit", unit))


def typed(values: Mapping[str, str], languages: Iterable[str]) -> CookieDeclaration:
    """The declaration that was typed. Raises `Invalid`, which names the field."""
    plain = {name: values[name].strip() for name in PLAIN}
    languages = tuple(languages)
    given = {
        **plain,
        "hosts": values["hosts"].replace(",", " ").split(),
        "seconds": seconds(values["seconds"], values["unit"]),
        **{name: _text(values, name, languages) for name in TEXTS},
    }
    try:
        return parse(CookieDeclaration, msgspec.json.encode(given))
    except Invalid as error:
        raise Invalid(PLAINLY.get(error.field, error.message), error.field) from error


def _text(values: Mapping[str, str], name: str, languages: Iterable[str]) -> Text:
    said = ((language, values[f"{name}.{language}"]) for language in languages)
    return {language: text for language, text in said if text.strip()}


def amount_of(seconds: int | None) -> tuple[str, str]:
    """A duration as a number and its unit: `13`, `month`."""
    if not seconds:
        return "", SESSION if seconds is None else FOREVER
    known = ((unit, size) for unit, size in UNITS.items() if unit != "week")
    unit, size = next((unit, size) for unit, size in known if seconds % size == 0)
    return str(seconds // size), unit


def seconds(amount: str, unit: str) -> int | None:
    """A number and its unit as a duration. Raises `Invalid`."""
    if unit in (SESSION, FOREVER):
        return None if unit == SESSION else 0
    text = amount.strip()
    whole = text.isascii() and text.isdigit() and len(text) < 10
    if not whole or not int(text) or unit not in UNITS:
        raise Invalid(PLAINLY["seconds"], "seconds")
    return int(text) * UNITS[unit]


def fill(values: dict[str, str], known: Known) -> tuple[str, ...]:
    """Fill in what is empty, as a list of known cookies says. Which fields that were.

    Never that something is necessary, nor why: that is for who answers for the site (R20).
    """
    wanted = {"provider": known.provider, "purpose.en": known.purpose}
    if known.category and known.category is not Category.NECESSARY:
        wanted["category"] = known.category.value
    amount, unit = amount_of(known.seconds)
    if known.lasts and amount:
        wanted["seconds"] = amount
    wanted = {name: text for name, text in wanted.items() if text and text != values[name]}
    empty = {name: text for name, text in wanted.items() if _is_open(values, name)}
    values.update(empty)
    if "seconds" in empty:
        values["unit"] = unit
    return tuple(empty)


def _is_open(values: Mapping[str, str], name: str) -> bool:
    if name == "category":
        return not values["row"] and values[name] == BLANK[name]
    if name == "seconds":
        return not values[name].strip() and values["unit"] == BLANK["unit"]
    return not values[name].strip()


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Every country that one can choose, by its English name."""
    return tuple(sorted(words.countries("en").items(), key=lambda each: each[1]))


def label(name: str) -> str:
    """What people call a field of a declaration: `Purpose (Swedish)`."""
    stem, _, language = name.partition(".")
    called = LABELS.get(stem, stem)
    return f"{called} ({words.english_name(language)})" if language else called
