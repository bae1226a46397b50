"""The cookies and the like of a draft: a table to find them in, and each as a form in its place.

Every row is saved by itself. It is named by what it said when it was seen, so that people who work
on different rows, or on the texts, are never in each other's way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import checks, declared, patterns, policies, words
from consent_service.checks import Finding
from consent_service.declared import Gone
from consent_service.errors import Conflict, Invalid
from consent_service.known_cookies import Known
from consent_service.model import Category, CookieDeclaration, Draft, Policy, Site
from consent_service.parsing import parse
from consent_service.web.access import act, site_of
from consent_service.web.pages import cookie_table, declaration_form, diffs, forms
from consent_service.web.pages.cookie_table import Asked
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policies import clock
from consent_service.web.render import page, redirect
from consent_service.web.service import service

MAX_FORM = 4_500_000
"""Bytes: as many rows as a page shows, put back as they were."""

_NEW = -1


class Opened(NamedTuple):
    """The row that is open as a form."""

    place: int
    """`_NEW` for one that is not in the list yet."""
    reference: str
    """What it said when it was seen; empty for a new one."""
    was: tuple[str, str]
    """Its name and domain then."""
    form: Form


async def table(request: Request) -> Response:
    """The declarations of the draft, and one of them as a form if the address names it."""
    site = await site_of(request)
    draft = await service(request).store.policies.draft(site.id)
    if draft is None:
        return redirect(f"/sites/{site.key}/policy")
    opened = _opened(policies.decode_draft(draft.body), request.query_params.get("row", ""))
    saved = request.query_params.get("saved") == str(draft.revision)
    at = request.query_params.get("at", "")
    return await _page(request, site, draft, opened, {"saved": saved, "at": at})


def _opened(policy: Policy, wanted: str) -> Opened | None:
    if wanted == "new":
        return Opened(_NEW, "", ("", ""), _labelled(Form(declaration_form.BLANK.items())))
    place = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else _NEW
    if not 0 <= place < len(policy.declarations):
        return None
    item = policy.declarations[place]
    form = _labelled(Form(declaration_form.fields(item)))
    return _saved_row(place, item, form)


def _saved_row(place: int, item: CookieDeclaration, form: Form) -> Opened:
    return Opened(place, declared.reference(place, item), (item.name, item.domain), form)


def _labelled(form: Form) -> Form:
    return form.labelled(declaration_form.label)


async def change(request: Request) -> Response:
    """Save a row, or move, remove or put back rows. What was typed is never lost."""
    site, form = await site_of(request), await forms.read(request, MAX_FORM)
    does = _DOES.get(form.values["do"], _show)
    return await does(request, site, _labelled(form))


async def _draft(request: Request, site: Site) -> tuple[Draft, Policy]:
    draft = await policies.draft(service(request).store, site)
    return draft, policies.decode_draft(draft.body)


def _typed(policy: Policy, form: Form) -> Opened:
    """The open row as it was typed: where it is now, if it is there as it was seen."""
    said = form.values["row"]
    try:
        place = declared.place_of(policy.declarations, said) if said else _NEW
    except Conflict:
        place = _NEW
    return Opened(place, said, (form.values["was.name"], form.values["was.domain"]), form)


async def _show(request: Request, site: Site, form: Form) -> Response:
    """The row as typed, with what is to be said of it. Nothing is saved."""
    draft, policy = await _draft(request, site)
    return await _page(request, site, draft, _typed(policy, form), {"unsaved": True})


async def _save(request: Request, site: Site, form: Form) -> Response:
    try:
        draft, place = await _kept(request, site, form, by_itself=False)
    except Invalid as error:
        form.refuse(error)
        draft, policy = await _draft(request, site)
        return await _page(
            request, site, draft, _typed(policy, form), {"unsaved": True}, status=422
        )
    except Conflict:
        return await _conflict(request, site, form)
    asked = cookie_table.page_of(
        policies.decode_draft(draft.body), Asked.of_query(request.query_params), place
    )
    more: dict[str, str | int] = {"saved": draft.revision}
    more |= {"row": "new"} if form.values["do"] == "another" else {"at": place}
    return redirect(f"/sites/{site.key}/cookies{asked.query(**more)}")


async def _kept(request: Request, site: Site, form: Form, *, by_itself: bool) -> tuple[Draft, int]:
    """The draft with the row as typed, and where the row is in it."""
    where = _NEW

    def edit(policy: Policy) -> Policy:
        nonlocal where
        item = declaration_form.typed(form.values, policy.languages)
        # An answer may have been lost on its way: then it is there, and not to be added again.
        if item in policy.declarations:
            where = policy.declarations.index(item)
            return policy
        if not form.values["row"]:
            where = len(policy.declarations)
            return declared.added(policy, (item,))
        where = declared.place_of(policy.declarations, form.values["row"])
        return declared.changed(policy, where, item)

    store, who = service(request).store, act(request)
    draft = await policies.edit_draft(store, site, edit, who, by_itself=by_itself)
    return draft, where


async def _conflict(request: Request, site: Site, form: Form) -> Response:
    """Somebody changed the very row meanwhile: theirs beside what was typed, which stays."""
    draft, policy = await _draft(request, site)
    name, domain = form.values["was.name"], form.values["was.domain"]
    theirs = [
        (place, item)
        for place, item in enumerate(policy.declarations)
        if (item.name, item.domain) == (name, domain)
    ]
    place, item = theirs[0] if theirs else (_NEW, None)
    context = {"unsaved": True, "theirs": draft, "differences": _differences(item, form)}
    opened = _saved_row(place, item, form) if item else Opened(_NEW, "", ("", ""), form)
    return await _page(request, site, draft, opened, {**context, "gone": item is None}, status=409)


def _differences(theirs: CookieDeclaration | None, form: Form) -> tuple[diffs.Difference, ...]:
    if theirs is None:
        return ()
    old = dict(declaration_form.fields(theirs))
    names = [name for name in dict.fromkeys((*old, *form.values)) if name not in _NOT_SHOWN]
    return tuple(
        diffs.Difference(form.label(name), diffs.compared(old.get(name, ""), form.values[name]))
        for name in names
        if old.get(name, "") != form.values[name]
    )


_NOT_SHOWN = frozenset({"do", "row", "was.name", "was.domain", "unit"})


async def _live(request: Request, site: Site, form: Form) -> Response:
    """What follows the typing of a row: what is to be said of it. Nothing is saved."""
    _, policy = await _draft(request, site)
    return _parts(request, site, policy, _typed(policy, form), "")


async def _autosave(request: Request, site: Site, form: Form) -> Response:
    """The same, and the row is saved if it can be."""
    try:
        draft, place = await _kept(request, site, form, by_itself=True)
    except (Invalid, Conflict) as error:
        _, policy = await _draft(request, site)
        if isinstance(error, Invalid):
            form.refuse(error)
        said = f"Not saved: {_said(form, error)}"
        status = 409 if isinstance(error, Conflict) else 422
        return _parts(request, site, policy, _typed(policy, form), said, status=status)
    policy = policies.decode_draft(draft.body)
    opened = _saved_row(place, policy.declarations[place], form)
    return _parts(request, site, policy, opened, f"Saved {clock(draft)}")


def _said(form: Form, error: Conflict | Invalid) -> str:
    if isinstance(error, Conflict):
        return f"{error.message}. Press Save to see both"
    return f"{form.label(error.field)}: {error.message}" if error.field else error.message


def _parts(
    request: Request, site: Site, policy: Policy, opened: Opened, said: str, *, status: int = 200
) -> Response:
    context = {"site": site, "said": said, **_about(request, policy, opened)}
    return page(request, "policies/cookie_live.html", context, status)


def _about(request: Request, policy: Policy, opened: Opened | None) -> dict[str, Any]:
    """What is to be said of the open row: what keeps it back, and what its name covers."""
    if opened is None:
        return {"opened": None, "called": declaration_form.label}
    form = opened.form
    untouched = opened.place == _NEW and not form.values["name"] and not form.errors
    try:
        item = declaration_form.typed(form.values, policy.languages)
        found = checks.of_declaration(policy, opened.place, item)
    except Invalid as error:
        fault = Finding(rule="", field=error.field, message=error.message)
        found = () if untouched else (fault,)
    form.find((finding.field, _with_rule(finding)) for finding in found)
    said = {
        "found": found,
        "covers": _covers(policy, opened),
        "known": _looked(request, form),
        "can_look_up": len(service(request).known) > 0,
        "asked": Asked.of_query(request.query_params),
    }
    return {"opened": opened, "called": declaration_form.label, **said}


def _with_rule(finding: Finding) -> str:
    return f"{finding.message} ({finding.rule})" if finding.rule else finding.message


class Looked(NamedTuple):
    """What the list of known cookies says of the open row's name."""

    about: tuple[Known, ...]
    names: tuple[str, ...]
    """Names that begin as what was typed."""
    tracker: Known | None
    """What it is known as, where the row calls it necessary."""


