"""A planned publication: what was reviewed, how it stands, and what may be decided."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent_service import due, plans, policies
from consent_service.errors import Conflict, Forbidden, Invalid, Refused
from consent_service.model import (
    OPTIONAL,
    Category,
    ChangeClass,
    Plan,
    Role,
    Site,
    VersionRecord,
)
from consent_service.policies import Comparison, Publication
from consent_service.web.access import act, caller, site_of
from consent_service.web.pages import forms
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policies import proposed
from consent_service.web.pages.policy_form import language_name
from consent_service.web.pages.publishing import reached
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

_STATUS = {Conflict: 409, Forbidden: 403}


async def one(request: Request) -> Response:
    """What was reviewed, and how it stands."""
    return await _page(request, await site_of(request), Form())


async def decide(request: Request) -> Response:
    """Approve it, send it back with a word, or cancel it."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request)
    try:
        done = await _decided(request, site, form)
    except (Conflict, Forbidden, Invalid, Refused) as error:
        return await _page(request, site, form.refuse(error), _STATUS.get(type(error), 422))
    running.forget()
    if isinstance(done, VersionRecord):
        return redirect(f"/sites/{site.key}/versions/{done.number}?published=1")
    return redirect(f"/sites/{site.key}/plans/{done.id}")


async def _decided(request: Request, site: Site, form: Form) -> VersionRecord | Plan:
    store, id, do = service(request).store, request.path_params["plan"], form.values["do"]
    if do == "approve":
        return await plans.approve(store, site, id, act(request))
    if do == "return":
        return await plans.send_back(store, site, id, form.values["word"], act(request))
    if do == "cancel":
        return await plans.cancel(store, site, id, act(request))
    raise Invalid("approve it, send it back, or cancel it")


async def _page(request: Request, site: Site, form: Form, status: int = 200) -> Response:
    running = service(request)
    plan = await running.store.plans.by_id(site.id, request.path_params["plan"])
    compared, asked = await _reviewed(running, site, plan), plans.asked_of(plan)
    about = _about(compared, asked)
    context = {
        "site": site,
        "plan": plan,
        "asked": asked,
        "time": due.said(plan.due_at, plan.zone) if plan.due_at else "",
        "late": plan.due_at <= running.now(),
        "names": {name: language_name(name) for name in compared.policy.languages},
        "form": form.labelled({"word": "Why"}),
        "planned": "planned" in request.query_params,
        "about": about,
        "reach": await reached(running, site, compared.current, about),
        **_may(request, site, plan),
        **await proposed(compared),
    }
    return page(request, "policies/plan.html", context, status)


def _about(compared: Comparison, asked: Publication) -> tuple[Category, ...]:
    """The categories that are asked about again, under the class that was chosen."""
    if asked.change_class is not ChangeClass.MAJOR:
        return ()
    return tuple(each for each in OPTIONAL if each in (*compared.asked, *asked.categories))


def _may(request: Request, site: Site, plan: Plan) -> dict[str, Any]:
    editor = caller(request).may(Role.EDITOR, site.id)
    return {"may_decide": editor, "own": caller(request).actor in (plan.person, plan.made_by)}


async def _reviewed(running: Service, site: Site, plan: Plan) -> Comparison:
    """What was compared then: with the version that was in force, whichever is now."""
    before = await running.store.policies.version(site.id, plan.against) if plan.against else None
    return policies.compared_with(before, policies.parse_policy(plan.policy))
