"""A policy as a form, and a form as a policy.

A field is named as the policy names the thing: `declarations[0].purpose.en`. So a message about
the policy finds its field by itself.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from babel import Locale, UnknownLocaleError

from consent_service import words
from consent_service.errors import Invalid
from consent_service.model import Category, CookieDeclaration, Policy, Storage, Text
from consent_service.policies import parse_policy
from consent_service.web.pages import policy_widget
from consent_service.web.pages.forms import Form

MAX_FORM = 16_000_000
"""Bytes: a draft of the largest size, with what a browser adds to send it."""

CONTROLLER = ("name", "address", "email", "phone", "url")
PLAIN = ("name", "category", "provider", "readers", "storage", "country", "domain", "reviewed")
"""What a declaration has once, for all languages."""

ELSEWHERE = ("theme",)
"""The parts of a policy that are edited on pages of their own."""

UNITS: Mapping[str, int] = {
    "year": 31_536_000,
    "month": 2_592_000,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
SESSION, FOREVER = "session", "forever"

_ROW = re.compile(r"^declarations\[(\d{1,6})\]\.(.+)$")
_FIELD = re.compile(r"^declarations\[(\d+)\]\.?(.*)$")

# What msgspec says of these is true and of no help to who writes a policy.
_PLAINLY = {
    "name": "give the name, of at most 128 characters",
    "country": "give the country as two capital letters, such as SE",
    "granted": "give a whole number of days, from 1 to 365",
    "refused": "give a whole number of days, from 120 to 365",
    "domain": "give a domain such as shop.example, or nothing",
    "languages": "choose at least one language",
    "seconds": "give a whole number, 1 or more; at most ten times 400 days",
    "hook": "give a path of your site that begins with one /, such as /consent/withdrawn, or "
    "nothing",
}


class PolicyForm:
    """A draft while it is edited: its languages, its rows, its fields as typed."""

    def __init__(self, languages: Iterable[str], rows: int, form: Form) -> None:
        self.languages = tuple(languages)
        self.rows = rows
        self.form = form.labelled(self._label)
        self._begin_row("NEW")  # The empty row that a script can add.

    @classmethod
    def of_policy(cls, policy: Policy) -> "PolicyForm":
        """The form that shows a policy."""
        return cls(policy.languages, len(policy.declarations), Form(_fields(policy)))

    @classmethod
    def of_form(cls, typed: Form, without: int = -1) -> "PolicyForm":
        """The form as typed, its rows numbered anew, without row number `without`."""
        # A row that was added and left empty is no cookie.
        found = {int(row[1]) for name in typed.values if (row := _typed_in(name, typed.values))}
        rows = sorted(found - {without})
        place = {row: index for index, row in enumerate(rows)}
        pairs = [
            (_renumbered(name, place), value)
            for name, value in typed.values.items()
            if not (row := _ROW.match(name)) or int(row[1]) in place
        ]
        own = typed.values["language"]
        chosen = typed.all("languages")
        return cls(sorted(chosen, key=lambda name: name != own), len(rows), Form(pairs))

    def add_row(self) -> "PolicyForm":
        """The form with an empty row at its end."""
        self._begin_row(str(self.rows))
        self.rows += 1
        return self

    def _begin_row(self, row: str) -> None:
        begun = {"category": "statistics", "storage": "cookie", "unit": "month"}
        at = f"declarations[{row}]"
        self.form.values.update({f"{at}.{name}": value for name, value in begun.items()})

    @property
    def wrong(self) -> frozenset[int]:
        """The rows in which something does not fit."""
        rows = (_FIELD.match(name) for name in self.form.errors)
        return frozenset(int(row[1]) for row in rows if row)

    def policy(self, before: Policy | None = None) -> Policy:
        """The policy that was typed. Raises `Invalid`, which names the field.

        What has no field in this form is as it was `before`.
        """
        kept = {name: getattr(before, name) for name in ELSEWHERE} if before else {}
        try:
            return parse_policy(msgspec.json.encode({**self._typed(), **kept}))
        except Invalid as error:
            field = "languages" if error.field.startswith("languages") else error.field
            message = _PLAINLY.get(field.rpartition(".")[2], error.message)
            raise Invalid(message, field) from error

    def _typed(self) -> dict[str, Any]:
        values = self.form.values
        return {
            "languages": self.languages,
            "controller": {name: values[f"controller.{name}"].strip() for name in CONTROLLER},
            "banner": {name: self._text(f"banner.{name}") for name in ("title", "intro")},
            "categories": {
                category.value: {
                    name: self._text(f"categories.{category.value}.{name}")
                    for name in ("title", "text")
                }
                for category in Category
            },
            "declarations": [self._declaration(row) for row in range(self.rows)],
            "documents": {name: self._text(f"documents.{name}") for name in DOCUMENTS},
            "days": {name: _whole(values, f"days.{name}") for name in ("granted", "refused")},
            "domain": values["domain"].strip().lower(),
            **policy_widget.typed(values),
        }

    def _text(self, name: str) -> Text:
        typed = ((lang, self.form.values[f"{name}.{lang}"]) for lang in self.languages)
        return {language: text for language, text in typed if text.strip()}

    def _declaration(self, row: int) -> dict[str, Any]:
        at, values = f"declarations[{row}]", self.form.values
        plain = {name: values[f"{at}.{name}"].strip() for name in PLAIN}
        return {
            **plain,
            "category": plain["category"] or Category.STATISTICS.value,
            "storage": plain["storage"] or Storage.COOKIE.value,
            "country": plain["country"].upper(),
            "hosts": values[f"{at}.hosts"].replace(",", " ").split(),
            "purpose": self._text(f"{at}.purpose"),
            "reason": self._text(f"{at}.reason"),
            "seconds": _seconds(values, at),
        }

    def _label(self, name: str) -> str:
        """What people call a field: `The cookie _ga: purpose (English)`."""
        row = _FIELD.match(name)
        if not row:
            return label(name)
        called = self.form.values[f"declarations[{row[1]}].name"] or f"number {int(row[1]) + 1}"
        part = "cookie's domain" if row[2] == "domain" else label(row[2])
        return f"Cookie {called}: {part}" if row[2] else f"Cookie {called}"


DOCUMENTS = ("cookies", "privacy")

_LABELS = {
    "controller.name": "Controller's name",
    "controller.address": "Postal address",
    "controller.email": "E-mail",
    "controller.phone": "Phone",
    "controller.url": "Web address",
    "banner.title": "Heading of the banner",
    "banner.intro": "Text of the banner",
    "documents.cookies": "Cookie policy",
    "documents.privacy": "Privacy notice",
    "days.granted": "Days that a yes stands",
    "days.refused": "Days that a no stands",
    "days": "How long a choice stands",
    "domain": "Domain that the choice holds for",
    "languages": "Languages",
    "signals": "Vendors that are told",
    **{f"signals.{signal.value}": each.name for signal, each in policy_widget.VENDORS.items()},
    "google_advanced": "Google before a yes",
    "blocking": "Automatic blocking",
    "withdrawal.reload": "After a withdrawal",
    "withdrawal.hook": "Path that is told of a withdrawal",
    "theme.layout": "Layout",
    "theme.scheme": "Light or dark",
    "theme.light.back": "Background (light)",
    "theme.light.ink": "Text (light)",
    "theme.light.act": "Buttons (light)",
    "theme.dark.back": "Background (dark)",
    "theme.dark.ink": "Text (dark)",
    "theme.dark.act": "Buttons (dark)",
    "theme.radius": "Corners",
    "theme.button": "Re-open button",
    "name": "name",
    "category": "category",
    "provider": "who sets it",
    "readers": "who else may read it",
    "purpose": "purpose",
    "storage": "kind of storage",
    "seconds": "how long it lasts",
    "country": "recipient's country",
    "hosts": "hosts",
    "reason": "why it is strictly necessary",
    "reviewed": "who confirmed it",
}


def label(name: str) -> str:
    """What people call a part of a policy: `documents.cookies.sv` is `Cookie policy (Swedish)`."""
    if name in _LABELS:
        return _LABELS[name]
    if name.startswith("categories."):
        _, category, *rest = name.split(".")
        what = {"title": "title", "text": "what it is for"}.get(rest[0] if rest else "", "texts")
        return f"{category.capitalize()}: {what}{_in(rest[1:])}"
    stem, _, language = name.rpartition(".")
    return f"{_LABELS[stem]}{_in([language])}" if stem in _LABELS else name


def _in(languages: list[str]) -> str:
    return f" ({language_name(languages[0])})" if languages else ""


def language_name(tag: str) -> str:
    """A language's name in English: `Swedish`; the tag itself where it has none."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (ValueError, UnknownLocaleError):
        return tag


