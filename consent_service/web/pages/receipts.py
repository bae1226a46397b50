"""Receipts for an auditor: found by id, read, and checked step by step.

Every look at a receipt is an event, also at one that was erased or does not verify.
"""

import contextlib
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from consent_service import audit, policies
from consent_service.errors import Invalid, NotFound, Tampered
from consent_service.model import Category, Claims, PolicyVersion, Site, VersionRecord
from consent_service.signing import PublicKeys, sha256_b64
from consent_service.store import Cursor
from consent_service.web.access import act, site_of
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policy_form import language_name
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

PAGE = 50

_ACTIONS = {
    "accept_all": "Accepted everything",
    "reject_all": "Refused everything",
    "custom": "Chose by category",
    "withdraw": "Took consent back",
    "gpc": "Refused by the browser's Global Privacy Control",
    "expire": "Lapsed",
    "import": "Imported",
}
_SOURCES = {
    "banner": "the banner",
    "preferences": "the choice by category, opened again",
    "embed": "a placeholder on the page",
    "api": "the site's own control",
    "signal": "a signal of the browser",
}
_REASONS = {1: "its time was over", 2: "the visitor asked for it", 3: "a court", 4: "test data"}


class Check(NamedTuple):
    """One thing that a receipt points to, and whether it is on file as it says."""

    name: str
    passed: bool
    text: str


async def listed(request: Request) -> Response:
    """Search by id, and the newest receipts."""
    running, site = service(request), await site_of(request)
    form = Form(request.query_params.multi_items(), {"id": "Receipt's id", "before": "Place"})
    wanted, status = form.values["id"].strip().lower(), 200
    if wanted:
        return redirect(f"/sites/{site.key}/receipts/{quote(wanted, safe='')}")
    before = None
    try:
        before = Cursor.parse(form.values["before"]) if form.values["before"] else None
    except Invalid as error:
        form.refuse(error)
        status = 422
    found = await running.store.receipts.page(site.id, before, PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    context = {
        "site": site,
        "form": form,
        "receipts": shown,
        "next": str(Cursor(shown[-1].recorded_at, shown[-1].id)) if more else "",
        "first": before is None,
    }
    return page(request, "receipts/list.html", context, status)


async def one(request: Request) -> Response:
    """A receipt: what was chosen, when, under which text, and whether its signature holds."""
    running, site, id = service(request), await site_of(request), request.path_params["id"]
    try:
        token = await _token(running, site, id)
    except NotFound:
        return await _not_there(request, site, id)
    await audit.log(running.store, act(request), "receipt.read", id, site.id)
    await _know_its_key(running, token)
    steps = running.keys.steps(token)
    context: dict[str, Any] = {
        "site": site,
        "id": id,
        "token": token,
        "steps": steps,
        "holds": all(step.passed for step in steps),
        "base_url": running.settings.base_url,
    }
    # What is in a token that does not verify is not shown as if somebody had said it.
    if context["holds"]:
        context |= await _said(running, site, token)
    return page(request, "receipts/one.html", context)


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
    await audit.log(running.store, act(request), "receipt.read", id, site.id)
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{id}.jws"',
        "x-content-type-options": "nosniff",
    }
    return Response(token, 200, headers, "application/jose")


async def _not_there(request: Request, site: Site, id: str) -> Response:
    """It was erased, which is said; or it was never here."""
    running = service(request)
    erasure = await _erasure(running, site, id)
    context: dict[str, Any] = {"site": site, "id": id, "erasure": erasure, "reason": ""}
    if erasure:
        await audit.log(running.store, act(request), "receipt.read", id, site.id)
        context["reason"] = _REASONS.get(erasure.reason, "not said")
    return page(request, "receipts/missing.html", context, 410 if erasure else 404)


async def _erasure(running: Service, site: Site, id: str) -> Any:
    try:
        return await running.store.receipts.erasure(site.id, id)
    except NotFound:  # What is not an id was never erased either.
        return None


async def _said(running: Service, site: Site, token: str) -> dict[str, Any]:
    receipt = running.keys.verify(token)
    claims = receipt.claims
    record = await _record(running, site, claims)
    version = policies.decode_version(record.body) if record else None
    return {
        "claims": claims,
        "action": _ACTIONS.get(claims.act, claims.act),
        "source": _SOURCES.get(claims.src, claims.src),
        "language": language_name(claims.pol.lang),
        "kid": receipt.kid,
        "record": record,
        "texts": _texts(version, claims),
        "checks": [_text_check(record, claims), await _code_check(running, site, claims)],
        "lapsed": claims.exp_consent <= running.now(),
        "sub": claims.sub if isinstance(claims.sub, str) else "",
    }


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


def _text_check(record: VersionRecord | None, claims: Claims) -> Check:
    name = "texts"
    if record is None:
        return Check(name, False, "No version on file has the hash that the receipt names.")
    if sha256_b64(record.body) != claims.pol.sha256 or record.number != claims.pol.v:
        return Check(name, False, f"Version {record.number} on file is not what the receipt names.")
    return Check(
        name, True, f"The bytes of version {record.number} on file have the hash that it names."
    )


async def _code_check(running: Service, site: Site, claims: Claims) -> Check:
    name = "banner"
    try:
        artifact = await running.store.policies.artifact_by_digest(site.id, claims.ui.sha256)
    except NotFound:
        return Check(name, False, "No banner on file has the hash that the receipt names.")
    if sha256_b64(artifact.body) != claims.ui.sha256:
        return Check(name, False, "The banner on file is not the one that the receipt names.")
    return Check(
        name, True, "The exact code that asked is on file, and has the hash that it names."
    )
