"""What everybody may read: a site's cookies and its privacy notice, every version of both.

They set no cookie and need none.
"""

import asyncio
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from consent_service import guides, policies, words
from consent_service.model import Category, Policy, PolicyVersion, Site, VersionRecord
from consent_service.web.access import site_of
from consent_service.web.pages.markdown import Outside, leaving, rendered
from consent_service.web.pages.told import described, stands
from consent_service.web.render import page
from consent_service.web.service import service


async def cookies(request: Request) -> Response:
    """The cookie page: the policy's text, and everything that may be stored, by category."""
    return await _document(request, "cookies")


async def privacy(request: Request) -> Response:
    """The privacy notice."""
    return await _document(request, "privacy")


def frame(
    request: Request, site: Site, policy: Policy, language: str, which: str
) -> dict[str, Any]:
    """What every page for visitors shows around its own: names, languages, addresses."""
    texts = words.texts(language)
    return {
        "shown_site": site,
        "which": which,
        "language": language,
        "say": texts["pages"],
        "tell": texts["changes"],
        "banner": texts["banner"],
        "help": {name: texts[name] for name in ("authority", "browsers")},
        "leaving": leaving(texts["pages"]["leaves"]),
        "policy": policy,
        # Search engines follow no relative address to another language.
        "root": service(request).settings.base_url,
        "base": request.url.path,
        "names": {name: words.own_name(name) for name in policy.languages},
        "asked": "",
    }


def headers(site: Site, language: str) -> dict[str, str]:
    """As any cache may keep it: by what the visitor's browser asks for, and not for long."""
    return {
        "cache-control": f"public, max-age={min(site.max_age, 300)}",
        "vary": "accept-language",
        "content-language": language,
    }


async def _document(request: Request, which: str) -> Response:
    running, site = service(request), await site_of(request)
    current = await running.current(site)
    named = request.path_params.get("reference", "")
    wanted = named or request.query_params.get("version")
    record = await policies.version(running.store, site, wanted) if wanted else current
    version = policies.decode_version(record.body)
    language = chosen_language(request, version.policy)
    context = {
        **frame(request, site, version.policy, language, which),
        "record": record,
        "records": _dated(await running.store.policies.versions(site.id), language),
        "published": words.date(record.published_at, language),
        "replaced": words.date(record.superseded_at, language) if record.superseded_at else "",
        "document": await _rendered(
            site, running.settings.base_url, version.policy, which, language
        ),
        "categories": _categories(version, language) if which == "cookies" else (),
        "countries": guides.countries(language),
        "spoken": guides.where_spoken(language),
        "browsers": guides.browsers(),
        "stands": stands(version.policy.days.granted, version.policy.days.refused, language),
        "asked": f"&version={record.number}" if wanted and not named else "",
    }
    return page(request, "public/document.html", context, headers=headers(site, language))


def _dated(records: list[VersionRecord], language: str) -> list[tuple[VersionRecord, str]]:
    return [(one, words.date(one.published_at, language)) for one in records]


def chosen_language(request: Request, policy: Policy) -> str:
    """By `lang`, else as the browser asks, else the site's own."""
    asked = words.nearest(request.query_params.get("lang", ""), policy.languages)
    accepted = request.headers.get("accept-language", "")
    return asked or words.negotiate(accepted, policy.languages) or policy.languages[0]


def outside(site: Site, base_url: str, language: str) -> Outside:
    """What counts as another site on the pages of this one."""
    own = (urlsplit(address).hostname or "" for address in (*site.origins, base_url))
    return Outside(frozenset(own), words.texts(language)["pages"]["leaves"])


_rendered_once = lru_cache(maxsize=256)(rendered)


async def _rendered(site: Site, base_url: str, policy: Policy, which: str, language: str) -> Markup:
    text: str = getattr(policy.documents, which).get(language, "")
    # A long text takes a while: not on the event loop.
    away = outside(site, base_url, language)
    return await asyncio.to_thread(_rendered_once, text, 2, away)


def _categories(version: PolicyVersion, language: str) -> list[dict[str, Any]]:
    policy = version.policy
    return [
        {
            "id": category.value,
            "title": policy.categories[category].title[language],
            "text": policy.categories[category].text[language],
            "items": [
                (item, described(item, language))
                for item in policy.declarations
                if item.category is category
            ],
        }
        for category in Category
    ]
