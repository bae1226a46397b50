"""Publishing a policy: what it would change and for whom, and every version published."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent_service import due, notices, plans, policies
from consent_service.errors import Conflict, ConsentError, Invalid, NotFound, Refused
from consent_service.model import (
    Category,
    ChangeClass,
    CookieDeclaration,
    Plan,
    PolicyVersion,
    Role,
    Site,
)
from consent_service.policies import Proposal, Publication
from consent_service.reach import Reach, reach
from consent_service.web.access import act, caller, site_of
from consent_service.web.pages import diffs, forms, policy_widget, screens
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policies import STORAGE_NAMES, proposed, revision
from consent_service.web.pages.policy_form import language_name
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

_PUBLISH = {
    "change_class": "Class",
    "reason": "Reason",
    "categories": "Ask again about",
    "when": "When",
    "day": "Day",
    "time": "Time",
    "zone": "Time zone",
    "announce": "Tell visitors before",
}
_NOTE = "notice."
_LATER = "later"
_PLANS = 20
"""Plans in the list below the versions: the newest."""

ESTIMATED = 60.0
"""Seconds for which an estimate of who is asked again is shown again."""


async def publish_form(request: Request) -> Response:
    """What publishing would change, for whom, and what it would ask."""
    return await _publish_page(request, await site_of(request), Form())


async def publish(request: Request) -> Response:
    """Publish the draft at the revision that was seen, or plan to."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request)
    try:
        done = await plans.submit(running.store, site, _publication(form), act(request))
    except (Invalid, Conflict, Refused) as error:
        return await _refused(request, site, form, error)
    if isinstance(done, Plan):
        return redirect(f"/sites/{site.key}/plans/{done.id}?planned=1")
    running.forget()
    return redirect(f"/sites/{site.key}/versions/{done.number}?published=1")


async def _refused(request: Request, site: Site, form: Form, error: ConsentError) -> Response:
    status = 422
    if isinstance(error, Conflict):
        # The class was chosen for another draft: the one proposed for this one is shown.
        form.values["change_class"], status = "", 409
    field = "day" if error.field == "at" else error.field
    return await _publish_page(request, site, form.refuse(error, field), status)


def _publication(form: Form) -> Publication:
    try:
        change_class = ChangeClass(form.values["change_class"])
    except ValueError as error:
        raise Invalid("choose a class", "change_class") from error
    named = form.all("categories")
    # Of the other classes nobody is told: what the fields propose then is not meant.
    minor, later = change_class is ChangeClass.MINOR, form.values["when"] == _LATER
    told = later and change_class is not ChangeClass.PATCH
    return Publication(
        revision=revision(form.values),
        change_class=change_class,
        categories=tuple(category for category in Category if category.value in named),
        reason=form.values["reason"],
        notice=_notes(form.values) if minor else {},
        at=_at(form.values) if later else "",
        zone=form.values["zone"] if later else "",
        announce=told and form.values["announce"] == "on",
    )


def _notes(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(_NOTE): text for name, text in values.items() if name.startswith(_NOTE)
    }


def _at(values: Mapping[str, str]) -> str:
    day, time = values["day"].strip(), values["time"].strip()
    if not day:
        raise Invalid("choose the day", "day")
    if not time:
        raise Invalid("choose the time", "time")
    return f"{day}T{time}"


async def _publish_page(request: Request, site: Site, form: Form, status: int = 200) -> Response:
    running = service(request)
    try:
        proposal = await policies.propose(running.store, site)
    except NotFound:
        return redirect(f"/sites/{site.key}/policy")
    await _prefill(running, site, form, proposal)
    languages = proposal.policy.languages
    names = {name: language_name(name) for name in languages}
    notes = {f"{_NOTE}{name}": f"Note in {called}" for name, called in names.items()}
    context = {
        "site": site,
        "form": form.labelled({**_PUBLISH, **notes}),
        "names": names,
        "ticked": form.all("categories"),
        "zones": due.zones(),
        "advance": due.ADVANCE_DAYS,
        "reach": await reached(running, site, proposal.current, proposal.asked),
        "approval": (await running.store.sites.by_id(site.id)).approval,
        **await standing(running, site),
        **await proposed(proposal),
    }
    return page(request, "policies/publish.html", context, status)


