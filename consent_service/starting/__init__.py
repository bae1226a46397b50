"""Starting points: policies that already pass every check, so that a new site is live at once.

All of it is data. `shape.json` says what each starting point stores; a folder for each language has
the texts. Another language is another folder, and a test says what is missing in it.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from consent_service import words
from consent_service.model import Category, Policy, Site, SiteKey
from consent_service.parsing import parse


class About(NamedTuple):
    """What a starting point cannot know."""

    controller: str
    address: str
    email: str
    country: str
    """Where the controller is: ISO 3166-1 alpha-2."""
    reviewed: str
    """Who confirms that what is necessary is, and when."""


class Named(NamedTuple):
    """A site, as far as a policy speaks of it."""

    key: SiteKey
    name: str

    @classmethod
    def of(cls, site: Site) -> "Named":
        """A site that there is."""
        return cls(site.key, site.name)


def languages() -> frozenset[str]:
    """The languages that starting points exist in."""
    folders = (each for each in files(__name__).iterdir() if each.is_dir())
    return frozenset(each.name for each in folders) & words.languages()


def points(language: str) -> dict[str, str]:
    """Every starting point by its name, and what it is for in that language (or in English)."""
    texts = _texts(language if language in languages() else "en")
    return {name: str(texts["points"][name]) for name in _shape()["points"]}


def policy(point: str, wanted: Iterable[str], site: Named, about: About) -> Policy:
    """The policy that a site begins with. Raises `KeyError` for a point that there is not."""
    chosen, spoken = _shape()["points"][point], tuple(wanted)
    whole = {
        "languages": spoken,
        "controller": {
            "name": about.controller,
            "address": about.address,
            "email": about.email,
        },
        "banner": {part: _said(spoken, "banner", part) for part in ("title", "intro")},
        "categories": {
            category.value: {
                part: _said(spoken, "categories", category.value, part)
                for part in ("title", "text")
            }
            for category in Category
        },
        "declarations": [_declaration(name, spoken, about) for name in chosen["declarations"]],
        "documents": {
            which: {each: _document(each, which, site, about) for each in spoken}
            for which in ("cookies", "privacy")
        },
        **chosen["policy"],
    }
    return parse(Policy, msgspec.json.encode(whole))


def _declaration(name: str, spoken: tuple[str, ...], about: About) -> dict[str, Any]:
    own = {"provider": about.controller, "country": about.country}
    shaped = {**own, **_shape()["declarations"][name], "name": name}
    shaped["purpose"] = _said(spoken, "declarations", name, "purpose")
    if shaped["category"] == Category.NECESSARY.value:
        shaped["reason"] = _said(spoken, "declarations", name, "reason")
        shaped["reviewed"] = about.reviewed
    return shaped


def _said(spoken: Iterable[str], *path: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for language in spoken:
        value: Any = _texts(language)
        for part in path:
            value = value[part]
        said[language] = value
    return said


def _document(language: str, which: str, site: Named, about: About) -> str:
    places = {
        "{controller}": about.controller or site.name,
        "{address}": ", ".join(about.address.splitlines()),
        "{email}": about.email,
        "{site}": site.name,
        "{cookies}": f"/policies/{site.key}/cookies?lang={language}",
    }
    text = _file(language, f"{which}.md").strip()
    for place, value in places.items():
        text = text.replace(place, value)
    return text


@cache
def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads(_file(language, "texts.json"))
    return texts


@cache
def _shape() -> dict[str, Any]:
    shape: dict[str, Any] = json.loads(files(__name__).joinpath("shape.json").read_text("utf-8"))
    return shape


@cache
def _file(language: str, name: str) -> str:
    return files(__name__).joinpath(language, name).read_text("utf-8")
