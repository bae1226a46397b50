"""Cookies from a CSV file: what each line would do is shown before anything is done."""

import asyncio
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent_service import cookie_lists, policies
from consent_service.cookie_lists import Step
from consent_service.errors import Conflict, Invalid
from consent_service.exports import declarations
from consent_service.model import Policy, Site
from consent_service.web.access import act, site_of
from consent_service.web.pages import forms
from consent_service.web.pages.forms import Form
from consent_service.web.render import page, redirect
from consent_service.web.service import service

MAX_FORM = 13_000_000
"""Bytes: a file of the largest size, once more as text in a form that was sent by hand."""

SHOWN = 200
"""Lines of each kind that are listed; the rest is counted."""

_FIELD, _FILE = cookie_lists.FIELD, "file"
_LABELS = {_FIELD: "The list", _FILE: "The file"}
_ORDER = ("skip", "change", "add", "same")


async def form(request: Request) -> Response:
    """Where a file is chosen, or a list pasted."""
    return await _page(request, await site_of(request), Form(), {})


async def take(request: Request) -> Response:
    """Show what a list would do; or do it, once that was seen."""
    site, typed = await site_of(request), await forms.read_upload(request, _FILE, MAX_FORM)
    form = typed.form.labelled(_LABELS)
    try:
        if typed.content:
            form.values[_FIELD] = cookie_lists.text_of(typed.content)
        if not form.values[_FIELD].strip():
            raise Invalid("choose a file, or paste a list", _FILE)
        return await _taken(request, site, form)
    except Invalid as error:
        return await _page(request, site, form.refuse(error, error.field or _FIELD), {}, 422)


async def _taken(request: Request, site: Site, form: Form) -> Response:
    store = service(request).store
    if form.values["do"] != "add":
        draft = await policies.draft(store, site)
        found = await asyncio.to_thread(_steps, policies.decode_draft(draft.body), form)
        return await _page(request, site, form, _summary(found))
    # Worked out anew, of the draft as it is now: what others added meanwhile is not added twice.
    draft = await policies.draft(store, site)
    found = await asyncio.to_thread(_steps, policies.decode_draft(draft.body), form)
    policy = cookie_lists.applied(policies.decode_draft(draft.body), found)
    try:
        saved = await policies.save_draft(store, site, draft.revision, policy, act(request))
    except Conflict:
        context = {**_summary(found), "moved": True}
        return await _page(request, site, form, context, 409)
    return redirect(f"/sites/{site.key}/cookies?saved={saved.revision}")


def _steps(policy: Policy, form: Form) -> tuple[Step, ...]:
    overwrite = form.values["existing"] == "overwrite"
    return cookie_lists.steps(form.values[_FIELD], policy, overwrite=overwrite)


def _summary(found: tuple[Step, ...]) -> dict[str, Any]:
    counts = Counter(step.does for step in found)
    listed = {does: [step for step in found if step.does == does][:SHOWN] for does in _ORDER}
    return {"steps": [step for does in _ORDER for step in listed[does]], "counts": counts}


async def _page(
    request: Request, site: Site, form: Form, context: dict[str, Any], status: int = 200
) -> Response:
    nothing: dict[str, Any] = {"steps": None, "counts": Counter(), "moved": False}
    known = {"site": site, "form": form.labelled(_LABELS), "most": SHOWN}
    return page(request, "policies/import.html", {**nothing, **known, **context}, status)


async def export(request: Request) -> Response:
    """The draft's declarations as a file."""
    site = await site_of(request)
    draft = await policies.draft(service(request).store, site)
    content = await asyncio.to_thread(declarations.table, policies.decode_draft(draft.body))
    headers = {
        "content-disposition": f'attachment; filename="cookies-{site.key}-{draft.revision}.csv"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(content, 200, headers, "text/csv; charset=utf-8")
