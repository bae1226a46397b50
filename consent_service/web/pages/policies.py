"""The draft of a policy, which editors change. Publishing it is in `publishing.py`."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent_service import policies, starting, words
from consent_service.audit import Act
from consent_service.errors import Conflict, Invalid
from consent_service.model import Draft, Policy, Site
from consent_service.policies import Comparison
from consent_service.web.access import act, site_of
from consent_service.web.pages import (
    declaration_form,
    diffs,
    drafting,
    forms,
    policy_widget,
    preview,
)
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policy_form import (
    MAX_FORM,
    PolicyForm,
    both_names,
    empty_policy,
    language_name,
    named,
    seen,
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

STORAGE_NAMES = declaration_form.STORAGE_NAMES
_MOST = 100
"""Changes and findings that a page lists: the rest is counted."""


async def draft(request: Request) -> Response:
    """The draft as a form, with what publishing it would change and what keeps it back."""
    running, site = service(request), await site_of(request)
    found = await running.store.policies.draft(site.id)
    if found is None:
        return _start_page(request, site, Form([("language", "en")]))
    edited = PolicyForm.of_policy(policies.decode_draft(found.body))
    edited.form.values["seen"] = seen(policies.decode_draft(found.body))
    edited.form.values["show.language"] = request.query_params.get("in", "")
    saved = request.query_params.get("saved") == str(found.revision)
    proposal = await policies.propose(running.store, site)
    context = {"draft": found, "saved": saved, **await proposed(proposal)}
    return await _draft_page(request, site, edited, context)


async def save(request: Request) -> Response:
    """Save the draft, or show what was typed. It is never lost."""
    site, typed = await site_of(request), await forms.read(request, MAX_FORM)
    does = _DOES.get(typed.values["do"])
    if does:
        return await does(request, site, typed)
    return await _unsaved(request, site, PolicyForm.of_form(typed))


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


async def _save(request: Request, site: Site, typed: Form) -> Response:
    edited = PolicyForm.of_form(typed)
    try:
        saved = await _kept(request, site, edited, by_itself=False)
    except Conflict as error:
        return await _conflict(request, site, edited, error)
    except Invalid as error:
        edited.form.refuse(error)
        return await _unsaved(request, site, edited, 422)
    return redirect(f"/sites/{site.key}/policy?saved={saved.revision}{_worked_in(edited)}")


def _worked_in(edited: PolicyForm) -> str:
    """What keeps the language open that is worked on beside the site's own."""
    language = edited.form.values["show.language"]
    return f"&in={language}" if language in edited.languages[1:] else ""


async def _kept(request: Request, site: Site, edited: PolicyForm, *, by_itself: bool) -> Draft:
    """The draft with these texts and terms. Raises `Conflict` where others changed them.

    What is edited on other pages is as it is now: who works there is in nobody's way here.
    """
    store, who, was = service(request).store, act(request), edited.form.values["seen"]

    def edit(before: Policy) -> Policy:
        if seen(before) != was:
            raise Conflict("somebody else changed these texts meanwhile")
        return edited.policy(before)

    if was:
        return await policies.edit_draft(store, site, edit, who, by_itself=by_itself)
    found = await policies.draft(store, site)
    policy = edited.policy(policies.decode_draft(found.body))
    return await policies.save_draft(store, site, revision(edited.form.values), policy, who)


async def _live(request: Request, site: Site, typed: Form) -> Response:
    """What follows the typing: the preview, and what is to be said. Nothing is saved."""
    return await _parts(request, site, PolicyForm.of_form(typed), "")