async def _prefill(running: Service, site: Site, form: Form, proposal: Proposal) -> None:
    """What the form proposes where nobody has typed yet."""
    if not form.values["change_class"]:
        form.values["change_class"] = proposal.proposed.value
    for language, text in notices.proposed(proposal.changes, proposal.policy.languages).items():
        form.values.setdefault(f"{_NOTE}{language}", text)
    if "when" in form.values:
        return
    zone = await _usual_zone(running, site)
    suggested = due.suggested(int(running.now()), zone)
    material = proposal.proposed is not ChangeClass.PATCH
    form.values |= {
        "when": "now",
        "day": f"{suggested:%Y-%m-%d}",
        "time": f"{suggested:%H:%M}",
        "zone": zone,
        "announce": "on" if material else "",
    }


async def _usual_zone(running: Service, site: Site) -> str:
    """The time zone that was chosen last on this site."""
    last = await running.store.plans.page(site.id, None, 1)
    return last[0].zone if last else due.UTC_ZONE


async def standing(running: Service, site: Site) -> dict[str, Any]:
    """The plan that waits, and the last one if it ended without a version since the newest."""
    waiting = await running.store.plans.waiting(site.id)
    # Of two that were made in one second the one that waits is the last.
    last = waiting or next(iter(await running.store.plans.page(site.id, None, 1)), None)
    record = await running.store.policies.current(site.id)
    since = record.published_at if record else 0
    news = last if last and last.said and (last.ended_at or 0) >= since else None
    return {
        "waiting": waiting,
        "news": news,
        "time_of": lambda plan: due.said(plan.due_at, plan.zone),
    }


async def reached(
    running: Service, site: Site, current: PolicyVersion | None, asked: tuple[Category, ...]
) -> Reach | None:
    """How many consents would be asked again; None before there is a version to ask from."""
    if current is None:
        return None
    now, version = int(running.now()), current
    return await running.memory.get(
        ("reach", site.id, version.number, asked),
        ESTIMATED,
        lambda: reach(running.store, site, version, asked, now),
    )


# --- Versions ------------------------------------------------------------------------------------


async def versions(request: Request) -> Response:
    """Every version of a site, the newest first, and what is planned."""
    running, site = service(request), await site_of(request)
    context = {
        "site": site,
        "records": await running.store.policies.versions(site.id),
        "plans": await running.store.plans.page(site.id, None, _PLANS),
        **await standing(running, site),
    }
    return page(request, "policies/versions.html", context)


async def version(request: Request) -> Response:
    """One version as it was published: its texts, cookies, changes and hash."""
    return await _version_page(request, await site_of(request), Form())


async def take_back(request: Request) -> Response:
    """Put a version's policy into the draft, to be published anew."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request)
    record = await policies.version(running.store, site, request.path_params["number"])
    try:
        if not form.values["replace"] and await policies.unpublished(running.store, site):
            raise Invalid("the draft says something that is not published: tick this", "replace")
        seen = revision(form.values)
        await policies.take_back(running.store, site, record, seen, act(request))
    except (Invalid, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return await _version_page(request, site, form.refuse(error), status)
    return redirect(f"/sites/{site.key}/policy/publish")


async def _version_page(request: Request, site: Site, form: Form, status: int = 200) -> Response:
    running = service(request)
    record = await policies.version(running.store, site, request.path_params["number"])
    shown = policies.decode_version(record.body)
    policy = shown.policy
    before: tuple[CookieDeclaration, ...] = ()
    if shown.previous:
        previous = await policies.version(running.store, site, shown.previous)
        before = policies.decode_version(previous.body).policy.declarations
    context = {
        "site": site,
        "record": record,
        "version": shown,
        "plan": await running.store.plans.of_version(site.id, record.number),
        "changes": await asyncio.to_thread(diffs.shown, shown.changes),
        "rows": diffs.rows(before, policy.declarations, policy.languages) if shown.previous else (),
        "names": {name: language_name(name) for name in policy.languages},
        "storages": dict(STORAGE_NAMES),
        "told": [policy_widget.VENDORS[signal].name for signal in policy.signals],
        "published": "published" in request.query_params,
        **await screens.section(request, site, record),
        **await _taking_back(request, site, form),
    }
    return page(request, "policies/version.html", context, status)


async def _taking_back(request: Request, site: Site, form: Form) -> dict[str, Any]:
    running = service(request)
    draft = await running.store.policies.draft(site.id)
    form.values["revision"] = str(draft.revision if draft else 0)
    return {
        "form": form.labelled({"replace": "Replace the draft"}),
        "unpublished": await policies.unpublished(running.store, site),
        "may_edit": caller(request).may(Role.EDITOR, site.id),
    }
