"""What everybody may read: a site's cookies and its privacy notice, every version of both.

They set no cookie and need none.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from consent_service import policies, words
from consent_service.model import (
    SECONDS_A_DAY,
    Category,
    CookieDeclaration,
    Policy,
    PolicyVersion,
    Storage,
)
from consent_service.web.access import site_of
from consent_service.web.pages.markdown import rendered
from consent_service.web.render import page
from consent_service.web.service import service


async def cookies(request: Request) -> Response:
    """The cookie page: the policy's text, and everything that may be stored, by category."""
    return await _document(request, "cookies")


async def privacy(request: Request) -> Response:
    """The privacy notice."""
    return await _document(request, "privacy")


async def _document(request: Request, which: str) -> Response:
    running, site = service(request), await site_of(request)
    current = await running.current(site)
    wanted = request.query_params.get("version")
    record = await policies.version(running.store, site, wanted) if wanted else current
    version = policies.decode_version(record.body)
    language = _language(request, version.policy)
    records = await running.store.policies.versions(site.id)
    context = {
        "shown_site": site,
        "which": which,
        "language": language,
        "say": words.texts(language)["pages"],
        "banner": words.texts(language)["banner"],
        "policy": version.policy,
        "record": record,
        "records": [(one, _date(one.published_at, language)) for one in records],
        "published": _date(record.published_at, language),
        "replaced": _date(record.superseded_at, language) if record.superseded_at else "",
        "document": _rendered(record.digest, which, language, version.policy),
        "categories": _categories(version, language) if which == "cookies" else (),
        "stands": _stands(version.policy, language),
        "base": request.url.path,
        "names": {name: _own_name(name) for name in version.policy.languages},
        "asked": f"&version={record.number}" if wanted else "",
    }
    headers = {
        "cache-control": f"public, max-age={min(site.max_age, 300)}",
        "vary": "accept-language",
        "content-language": language,
    }
    return page(request, "public/document.html", context, headers=headers)


def _language(request: Request, policy: Policy) -> str:
    """By `lang`, else as the browser asks, else the site's own."""
    asked = words.nearest(request.query_params.get("lang", ""), policy.languages)
    accepted = request.headers.get("accept-language", "")
    return asked or words.negotiate(accepted, policy.languages) or policy.languages[0]


@lru_cache(maxsize=256)
def _rendered_text(digest: str, which: str, language: str, text: str) -> Markup:
    return rendered(text)


def _rendered(digest: str, which: str, language: str, policy: Policy) -> Markup:
    text: str = getattr(policy.documents, which).get(language, "")
    return _rendered_text(digest, which, language, text)


def _categories(version: PolicyVersion, language: str) -> list[dict[str, Any]]:
    policy = version.policy
    return [
        {
            "id": category.value,
            "title": policy.categories[category].title[language],
            "text": policy.categories[category].text[language],
            "items": [
                _item(item, language) for item in policy.declarations if item.category is category
            ],
        }
        for category in Category
    ]


def _item(item: CookieDeclaration, language: str) -> dict[str, Any]:
    say = words.texts(language)["pages"]
    return {
        "item": item,
        "purpose": item.purpose[language],
        "reason": item.reason.get(language, ""),
        "lasts": _lasts(item, language),
        "kind": say["storage"][item.storage.value],
        "country": words.country(item.country, language),
    }


def _lasts(item: CookieDeclaration, language: str) -> str:
    """Session and persistent told apart, as the law asks (Planet49, 81)."""
    say = words.texts(language)["pages"]
    if item.storage is Storage.PIXEL and item.seconds is None:
        return str(say["once"])
    kind = "session" if item.seconds is None else "persistent"
    return str(say[kind]).format(duration=words.duration(item.seconds, language))


def _stands(policy: Policy, language: str) -> str:
    days = policy.days
    granted = words.duration(days.granted * SECONDS_A_DAY, language)
    refused = words.duration(days.refused * SECONDS_A_DAY, language)
    text: str = words.texts(language)["pages"]["stands"]
    return text.format(granted=granted, refused=refused)


def _locale(language: str) -> Locale:
    try:
        # English as the world writes it, not one country: 19 November 2026.
        return Locale.parse("en-001" if language == "en" else language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def _date(at: int, language: str) -> str:
    day = datetime.fromtimestamp(at, UTC).date()
    return format_date(day, "long", locale=_locale(language))


def _own_name(language: str) -> str:
    """A language's name in that language: `svenska`."""
    try:
        return Locale.parse(language, sep="-").get_display_name() or language
    except (ValueError, UnknownLocaleError):
        return language
