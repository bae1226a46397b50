"""The banner of a draft as it would look: the real widget, made to be shown where it can do
nothing. Pure.

A draft need not be complete: what is not written yet is filled in with the product's own words.
"""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from consent_service import banner, words
from consent_service.model import (
    OPTIONAL,
    BannerText,
    Category,
    CategoryText,
    ChangeClass,
    CookieDeclaration,
    Policy,
    PolicyVersion,
    Text,
    Theme,
)

MOST_ITEMS = 200
"""Declarations that a preview lists: what is only looked at is made while somebody waits."""

MOST_TEXT = 600


def texts_of(policy: Policy, language: str) -> dict[str, str]:
    """What the banner says of a policy in one language, by the names of the fields."""
    said = {"banner.title": policy.banner.title, "banner.intro": policy.banner.intro}
    for category, text in policy.categories.items():
        said |= {
            f"categories.{category.value}.title": text.title,
            f"categories.{category.value}.text": text.text,
        }
    return {name: text.get(language, "")[:MOST_TEXT] for name, text in said.items()}


def with_texts(policy: Policy, language: str, texts: Mapping[str, str]) -> Policy:
    """The policy with these texts of the banner in that language."""

    def text(name: str, before: Text) -> Text:
        return {**before, language: texts[name]} if name in texts else before

    def category(name: Category, before: CategoryText) -> CategoryText:
        at = f"categories.{name.value}"
        return CategoryText(
            title=text(f"{at}.title", before.title), text=text(f"{at}.text", before.text)
        )

    banner_text = BannerText(
        title=text("banner.title", policy.banner.title),
        intro=text("banner.intro", policy.banner.intro),
    )
    categories = {name: category(name, each) for name, each in policy.categories.items()}
    return replace(policy, banner=banner_text, categories=categories)


class Preview(NamedTuple):
    """The two files of a banner that is only looked at."""

    banner: bytes
    settings: bytes
    digest: str
    """The SHA-256 by which the first file asks for the second."""


def compose(policy: Policy, theme: Theme, language: str, place: str) -> Preview:
    """The banner of this policy in these looks. `place` stands for the site's key in the
    addresses that the banner asks.
    """
    version = PolicyVersion(
        site=place,
        number=1,
        published_at=0,
        change_class=ChangeClass.MAJOR,
        epochs=dict.fromkeys(OPTIONAL, 1),
        policy=_shown(policy, theme, language),
    )
    composed = banner.compose(0, version, language, 0)
    return Preview(composed.banner.body, composed.settings.body, composed.settings.digest)


def _shown(policy: Policy, theme: Theme, language: str) -> Policy:
    """The policy in one language, complete, and without what works on the page around it."""
    say = words.texts(language)
    titles = say["pages"]["categories"]
    return replace(
        policy,
        languages=(language,),
        banner=BannerText(
            title=_or(policy.banner.title, language, say["banner"]["settings"]),
            intro=_or(policy.banner.intro, language, say["pages"]["list_intro"]),
        ),
        categories={
            category: _category(policy.categories.get(category), language, titles[category.value])
            for category in Category
        },
        declarations=tuple(_item(item, language) for item in policy.declarations[:MOST_ITEMS]),
        theme=theme,
        signals=(),
        google_advanced=False,
        blocking=False,
        domain="",
    )


def _category(text: CategoryText | None, language: str, title: str) -> CategoryText:
    known = text or CategoryText(title={}, text={})
    return CategoryText(
        title=_or(known.title, language, title), text=_or(known.text, language, "…")
    )


def _item(item: CookieDeclaration, language: str) -> CookieDeclaration:
    return replace(item, purpose=_or(item.purpose, language, "…"))


def _or(text: Text, language: str, otherwise: str) -> Text:
    return {language: text.get(language, "").strip() or otherwise}
