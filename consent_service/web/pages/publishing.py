"""Publishing a policy: what it would change and for whom, and every version published."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from consent_service import notices, policies
from consent_service.errors import Conflict, Invalid, NotFound, Refused
from consent_service.model import Category, ChangeClass, CookieDeclaration, Site
from consent_service.policies import Publication
from consent_service.web.access import act, site_of
from consent_service.web.pages import diffs, forms, policy_widget, screens
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policies import STORAGE_NAMES, proposed, revision
from consent_service.web.pages.policy_form import language_name
from consent_service.web.render import page, redirect
from consent_service.web.service import service

_PUBLISH = {"change_class": "Class", "reason": "Reason", "categories": "Ask again about"}
_NOTE = "notice."


async def publish_form(request: Request) -> Response:
    """What publishing would change, for whom, and what it would ask."""
    return await _publish_page(request, await site_of(request), Form())


async def publish(request: Request) -> Response:
    """Publish the draft at the revision that was seen."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request)
    try:
        asked = _publication(form)
        record = await policies.publish(running.store, site, asked, act(request))
    except (Invalid, Conflict, Refused) as error:
        status = 422
        if isinstance(error, Conflict):
            # The class was chosen for another draft: the one proposed for this one is shown.
            form.values["change_class"], status = "", 409
        return await _publish_page(request, site, form.refuse(error), status)
    running.forget()
    return redirect(f"/sites/{site.key}/versions/{record.number}?published=1")


def _publication(form: Form) -> Publication:
    try:
        change_class = ChangeClass(form.values["change_class"])
    except ValueError as error:
        raise Invalid("choose a class", "change_class") from error
    named = form.all("categories")
    # Of the other classes nobody is told: what the fields propose then is not meant.
    minor = change_class is ChangeClass.MINOR
    noted = {
        name.removeprefix(_NOTE): text
        for name, text in form.values.items()
        if name.startswith(_NOTE)
    }
    return Publication(
        revision=revision(form.values),
        change_class=change_class,
        categories=tuple(category for category in Category if category.value in named),
        reason=form.values["reason"],
        notice=noted if minor else {},
    )


async def _publish_page(request: Request, site: Site, form: Form, status: int = 200) -> Response:
    try:
        proposal = await policies.propose(service(request).store, site)
    except NotFound:
        return redirect(f"/sites/{site.key}/policy")
    if not form.values["change_class"]:
        form.values["change_class"] = proposal.proposed.value
    languages = proposal.policy.languages
    for language, text in notices.proposed(proposal.changes, languages).items():
        form.values.setdefault(f"{_NOTE}{language}", text)
    names = {name: language_name(name) for name in languages}
    notes = {f"{_NOTE}{name}": f"Note in {called}" for name, called in names.items()}
    context = {
        "site": site,
        "form": form.labelled({**_PUBLISH, **notes}),
        "names": names,
        "ticked": form.all("categories"),
        **await proposed(proposal),
    }
    return page(request, "policies/publish.html", context, status)


async def versions(request: Request) -> Response:
    """Every version of a site, the newest first."""
    site = await site_of(request)
    records = await service(request).store.policies.versions(site.id)
    return page(request, "policies/versions.html", {"site": site, "records": records})


async def version(request: Request) -> Response:
    """One version as it was published: its texts, cookies, changes and hash."""
    running, site = service(request), await site_of(request)
    record = await policies.version(running.store, site, request.path_params["number"])
    shown = policies.decode_version(record.body)
    before: tuple[CookieDeclaration, ...] = ()
    if shown.previous:
        previous = await policies.version(running.store, site, shown.previous)
        before = policies.decode_version(previous.body).policy.declarations
    context = {
        "site": site,
        "record": record,
        "version": shown,
        "changes": await asyncio.to_thread(diffs.shown, shown.changes),
        "rows": diffs.rows(before, shown.policy.declarations) if shown.previous else (),
        "names": {name: language_name(name) for name in shown.policy.languages},
        "storages": dict(STORAGE_NAMES),
        "told": [policy_widget.VENDORS[signal].name for signal in shown.policy.signals],
        "published": "published" in request.query_params,
        **await screens.section(request, site, record),
    }
    return page(request, "policies/version.html", context)