def _looked(request: Request, form: Form) -> Looked:
    library, name = service(request).known, form.values["name"].strip()
    necessary = form.values["category"] == Category.NECESSARY.value
    tracker = library.tracker(name) if necessary else None
    return Looked(library.about(name, 3), library.beginning(name), tracker)


async def _fill(request: Request, site: Site, form: Form) -> Response:
    """The row as typed, its empty fields as the list of known cookies says. Nothing is saved."""
    draft, policy = await _draft(request, site)
    about = service(request).known.about(form.values["name"].strip(), 3)
    number = request.query_params.get("known", "")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
    filled = declaration_form.fill(form.values, about[place]) if place < len(about) else ()
    context = {"unsaved": True, "filled": tuple(form.label(name) for name in filled)}
    return await _page(request, site, draft, _typed(policy, form), context)


class Covered(NamedTuple):
    """What a pattern stands for."""

    examples: tuple[str, ...]
    declared: tuple[str, ...]
    """Names in the list that it covers as well."""


def _covers(policy: Policy, opened: Opened) -> Covered | None:
    name = opened.form.values["name"].strip()
    if not patterns.is_pattern(name):
        return None
    others = (item.name for place, item in enumerate(policy.declarations) if place != opened.place)
    known = [other for other in others if patterns.covers(name, other)]
    examples = tuple(name.replace(patterns.STAR, each) for each in ("", "1", "AB12"))
    return Covered(examples, tuple(known[:5]))


