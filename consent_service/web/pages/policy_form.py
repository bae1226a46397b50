"""A policy as a form, and a form as a policy.

A field is named as the policy names the thing: `banner.title.en`. So a message about the policy
finds its field by itself. The declarations and the looks have pages of their own.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from consent_service import declared, words
from consent_service.errors import Invalid
from consent_service.model import Category, Policy, Text, Theme
from consent_service.policies import parse_policy
from consent_service.web.pages import declaration_form, policy_widget
from consent_service.web.pages.forms import Form

MAX_FORM = 16_000_000
"""Bytes: a draft of the largest size, with what a browser adds to send it."""

CONTROLLER = ("name", "address", "email", "phone", "url")

ELSEWHERE = ("theme", "declarations")
"""The parts of a policy that are edited on pages of their own."""

_FIELD = re.compile(r"^declarations\[(\d+)\]\.?(.*)$")

# What msgspec says of these is true and of no help to who writes a policy.
_PLAINLY = {
    "granted": "give a whole number of days, from 1 to 365",
    "refused": "give a whole number of days, from 120 to 365",
    "domain": "give a domain such as shop.example, or nothing",
    "languages": "choose at least one language, by a code such as sv or pt-BR",
    "hook": "give a path of your site that begins with one /, such as /consent/withdrawn, or "
    "nothing",
}
_FAULTS = 40
"""As many are looked for at once."""

language_name = words.english_name


class PolicyForm:
    """A draft's texts and terms while they are edited: its languages, its fields as typed."""

    def __init__(self, languages: Iterable[str], form: Form) -> None:
        self.languages = tuple(languages)
        self.form = form.labelled(label)

    @classmethod
    def of_policy(cls, policy: Policy) -> "PolicyForm":
        """The form that shows a policy."""
        return cls(policy.languages, Form(_fields(policy)))

    @classmethod
    def of_form(cls, typed: Form) -> "PolicyForm":
        """The form as typed."""
        own, chosen = typed.values["language"], typed.all("languages")
        return cls(sorted(chosen, key=lambda name: name != own), typed)

    def policy(self, before: Policy | None = None) -> Policy:
        """The policy that was typed. Raises `Invalid`, which names the field.

        What has no field in this form is as it was `before`.
        """
        kept = {name: getattr(before, name) for name in ELSEWHERE} if before else {}
        try:
            return replace(parse_policy(msgspec.json.encode(self._typed())), **kept)
        except Invalid as error:
            raise self._plainly(error) from error

    def checked(self, before: Policy) -> tuple[Policy, tuple[Invalid, ...]]:
        """The policy as far as it was typed, and each fault; what does not fit is as `before`."""
        faults: list[Invalid] = []
        own, tried = dict(_fields(before)), self
        while len(faults) < _FAULTS:
            try:
                return tried.policy(before), tuple(faults)
            except Invalid as error:
                faults.append(error)
                tried = tried._without(error.field, own, before.languages)
        return before, tuple(faults)

    def _without(
        self, field: str, own: Mapping[str, str], languages: tuple[str, ...]
    ) -> "PolicyForm":
        values = {**self.form.values, field: own.get(field, "")}
        kept = languages if field == "languages" else self.languages
        return PolicyForm(kept, Form(values.items()))

    def _plainly(self, error: Invalid) -> Invalid:
        """The same in plain words, at a field: of what is too much, at the longest text."""
        field = "languages" if error.field.startswith("languages") else error.field
        if not field:
            field = max(self.form.values, key=lambda name: len(self.form.values[name]))
        return Invalid(_PLAINLY.get(field.rpartition(".")[2], error.message), field)

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
            "documents": {name: self._text(f"documents.{name}") for name in DOCUMENTS},
            "days": {name: _whole(values, f"days.{name}") for name in ("granted", "refused")},
            "domain": values["domain"].strip().lower(),
            **policy_widget.typed(values),
        }

    def _text(self, name: str) -> Text:
        typed = ((lang, self.form.values[f"{name}.{lang}"]) for lang in self.languages)
        return {language: text for language, text in typed if text.strip()}


def seen(policy: Policy) -> str:
    """What this form shows of a policy, as a digest: another text, another digest."""
    return declared.digest(replace(policy, declarations=(), theme=Theme()))


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
}


def label(name: str) -> str:
    """What people call a part of a policy: `documents.cookies.sv` is `Cookie policy (Swedish)`."""
    row = _FIELD.match(name)
    if row:
        called = f"Cookie number {int(row[1]) + 1}"
        return f"{called}: {_lower(declaration_form.label(row[2]))}" if row[2] else called
    if name in _LABELS:
        return _LABELS[name]
    if name.startswith("categories."):
        _, category, *rest = name.split(".")
        what = {"title": "title", "text": "what it is for"}.get(rest[0] if rest else "", "texts")
        return f"{category.capitalize()}: {what}{_in(rest[1:])}"
    stem, _, language = name.rpartition(".")
    return f"{_LABELS[stem]}{_in([language])}" if stem in _LABELS else name


def named(policy: Policy, name: str) -> str:
    """The same, a cookie by its own name: `The cookie _ga: purpose (English)`."""
    row = _FIELD.match(name)
    if not row or int(row[1]) >= len(policy.declarations):
        return label(name)
    called = policy.declarations[int(row[1])].name
    part = _lower(declaration_form.label(row[2])) if row[2] else ""
    return f"Cookie {called}: {part}" if part else f"Cookie {called}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _in(languages: list[str]) -> str:
    return f" ({language_name(languages[0])})" if languages else ""


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
    yield from _text_fields("documents.cookies", policy.documents.cookies)
    yield from _text_fields("documents.privacy", policy.documents.privacy)
    yield "days.granted", str(policy.days.granted)
    yield "days.refused", str(policy.days.refused)
    yield "domain", policy.domain
    yield from policy_widget.fields(policy)


def _text_fields(name: str, text: Text) -> Iterable[tuple[str, str]]:
    return ((f"{name}.{language}", value) for language, value in text.items())


def _whole(values: Mapping[str, str], name: str) -> int:
    text = values[name].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(_PLAINLY[name.rpartition(".")[2]], name)
    return int(text)


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