def both_names(tag: str) -> str:
    """A language's own name, with the English one for who cannot read it: `svenska (Swedish)`."""
    own, english = words.own_name(tag), language_name(tag)
    return english if own == english else f"{own} ({english})"


def _fields(policy: Policy) -> Iterable[tuple[str, str]]:
    for name in CONTROLLER:
        yield f"controller.{name}", getattr(policy.controller, name)
    yield from _text_fields("banner.title", policy.banner.title)
    yield from _text_fields("banner.intro", policy.banner.intro)
    for category, text in policy.categories.items():
        yield from _text_fields(f"categories.{category.value}.title", text.title)
        yield from _text_fields(f"categories.{category.value}.text", text.text)
    for row, declaration in enumerate(policy.declarations):
        yield from _declaration_fields(f"declarations[{row}]", declaration)
    yield from _text_fields("documents.cookies", policy.documents.cookies)
    yield from _text_fields("documents.privacy", policy.documents.privacy)
    yield "days.granted", str(policy.days.granted)
    yield "days.refused", str(policy.days.refused)
    yield "domain", policy.domain
    yield from policy_widget.fields(policy)


def _text_fields(name: str, text: Text) -> Iterable[tuple[str, str]]:
    return ((f"{name}.{language}", value) for language, value in text.items())