async def _remove(request: Request, site: Site, form: Form) -> Response:
    """Take out the open row, or those that are ticked. They can be put back."""
    gone: tuple[Gone, ...] = ()

    def edit(policy: Policy) -> Policy:
        nonlocal gone
        places = declared.places_of(policy.declarations, _chosen(form))
        left, gone = declared.removed(policy, places)
        return left

    draft = await _edited(request, site, form, edit)
    if isinstance(draft, Response):
        return draft
    context = {"gone_rows": gone, "gone_text": msgspec.json.encode(gone).decode()}
    return await _page(request, site, draft, None, context)


def _chosen(form: Form) -> tuple[str, ...]:
    chosen = (*form.all("chosen"), *([form.values["row"]] if form.values["row"] else []))
    if not chosen:
        raise Invalid("tick the rows first", "chosen")
    return chosen


async def _edited(
    request: Request, site: Site, form: Form, edit: Callable[[Policy], Policy]
) -> Draft | Response:
    """The draft after `edit`; the page with the reason where it could not be."""
    try:
        return await policies.edit_draft(service(request).store, site, edit, act(request))
    except (Invalid, Conflict) as error:
        draft, policy = await _draft(request, site)
        status = 409 if isinstance(error, Conflict) else 422
        opened = _typed(policy, form) if form.values["row"] else None
        refused = Form().labelled({"chosen": "Rows", "row": "Rows", "gone": "Rows"}).refuse(error)
        return await _page(request, site, draft, opened, {"refused": refused}, status=status)


async def _move(request: Request, site: Site, form: Form) -> Response:
    """Put those that are ticked into another category."""

    def edit(policy: Policy) -> Policy:
        try:
            category = Category(form.values["to"])
        except ValueError as error:
            raise Invalid("choose one of the four categories", "chosen") from error
        places = declared.places_of(policy.declarations, _chosen(form))
        return declared.moved(policy, places, category)

    draft = await _edited(request, site, form, edit)
    if isinstance(draft, Response):
        return draft
    asked = Asked.of_query(request.query_params)
    return redirect(f"/sites/{site.key}/cookies{asked.query(saved=draft.revision)}#list")


async def _put_back(request: Request, site: Site, form: Form) -> Response:
    """Undo: what was taken out stands where it stood."""

    def edit(policy: Policy) -> Policy:
        return declared.put_back(policy, parse(tuple[Gone, ...], form.values["gone"].encode()))

    draft = await _edited(request, site, form, edit)
    if isinstance(draft, Response):
        return draft
    asked = Asked.of_query(request.query_params)
    return redirect(f"/sites/{site.key}/cookies{asked.query(saved=draft.revision)}#list")


_Does = Callable[[Request, Site, Form], Awaitable[Response]]

_DOES: Mapping[str, _Does] = {
    "save": _save,
    "another": _save,
    "live": _live,
    "autosave": _autosave,
    "fill": _fill,
    "remove": _remove,
    "move": _move,
    "undo": _put_back,
}


async def _page(
    request: Request,
    site: Site,
    draft: Draft,
    opened: Opened | None,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> Response:
    policy, asked = policies.decode_draft(draft.body), Asked.of_query(request.query_params)
    # Looking through 10,000 declarations takes a while: not on the event loop.
    findings = await asyncio.to_thread(cookie_table.checked, draft.body)
    if opened and opened.place != _NEW and not asked.wrong:
        asked = cookie_table.page_of(policy, asked, opened.place)
    shown = cookie_table.table(policy, findings, asked)
    known = {
        "site": site,
        "draft": draft,
        "table": shown,
        "asked": shown.asked,
        "inside": opened is not None and any(row.place == opened.place for row in shown.rows),
        "languages": policy.languages,
        "names": {name: words.english_name(name) for name in policy.languages},
        "categories": declaration_form.CATEGORY_NAMES,
        "storages": declaration_form.STORAGE_NAMES,
        "units": declaration_form.UNIT_NAMES,
        "countries": declaration_form.countries(),
        "waiting": await service(request).store.plans.waiting(site.id),
        **_about(request, policy, opened),
    }
    return page(request, "policies/cookies.html", {**_NOTHING, **known, **context}, status)


_NOTHING: Mapping[str, Any] = {
    "saved": False,
    "unsaved": False,
    "at": "",
    "theirs": None,
    "differences": (),
    "gone": False,
    "gone_rows": (),
    "gone_text": "",
    "refused": Form(),
    "said": "",
    "filled": (),
}