async def _autosave(request: Request, site: Site, typed: Form) -> Response:
    """The same, and the draft is saved if it can be."""
    edited = PolicyForm.of_form(typed)
    try:
        saved = await _kept(request, site, edited, by_itself=True)
    except Conflict:
        theirs = await policies.draft(service(request).store, site)
        said = f"Not saved: {theirs.changed_by} saved meanwhile. Press Save to see both"
        return await _parts(request, site, edited, said, 409)
    except Invalid as error:
        name = edited.form.label(error.field)
        return await _parts(request, site, edited, f"Not saved: {name}: {error.message}", 422)
    edited.form.values["revision"] = str(saved.revision)
    edited.form.values["seen"] = seen(policies.decode_draft(saved.body))
    return await _parts(request, site, edited, f"Saved {clock(saved)}")


def clock(draft: Draft) -> str:
    """When a draft was saved, in few words: `12:03 UTC`."""
    return f"{draft.changed_at // 3600 % 24:02}:{draft.changed_at // 60 % 60:02} UTC"


async def _parts(
    request: Request, site: Site, edited: PolicyForm, said: str, status: int = 200
) -> Response:
    draft = await policies.draft(service(request).store, site)
    about = await drafting.about(request, site, draft, edited)
    context = {"site": site, "edited": edited, "form": edited.form, "said": said, **about}
    return page(request, "policies/draft_live.html", context, status)


def revision(values: dict[str, str]) -> int:
    """The draft's revision that a form was made of; 0 where it says none."""
    text = values["revision"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


async def _conflict(request: Request, site: Site, edited: PolicyForm, error: Conflict) -> Response:
    """Somebody saved meanwhile: what is different there, and one's own work still in the form."""
    theirs = await service(request).store.policies.draft(site.id)
    if theirs is None:
        raise error
    before = policies.decode_draft(theirs.body)
    found = await asyncio.to_thread(diffs.between, before, edited.policy(before))
    edited.form.values["revision"] = str(theirs.revision)
    edited.form.values["seen"] = seen(before)
    context = {"theirs": theirs, "differences": found}
    return await _draft_page(request, site, edited, context, 409)


async def _unsaved(request: Request, site: Site, edited: PolicyForm, status: int = 200) -> Response:
    return await _draft_page(request, site, edited, {"unsaved": True}, status)


_DOES = {"start": _start, "save": _save, "live": _live, "autosave": _autosave}


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


async def _draft_page(
    request: Request,
    site: Site,
    edited: PolicyForm,
    context: dict[str, Any],
    status: int = 200,
) -> Response:
    found = context.get("draft") or await policies.draft(service(request).store, site)
    defaults: dict[str, Any] = {
        "draft": found,
        "saved": False,
        "unsaved": False,
        "theirs": None,
        "differences": (),
        "proposal": None,
        "changes": (),
        "rows": (),
        "said": "",
    }
    known = {
        "site": site,
        "edited": edited,
        "form": edited.form,
        "known": _known(edited.languages),
        "names": {name: language_name(name) for name in edited.languages},
        "categories": declaration_form.CATEGORY_NAMES,
        "vendors": policy_widget.VENDORS,
        "reloads": policy_widget.RELOADS,
        "most": _MOST,
        "waiting": await service(request).store.plans.waiting(site.id),
        **await drafting.about(request, site, found, edited),
    }
    headers = preview.FRAMING
    everything = {**defaults, **known, **context}
    return page(request, "policies/draft.html", everything, status, headers)


async def proposed(proposal: Comparison) -> dict[str, Any]:
    """What a page shows of a proposal."""
    # Comparing long texts takes a while: not on the event loop.
    changes = await asyncio.to_thread(diffs.shown, proposal.changes)
    policy, current = proposal.policy, proposal.current
    before = current.policy.declarations if current else ()
    return {
        "proposal": proposal,
        "changes": changes,
        "rows": diffs.rows(before, policy.declarations, policy.languages) if current else (),
        "names": {name: language_name(name) for name in policy.languages},
        "findings": _findings(policy, proposal),
    }


def _findings(policy: Policy, proposal: Comparison) -> list[tuple[str, str, str, str]]:
    """What keeps a policy back: the field, its name, the message, the rule."""
    return [
        (found.field, named(policy, found.field), found.message, found.rule)
        for found in proposal.findings
    ]
