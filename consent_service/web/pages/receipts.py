"""Receipts for an auditor: found by id, read, and checked step by step.

Every look at a receipt is an event, also at one that was erased or does not verify.
"""

import contextlib
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import audit, evidence, policies, receipts
from consent_service.errors import NotFound, Tampered
from consent_service.exports.bundle import bundle as pack
from consent_service.exports.bundle import name as name_of
from consent_service.exports.verify import FAILS, Result
from consent_service.model import (
    Category,
    Claims,
    PolicyVersion,
    Receipt,
    Site,
    StoredReceipt,
    VersionRecord,
)
from consent_service.signing import PublicKeys
from consent_service.store import Asked, Cursor
from consent_service.web.access import act, site_of
from consent_service.web.pages import screens, search_form
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policy_form import language_name
from consent_service.web.pages.search_form import ACTIONS, LABELS, query
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

PAGE = 50

_SOURCES = {
    "banner": "the banner",
    "preferences": "the choice by category, opened again",
    "embed": "a placeholder on the page",
    "api": "the site's own control",
    "signal": "a signal of the browser",
}
_REASONS = {1: "its time was over", 2: "the visitor asked for it", 3: "a court", 4: "test data"}


async def listed(request: Request) -> Response:
    """Receipts by id, and by what they say; the newest first."""
    running, site = service(request), await site_of(request)
    form = Form(request.query_params.multi_items(), LABELS)
    wanted = form.values["id"].strip().lower()
    if wanted:
        return redirect(f"/sites/{site.key}/receipts/{quote(wanted, safe='')}")
    asked, before = search_form.asked(form), search_form.place(form)
    found = await running.store.receipts.search(site, asked, before, PAGE + 1)
    more, shown = len(found) > PAGE, [each for each in found[:PAGE] if _fits(asked, each)]
    if asked.filters:
        await audit.log(running.store, act(request), "receipt.search", _said(asked), site.id)
    last = found[PAGE - 1] if more else None
    place = str(Cursor(last.recorded_at, last.id)) if last else ""
    context = {
        "site": site,
        "form": form,
        "receipts": shown,
        "next": query(form, before=place) if more else "",
        "newest": query(form),
        "first": before is None,
        "narrowed": bool(query(form)),
        "actions": search_form.ACTION_OPTIONS,
        "states": search_form.STATES,
        "languages": await search_form.languages(running, site),
    }
    return page(request, "receipts/list.html", context, 422 if form.errors else 200)


def _fits(asked: Asked, stored: StoredReceipt) -> bool:
    return asked.fits(msgspec.json.decode(stored.payload, type=Claims))


def _said(asked: Asked) -> str:
    parts = (asked.version and f"version {asked.version}", asked.action, asked.language)
    denied = (f"not {name}" for name in asked.denied)
    return " ".join(str(part) for part in (*parts, *asked.granted, *denied) if part)


async def one(request: Request) -> Response:
    """A receipt: what was chosen, when, under which text, and whether its signature holds."""
    running, site, id = service(request), await site_of(request), request.path_params["id"]
    try:
        token = await _token(running, site, id)
    except NotFound:
        return await _not_there(request, site, id)
    await _log(request, site, "receipt.read", id)
    await _know_its_key(running, token)
    context: dict[str, Any] = {
        "site": site,
        "id": id,
        "token": token,
        "steps": running.keys.steps(token),
        "base_url": running.settings.base_url,
    }
    # What is in a token that does not verify is not shown as if somebody had said it.
    context["holds"] = all(step.passed for step in context["steps"])
    if context["holds"]:
        context |= await _shown(running, site, token)
    return page(request, "receipts/one.html", context)


async def _log(request: Request, site: Site, verb: str, id: str, what: str = "") -> None:
    store = service(request).store
    subject = what + await receipts.called(store, site, id)
    await audit.log(store, act(request), verb, subject, site.id)