def _declaration_fields(at: str, item: CookieDeclaration) -> Iterable[tuple[str, str]]:
    for name in PLAIN:
        yield f"{at}.{name}", str(getattr(item, name))
    yield f"{at}.hosts", " ".join(item.hosts)
    yield from _text_fields(f"{at}.purpose", item.purpose)
    yield from _text_fields(f"{at}.reason", item.reason)
    amount, unit = _amount(item.seconds)
    yield f"{at}.seconds", amount
    yield f"{at}.unit", unit


def _amount(seconds: int | None) -> tuple[str, str]:
    if not seconds:
        return "", SESSION if seconds is None else FOREVER
    unit, size = next((unit, size) for unit, size in UNITS.items() if seconds % size == 0)
    return str(seconds // size), unit


def _seconds(values: Mapping[str, str], at: str) -> int | None:
    unit = values[f"{at}.unit"]
    if unit in (SESSION, FOREVER):
        return None if unit == SESSION else 0
    amount = _whole(values, f"{at}.seconds")
    if not amount or unit not in UNITS:
        raise Invalid(_PLAINLY["seconds"], f"{at}.seconds")
    return amount * UNITS[unit]


def _whole(values: Mapping[str, str], name: str) -> int:
    text = values[name].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(_PLAINLY[name.rpartition(".")[2]], name)
    return int(text)


_CHOSEN = ("category", "storage", "unit")


def _typed_in(name: str, values: Mapping[str, str]) -> re.Match[str] | None:
    """The row that a field belongs to, if something was typed in it."""
    row = _ROW.match(name)
    return row if row and row[2] not in _CHOSEN and values[name].strip() else None


def _renumbered(name: str, place: Mapping[int, int]) -> str:
    row = _ROW.match(name)
    return f"declarations[{place[int(row[1])]}].{row[2]}" if row else name


def empty_policy(languages: tuple[str, ...]) -> Policy:
    """Where a site begins: the product's names for the four categories, and nothing said yet."""
    titles = {language: words.texts(language)["pages"]["categories"] for language in languages}
    return msgspec.convert(
        {
            "languages": languages,
            "controller": {"name": "", "address": "", "email": ""},
            "banner": {"title": {}, "intro": {}},
            "categories": {
                category.value: {
                    "title": {name: title[category.value] for name, title in titles.items()},
                    "text": {},
                }
                for category in Category
            },
            "documents": {"cookies": {}, "privacy": {}},
        },
        Policy,
    )
