"""What changed, for everybody: a list, a page for each version, and feeds of both kinds."""

import asyncio
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from consent_service import plans, policies, words
from consent_service.model import Plan, PolicyVersion, Site, VersionRecord
from consent_service.web.access import site_of
from consent_service.web.pages import feeds
from consent_service.web.pages.feeds import Entry, Feed
from consent_service.web.pages.public import chosen_language, frame, headers
from consent_service.web.pages.told import VersionTold, told
from consent_service.web.render import fragment, iso, page
from consent_service.web.service import FRESH, service

PAGE = 20
"""Versions on one page of the list, and in a feed."""
MOST_ROWS = 50
"""Cookies shown of one version in the list; its own page has them all."""


class Shown(NamedTuple):
    """A version as the list shows it."""

    record: VersionRecord
    version: PolicyVersion
    date: str
    told: VersionTold
    plan: Plan | None = None
    """Where it is announced, and not in force yet."""


async def changes(request: Request) -> Response:
    """Every version, the newest first: date, class, note, what changed."""
    site, before = await site_of(request), _number(request.query_params.get("before", ""))
    current = policies.decode_version((await service(request).current(site)).body)
    language = chosen_language(request, current.policy)
    shown, more = await _newest(request, site, language, before)
    context = {
        **frame(request, site, current.policy, language, "changes"),
        "shown": shown,
        "planned": None if before else await _announced(request, site, language),
        "older": shown[-1].record.number if more else 0,
        "newer": before is not None,
        "most": MOST_ROWS,
        "asked": f"&before={before}" if before else "",
    }
    return page(request, "public/changes.html", context, headers=headers(site, language))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def _newest(
    request: Request, site: Site, language: str, before: int | None
) -> tuple[list[Shown], bool]:
    """The newest versions before that number, and whether there are older ones."""
    shelf = service(request).store.policies
    records = await shelf.page(site.id, before, PAGE + 1)
    pairs = zip(records, [*records[1:], None], strict=True)
    listed = [pair for pair, _ in zip(pairs, range(PAGE), strict=False)]
    # Comparing long texts takes a while: not on the event loop.
    shown = await asyncio.to_thread(lambda: [_shown(*pair, language) for pair in listed])
    return shown, len(records) > PAGE


def _shown(record: VersionRecord, previous: VersionRecord | None, language: str) -> Shown:
    version = policies.decode_version(record.body)
    found = told(record.body, previous.body if previous else None, language)
    return Shown(record, version, words.date(record.published_at, language), found)


async def _announced(request: Request, site: Site, language: str) -> Shown | None:
    """The version that visitors are told of before its time has come."""
    running = service(request)
    found = await running.memory.get(
        ("announced", site.id), FRESH, lambda: plans.announced(running.store, site)
    )
    if found is None:
        return None
    current = await running.current(site)
    shown = await asyncio.to_thread(_shown, found.record, current, language)
    date = words.date(found.day, language)
    return shown._replace(plan=found.plan, date=date)


async def version(request: Request) -> Response:
    """One version at its own address, by number or by hash: what it changed, and its pages."""
    running, site = service(request), await site_of(request)
    record = await policies.version(running.store, site, request.path_params["reference"])
    decoded = policies.decode_version(record.body)
    language = chosen_language(request, decoded.policy)
    previous = (
        await policies.version(running.store, site, decoded.previous) if decoded.previous else None
    )
    context = {
        **frame(request, site, decoded.policy, language, "version"),
        "one": await asyncio.to_thread(_shown, record, previous, language),
        "replaced": words.date(record.superseded_at, language) if record.superseded_at else "",
        "most": len(decoded.policy.declarations) + 10_000,
    }
    return page(request, "public/version.html", context, headers=headers(site, language))


# --- Feeds ---------------------------------------------------------------------------------------


async def atom(request: Request) -> Response:
    """The newest versions as Atom."""
    feed, sent = await _feed(request)
    return Response(feeds.atom(feed), 200, sent, f"{feeds.ATOM_TYPE}; charset=utf-8")


async def json(request: Request) -> Response:
    """The newest versions as JSON Feed."""
    feed, sent = await _feed(request)
    return Response(feeds.json_feed(feed), 200, sent, feeds.JSON_TYPE)


async def _feed(request: Request) -> tuple[Feed, dict[str, str]]:
    running, site = service(request), await site_of(request)
    current = policies.decode_version((await running.current(site)).body)
    language = chosen_language(request, current.policy)
    shown, _ = await _newest(request, site, language, None)
    planned = [one for one in [await _announced(request, site, language)] if one]
    base = f"{running.settings.base_url}/policies/{site.key}"
    say = words.texts(language)["changes"]
    feed = Feed(
        title=say["title"].replace("{site}", site.name),
        home=f"{base}/changes?lang={language}",
        url=f"{running.settings.base_url}{request.url.path}?lang={language}",
        language=language,
        author=current.policy.controller.name,
        entries=(
            *(_announcement(one, base, site, language) for one in planned),
            *(_entry(one, base, site, language) for one in shown),
        ),
    )
    allowed = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
    return feed, {**headers(site, language), **allowed}


def _entry(one: Shown, base: str, site: Site, language: str) -> Entry:
    say: dict[str, Any] = words.texts(language)["changes"]
    number = one.record.number
    title = say["version_title"].replace("{number}", str(number)).replace("{site}", site.name)
    context = {"one": one, "tell": say, "language": language, "most": MOST_ROWS}
    return Entry(
        name=f"ni:///sha-256;{one.record.digest}",
        url=f"{base}/versions/{one.record.digest}?lang={language}",
        title=title,
        summary=_summary(one, say, language),
        html=fragment("public/entry.html", context),
        at=iso(one.record.published_at),
    )


def _announcement(one: Shown, base: str, site: Site, language: str) -> Entry:
    """What is announced: named by its plan, for it has no bytes yet that a hash could be of."""
    entry = _entry(one, base, site, language)
    if one.plan is None:
        return entry
    from_then = str(words.texts(language)["changes"]["planned"]).replace("{date}", one.date)
    return entry._replace(
        name=f"urn:uuid:{one.plan.id}",
        url=f"{base}/changes?lang={language}#planned",
        title=f"{from_then}: {entry.title}",
        at=iso(one.plan.approved_at or one.plan.made_at),
    )


def _summary(one: Shown, say: dict[str, Any], language: str) -> str:
    if one.told.note:
        return one.told.note
    if one.told.asked:
        key = "planned_asked" if one.plan else "asked"
        return str(say[key]).replace("{categories}", words.listed(one.told.asked, language))
    return str(say["first"] if one.record.number == 1 else say[one.record.change_class.value])
