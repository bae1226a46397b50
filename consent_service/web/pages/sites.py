"""Sites: the list, and each site's install page."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from consent_service import audit, banner, caught, policies, sites
from consent_service.audit import Act
from consent_service.errors import Conflict, Invalid
from consent_service.model import (
    SECONDS_A_DAY,
    Artifact,
    CaughtKind,
    Policy,
    Role,
    Site,
    VersionRecord,
)
from consent_service.signing import unb64url
from consent_service.sites import Installation
from consent_service.store import Store
from consent_service.web.access import act, caller, signed_in, site_of
from consent_service.web.api.meta import gpc_resource
from consent_service.web.pages import forms
from consent_service.web.pages.forms import Form
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

_ADD = {"key": "Key", "name": "Name", "origins": "Origins"}
_CHANGE = {
    "name": "Name",
    "origins": "Origins",
    "max_age": "Cache time",
    "url": "Address of a page",
}


_MARK = "Mark the {tag} in the page with its category, as under 2."
_CALL = (
    "A script of yours asks this host by itself: let it wait for window.consent.when(…) first, "
    "or mark the script that does it."
)
_KINDS = {
    CaughtKind.SCRIPT: ("script", _MARK.format(tag="script")),
    CaughtKind.IFRAME: ("frame", _MARK.format(tag="frame")),
    CaughtKind.IMG: ("picture", _MARK.format(tag="picture")),
    CaughtKind.VIDEO: ("video", _MARK.format(tag="video")),
    CaughtKind.LINK: ("link", _MARK.format(tag="link")),
    CaughtKind.WRITE: (
        "written into the page",
        "A script of yours writes this tag with document.write: mark that script.",
    ),
    CaughtKind.FETCH: ("request", _CALL),
    CaughtKind.XHR: ("request (XMLHttpRequest)", _CALL),
    CaughtKind.BEACON: ("beacon", _CALL),
}
"""What was caught, and what to do about it."""


class Pinned(NamedTuple):
    """The banner in one language, as a page pins it."""

    language: str
    path: str
    integrity: str
    """As in the `integrity` attribute (Subresource Integrity): `sha256-` and padded base64."""


async def home(request: Request) -> Response:
    """The front door: to the sites, or to the sign-in."""
    return redirect("/sites" if await signed_in(request) else "/sign-in")


async def listed(request: Request) -> Response:
    """The sites on which the caller has a role."""
    return await _list(request, Form(), 200)


async def add(request: Request) -> Response:
    """A new site."""
    running, form = service(request), await forms.read(request)
    try:
        site = await _add(running.store, form, act(request))
    except (Invalid, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return await _list(request, form.refuse(error), status)
    return redirect(f"/sites/{site.key}")


async def _add(store: Store, form: Form, by: Act) -> Site:
    values = form.values
    async with store.transaction() as tx:
        site = await sites.add(tx, values["key"].strip(), values["name"], _origins(form), by.now)
        await audit.log(tx, by, "site.add", site.key, site.id)
    return site


def _origins(form: Form) -> tuple[str, ...]:
    return tuple(form.values["origins"].split())


async def _list(request: Request, form: Form, status: int) -> Response:
    store = service(request).store
    seen = [site for site in await store.sites.all() if _member(request, site)]
    versions = {site.id: await store.policies.current(site.id) for site in seen}
    context = {
        "sites": seen,
        "versions": versions,
        "form": form.labelled(_ADD),
        "may_add": caller(request).may(Role.ADMIN, 0),
    }
    return page(request, "sites/list.html", context, status)


def _member(request: Request, site: Site) -> bool:
    return any(caller(request).may(role, site.id) for role in Role)


async def install(request: Request) -> Response:
    """How to put the banner on a site's pages, and whether it is there."""
    return await _install_page(request, await site_of(request), Form())


async def change(request: Request) -> Response:
    """Another name, other origins, another cache time."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request)
    try:
        await _change(running.store, site, form, act(request))
    except Invalid as error:
        return await _install_page(request, site, form.refuse(error), status=422)
    running.forget()
    return redirect(f"/sites/{site.key}?saved=1")


async def approval(request: Request) -> Response:
    """Whether a second person approves what is published here."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request)
    await sites.set_approval(running.store, site, form.values["approval"] == "on", act(request))
    running.forget()
    return redirect(f"/sites/{site.key}?saved=1")


