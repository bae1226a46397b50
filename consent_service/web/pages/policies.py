"""The draft of a policy, which editors change. Publishing it is in `publishing.py`."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent_service import policies, starting, words
from consent_service.audit import Act
from consent_service.errors import Conflict, Invalid
from consent_service.model import (
    Category,
    Policy,
    Site,
    Storage,
)
from consent_service.policies import Proposal
from consent_service.web.access import act, site_of
from consent_service.web.pages import diffs, forms, policy_widget
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policy_form import (
    FOREVER,
    MAX_FORM,
    SESSION,
    UNITS,
    PolicyForm,
    both_names,
    empty_policy,
    language_name,
)
from consent_service.web.render import page, redirect
from consent_service.web.service import service

_ABOUT = {
    "controller.name": "Company",
    "controller.address": "Postal address",
    "controller.email": "E-mail",
    "country": "Country",
}
"""What a starting point must be told."""
_START = {"languages": "Languages", **_ABOUT}

_UNIT_NAMES = (
    (SESSION, "until the browser is closed"),
    (FOREVER, "until it is deleted"),
    *((unit, f"{unit}s") for unit in UNITS),
)
STORAGE_NAMES = (
    (Storage.COOKIE.value, "Cookie"),
    (Storage.LOCAL_STORAGE.value, "Local storage"),
    (Storage.SESSION_STORAGE.value, "Session storage"),
    (Storage.INDEXED_DB.value, "IndexedDB"),
    (Storage.PIXEL.value, "Pixel"),
)


async def draft(request: Request) -> Response:
    """The draft as a form, with what publishing it would change and what keeps it back."""
    running, site = service(request), await site_of(request)
    found = await running.store.policies.draft(site.id)
    if found is None:
        return _start_page(request, site, Form([("language", "en")]))
    edited = PolicyForm.of_policy(policies.parse_policy(found.body))
    saved = request.query_params.get("saved") == str(found.revision)
    proposal = await policies.propose(running.store, site)
    context = {"draft": found, "saved": saved, **await proposed(proposal)}
    return _draft_page(request, site, edited, context)


async def save(request: Request) -> Response:
    """Save the draft, or add or remove a row of it. What was typed is never lost."""
    site, typed = await site_of(request), await forms.read(request, MAX_FORM)
    do = typed.values["do"]
    if do == "start":
        return await _start(request, site, typed)
    if do == "add":
        edited = PolicyForm.of_form(typed).add_row()
        return _unsaved(request, site, edited, focus=edited.rows - 1)
    if do.startswith("remove-"):
        row = do.removeprefix("remove-")
        edited = PolicyForm.of_form(typed, int(row) if row.isdecimal() else -1)
        return _unsaved(request, site, edited)
    return await _save(request, site, PolicyForm.of_form(typed))


async def _start(request: Request, site: Site, typed: Form) -> Response:
    # The site's own comes first, whatever place it has in the list.
    asked = dict.fromkeys((typed.values["language"], *typed.all("languages")))
    languages = tuple(name for name in asked if name in words.languages())
    try:
        if not languages:
            raise Invalid("choose at least one language", "languages")
        policy = _begun(site, typed, languages, act(request))
    except Invalid as error:
        return _start_page(request, site, typed.refuse(error), 422)
    store = service(request).store
    saved = await policies.save_draft(store, site, 0, policy, act(request))
    return redirect(f"/sites/{site.key}/policy?saved={saved.revision}")


def _begun(site: Site, typed: Form, languages: tuple[str, ...], who: Act) -> Policy:
    """The policy of the starting point that was chosen; an empty one where none was."""
    point = typed.values["point"]
    if point not in starting.points("en"):
        return empty_policy(languages)
    unwritten = [language_name(each) for each in languages if each not in starting.languages()]
    if unwritten:
        raise Invalid(f"there is no text to begin with in {', '.join(unwritten)} yet", "languages")
    given = {name: typed.values[name].strip() for name in _ABOUT}
    for name, value in given.items():
        if not value:
            raise Invalid("give this: visitors are told it", name)
    country = given["country"].upper()
    if words.country(country, "en") == country:
        raise Invalid("give the country as two capital letters, such as SE", "country")
    about = starting.About(
        controller=given["controller.name"],
        address=given["controller.address"],
        email=given["controller.email"],
        country=country,
        reviewed=f"{who.by}, {words.date(who.now, 'en')}",
    )
    return starting.policy(point, languages, starting.Named.of(site), about)


async def _save(request: Request, site: Site, edited: PolicyForm) -> Response:
    store, values = service(request).store, edited.form.values
    # What was saved since is refused by its revision: what is kept here is what was seen.
    found = await store.policies.draft(site.id)
    before = policies.parse_policy(found.body) if found else None
    try:
        policy = edited.policy(before)
        saved = await policies.save_draft(store, site, revision(values), policy, act(request))
    except Conflict as error:
        return await _conflict(request, site, edited, error)
    except Invalid as error:
        edited.form.refuse(error)
        return _unsaved(request, site, edited, status=422)
    return redirect(f"/sites/{site.key}/policy?saved={saved.revision}")


def revision(values: dict[str, str]) -> int:
    """The draft's revision that a form was made of; 0 where it says none."""
    text = values["revision"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


async def _conflict(request: Request, site: Site, edited: PolicyForm, error: Conflict) -> Response:
    """Somebody saved meanwhile: what is different there, and one's own work still in the form."""
    theirs = await service(request).store.policies.draft(site.id)
    if theirs is None:
        raise error
    before = policies.parse_policy(theirs.body)
    found = await asyncio.to_thread(diffs.between, before, edited.policy(before))
    edited.form.values["revision"] = str(theirs.revision)
    context = {"theirs": theirs, "differences": found}
    return _draft_page(request, site, edited, context, 409)


def _unsaved(
    request: Request, site: Site, edited: PolicyForm, status: int = 200, focus: int = -1
) -> Response:
    return _draft_page(request, site, edited, {"unsaved": True, "focus": focus}, status)


def _start_page(request: Request, site: Site, form: Form, status: int = 200) -> Response:
    context = {
        "site": site,
        "form": form.labelled(_START),
        "known": _known(()),
        "points": starting.points("en"),
    }
    return page(request, "policies/start.html", context, status)


def _known(more: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Languages to choose from, with their names: the product's, and those already chosen."""
    # Those first, in their order: saving a draft as it is changes nothing of it.
    names = dict.fromkeys((*more, *sorted(words.languages())))
    return tuple((name, both_names(name)) for name in names)


def _draft_page(
    request: Request,
    site: Site,
    edited: PolicyForm,
    context: dict[str, Any],
    status: int = 200,
) -> Response:
    defaults: dict[str, Any] = {
        "draft": None,
        "saved": False,
        "unsaved": False,
        "focus": -1,
        "theirs": None,
        "differences": (),
        "proposal": None,
        "changes": (),
        "rows": (),
        "findings": (),
    }
    known = {
        "site": site,
        "edited": edited,
        "form": edited.form,
        "known": _known(edited.languages),
        "names": {name: language_name(name) for name in edited.languages},
        "categories": [(category.value, category.value.capitalize()) for category in Category],
        "units": _UNIT_NAMES,
        "storages": STORAGE_NAMES,
        "vendors": policy_widget.VENDORS,
        "reloads": policy_widget.RELOADS,
    }
    return page(request, "policies/draft.html", {**defaults, **known, **context}, status)


async def proposed(proposal: Proposal) -> dict[str, Any]:
    """What a page shows of a proposal."""
    # Comparing long texts takes a while: not on the event loop.
    changes = await asyncio.to_thread(diffs.shown, proposal.changes)
    before = proposal.current.policy.declarations if proposal.current else ()
    return {
        "proposal": proposal,
        "changes": changes,
        "rows": diffs.rows(before, proposal.policy.declarations) if proposal.current else (),
        "findings": _findings(proposal.policy, proposal),
    }


def _findings(policy: Policy, proposal: Proposal) -> list[tuple[str, str, str, str]]:
    """What keeps a policy back: the field, its name, the message, the rule."""
    called = PolicyForm.of_policy(policy).form.label
    return [
        (found.field, called(found.field), found.message, found.rule) for found in proposal.findings
    ]
