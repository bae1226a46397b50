"""Screenshots on the pages: of a version, and of the banner that a receipt names."""

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from consent_service import policies, screens
from consent_service.errors import NotFound
from consent_service.exports.verify import WIDTHS
from consent_service.model import Claims, JobState, Role, Screen, Site, VersionRecord
from consent_service.screens import Album
from consent_service.signing import unb64url
from consent_service.web.access import act, caller, site_of
from consent_service.web.pages.policy_form import language_name
from consent_service.web.render import redirect
from consent_service.web.service import Service, service

# Not for a cache that others share: who may see it is asked each time.
_FOR_EVER = {
    "cache-control": "private, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
_LAYER_NAMES = {1: "first layer", 2: "second layer"}


class Shot(NamedTuple):
    """A screenshot as a page shows it."""

    screen: Screen
    address: str
    title: str
    alt: str
    place: int | None
    """Where its entry stands in the site's ledger; None while it waits."""


class Shots(NamedTuple):
    """A banner with its screenshots as a page shows them."""

    digest: str
    created_at: int
    shots: tuple[Shot, ...]


async def section(request: Request, site: Site, record: VersionRecord) -> dict[str, Any]:
    """What a version's page says of its screenshots; pictures of one language at a time."""
    running = service(request)
    known = await screens.album(running.store, site.id, record.number)
    languages = policies.decode_version(record.body).policy.languages
    asked = request.query_params.get("language", "")
    language = asked if asked in languages else languages[0]
    return {
        "album": known,
        "screens_in": language,
        "shown": [
            Shots(
                each.banner.digest,
                each.banner.created_at,
                tuple([await _shot(running, site, screen, language) for screen in each.in_order]),
            )
            for each in known.pictured
            if each.banner.language == language
        ],
        "waits_for": _waits_for(running, known),
        "may_ask": caller(request).may(Role.EDITOR, site.id),
    }


def _waits_for(running: Service, known: Album) -> str:
    """Why the job does not go on here; empty where it does, or is over."""
    if known.job is None or known.job.state is not JobState.WAITING:
        return ""
    return known.job.said or running.browser.missing


async def of_receipt(running: Service, site: Site, claims: Claims) -> Shot | None:
    """The screenshot of the layer, in the width, that a receipt names."""
    for screen in await running.store.screens.of(site.id, claims.ui.sha256):
        if (screen.layer, screen.viewport) == (claims.ui.layer, claims.ui.viewport):
            return await _shot(running, site, screen, claims.pol.lang)
    return None


async def _shot(running: Service, site: Site, screen: Screen, language: str) -> Shot:
    marks = await running.store.ledger.marks(site.id, unb64url(screen.entry))
    layer, width = _LAYER_NAMES[screen.layer], WIDTHS[screen.viewport]
    return Shot(
        screen,
        f"/sites/{site.key}/screens/{screen.banner}/{screen.viewport}-{screen.layer}.png",
        f"{layer.capitalize()}, {screen.viewport}: {width} pixels",
        f"The {layer} of the banner in {language_name(language)}, in a window of {width} pixels",
        marks[0].place if marks else None,
    )


async def picture(request: Request) -> Response:
    """A screenshot: its exact bytes, which never change."""
    running, site, asked = service(request), await site_of(request), request.path_params
    for screen in await running.store.screens.of(site.id, asked["sha256"]):
        if f"{screen.viewport}-{screen.layer}" == asked["name"]:
            body = await running.store.screens.body(screen)
            return Response(body, 200, _FOR_EVER, "image/png")
    raise NotFound("there is no such screenshot (yet)")


async def ask(request: Request) -> Response:
    """Have the screenshots taken that a version lacks."""
    running, site = service(request), await site_of(request)
    record = await policies.version(running.store, site, request.path_params["number"])
    await screens.ask(running.store, site, record.number, act(request))
    return _back(site, record)


async def stop(request: Request) -> Response:
    """Stop taking them."""
    running, site = service(request), await site_of(request)
    record = await policies.version(running.store, site, request.path_params["number"])
    await screens.stop(running.store, site, record.number, act(request))
    return _back(site, record)


def _back(site: Site, record: VersionRecord) -> Response:
    return redirect(f"/sites/{site.key}/versions/{record.number}#screens")