async def _change(store: Store, site: Site, form: Form, by: Act) -> None:
    max_age = _whole(form.values["max_age"])
    async with store.transaction() as tx:
        now = await sites.change(tx, site, form.values["name"], _origins(form), max_age)
        said = f"{', '.join(now.origins)}, cached for {now.max_age} s"
        await audit.log(tx, by, "site.change", said, site.id)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("give a whole number of seconds", "max_age")
    return int(text)


async def gpc(request: Request) -> Response:
    """The file that tells of Global Privacy Control, for the site's own origin."""
    running, site = service(request), await site_of(request)
    record = await policies.current(running.store, site)
    headers = {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="gpc.json"',
        "x-content-type-options": "nosniff",
    }
    body = gpc_resource(_day(record.published_at))
    return Response(body, 200, headers, "application/json")


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


async def check(request: Request) -> Response:
    """Fetch a page of the site, and say whether the tag is on it, and first."""
    running, site, form = service(request), await site_of(request), await forms.read(request)
    record = await running.store.policies.current(site.id)
    version = policies.decode_version(record.body) if record else None
    hosts = _declared_hosts(version.policy) if version else frozenset()
    stub = banner.stub(version) if version else ""
    try:
        found = await sites.inspect(site, form.values["url"].strip(), tag_path(site), hosts, stub)
    except Invalid as error:
        return await _install_page(request, site, form.refuse(error, "url"), status=422)
    return await _install_page(request, site, form, found)


def tag_path(site: Site) -> str:
    """The address of a site's banner on this service."""
    return f"/v1/sites/{site.key}/banner.js"


def _declared_hosts(policy: Policy) -> frozenset[str]:
    return frozenset(host for item in policy.declarations for host in item.hosts)


async def _install_page(
    request: Request,
    site: Site,
    form: Form,
    found: Installation | None = None,
    status: int = 200,
) -> Response:
    running = service(request)
    record = await running.store.policies.current(site.id)
    defaults = {
        "name": site.name,
        "origins": "\n".join(site.origins),
        "max_age": str(site.max_age),
        "url": f"{site.origins[0]}/",
    }
    form.values.update({name: text for name, text in defaults.items() if name not in form.values})
    context = {
        "site": site,
        "base_url": running.settings.base_url,
        "tag": f'<script async src="{running.settings.base_url}{tag_path(site)}"></script>',
        "record": record,
        "stub": _stub(record) if record else None,
        "pinned": await _pinned(running, site, record) if record else (),
        "form": form.labelled(_CHANGE),
        "found": found,
        "caught": await _caught(running, site),
        "may_change": caller(request).may(Role.ADMIN, site.id),
        "may_edit": caller(request).may(Role.EDITOR, site.id),
        "saved": "saved" in request.query_params,
    }
    return page(request, "sites/install.html", context, status)


class Stub(NamedTuple):
    """The inline script that goes before all others."""

    tag: str
    source: str
    """As a Content-Security-Policy allows it: `'sha256-...'`."""


def _stub(record: VersionRecord) -> Stub | None:
    """None where no vendor is told that could run before the banner is there."""
    script = banner.stub(policies.decode_version(record.body))
    if not script:
        return None
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Stub(f"<script>{script}</script>", f"'sha256-{digest}'")


class Catches(NamedTuple):
    """What was caught of one kind of tag, in words."""

    host: str
    what: str
    in_week: int
    in_month: int
    last: str
    """The day it was last told of: `2026-11-22`."""
    advice: str


async def _caught(running: Service, site: Site) -> list[Catches]:
    found = await caught.report(running.store, site, int(running.now()))
    return [
        Catches(
            each.host,
            *_KINDS[each.kind][:1],
            each.in_week,
            each.in_month,
            _day(each.last_day * SECONDS_A_DAY),
            _KINDS[each.kind][1],
        )
        for each in found
    ]


async def _pinned(running: Service, site: Site, record: VersionRecord) -> tuple[Pinned, ...]:
    languages = policies.decode_version(record.body).policy.languages
    return tuple(
        [_pin(site, await running.artifact(site, record.number, name)) for name in languages]
    )


def _pin(site: Site, artifact: Artifact) -> Pinned:
    digest = base64.b64encode(unb64url(artifact.digest)).decode()
    path = f"/v1/sites/{site.key}/banner/{artifact.digest}.js"
    return Pinned(artifact.language, path, f"sha256-{digest}")