async def _token(running: Service, site: Site, id: str) -> str:
    stored = await running.store.receipts.by_id(site.id, id)
    return PublicKeys.assemble(stored.payload, stored.signature, stored.kid)


async def _know_its_key(running: Service, token: str) -> None:
    """Another process may have signed it with a key that it made a moment ago."""

    async def verified() -> None:
        running.keys.verify(token)

    with contextlib.suppress(Tampered):  # The steps say what fails.
        await running.with_keys(verified)


async def download(request: Request) -> Response:
    """The receipt as it was signed, as a file."""
    running, site, id = service(request), await site_of(request), request.path_params["id"]
    token = await _token(running, site, id)
    await _log(request, site, "receipt.read", id)
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{id}.jws"',
        "x-content-type-options": "nosniff",
    }
    return Response(token, 200, headers, "application/jose")


async def bundle(request: Request) -> Response:
    """All that shows what the receipt says, in one file that is checked without this service."""
    running, site, id = service(request), await site_of(request), request.path_params["id"]
    receipt = await receipts.read(running.store, running.keys, site, id)
    gathered = await evidence.gather(running.office(), site, receipt)
    await _log(request, site, "receipt.export", id, "bundle of ")
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{name_of(receipt.claims)}"',
        "x-content-type-options": "nosniff",
    }
    return Response(pack(gathered), 200, headers, "application/zip")


async def _not_there(request: Request, site: Site, id: str) -> Response:
    """It was erased, which is said; or it was never here."""
    running = service(request)
    erasure = await _erasure(running, site, id)
    context: dict[str, Any] = {"site": site, "id": id, "erasure": erasure, "reason": ""}
    if erasure:
        await _log(request, site, "receipt.read", id)
        context["reason"] = _REASONS.get(erasure.reason, "not said")
    return page(request, "receipts/missing.html", context, 410 if erasure else 404)


async def _erasure(running: Service, site: Site, id: str) -> Any:
    try:
        return await running.store.receipts.erasure(site.id, id)
    except NotFound:  # What is not an id was never erased either.
        return None


async def _shown(running: Service, site: Site, token: str) -> dict[str, Any]:
    receipt = running.keys.verify(token)
    claims = receipt.claims
    record = await _record(running, site, claims)
    version = policies.decode_version(record.body) if record else None
    return {
        "claims": claims,
        "action": ACTIONS.get(claims.act, claims.act),
        "actions": ACTIONS,
        "source": _SOURCES.get(claims.src, claims.src),
        "language": language_name(claims.pol.lang),
        "kid": receipt.kid,
        "record": record,
        "texts": _texts(version, claims),
        "checks": await _checks(running, site, receipt),
        "shot": await screens.of_receipt(running, site, claims),
        "history": await evidence.history(running.office(), site, receipt),
        "lapsed": claims.exp_consent <= running.now(),
        "sub": claims.sub if isinstance(claims.sub, str) else "",
    }


async def _checks(running: Service, site: Site, receipt: Receipt) -> list[Result]:
    """What the verifier finds in the bundle; that something is missing for one is said too."""
    try:
        return evidence.check(await evidence.gather(running.office(), site, receipt))
    except NotFound as error:
        missing = f"{error.message[:1].upper()}{error.message[1:]}: it is not on file any more."
        return [Result("texts", FAILS, missing)]


async def _record(running: Service, site: Site, claims: Claims) -> VersionRecord | None:
    try:
        return await running.store.policies.version_by_digest(site.id, claims.pol.sha256)
    except NotFound:
        return None


def _texts(version: PolicyVersion | None, claims: Claims) -> list[tuple[str, bool, str, str]]:
    """For each category: its name, whether it was granted, and the text that was shown."""
    lang, shown = claims.pol.lang, []
    for category in Category:
        text = version.policy.categories.get(category) if version else None
        title = text.title.get(lang, "") if text else ""
        words = text.text.get(lang, "") if text else ""
        shown.append((title or category.value, claims.cat[category.value], words, category.value))
    return shown
