"""Exports for an auditor: asked for in a form, made in the background, taken away as a file."""

from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from consent_service import jobs
from consent_service.errors import Invalid, NotFound, TooMany
from consent_service.exports.parts import Wanted
from consent_service.exports.period import said
from consent_service.model import Job, JobState
from consent_service.web.access import act, site_of
from consent_service.web.pages import forms, search_form
from consent_service.web.pages.forms import Form
from consent_service.web.pages.search_form import LABELS
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

_FORMATS = (
    ("jsonl", "JSON Lines: the signed receipts, to be checked"),
    ("csv", "CSV: a table, for a spreadsheet"),
    ("bundles", "Bundles: all evidence of each receipt"),
)
_FOR_EVER = 2**62


class Shown(NamedTuple):
    """A job as the page shows it."""

    job: Job
    said: str
    file: bool
    """Whether there is a file to take away."""
    percent: int


async def listed(request: Request) -> Response:
    """The form, and the exports so far."""
    form = Form(request.query_params.multi_items(), LABELS)
    return await _page(request, form, 200)


async def ask(request: Request) -> Response:
    """A new export."""
    running, site = service(request), await site_of(request)
    form = (await forms.read(request)).labelled(LABELS)
    wanted = _wanted(form)
    if wanted is None:
        return await _page(request, form, 422)
    try:
        await jobs.ask_export(running.store, site, wanted, act(request))
    except Invalid as error:
        return await _page(request, form.refuse(error), 422)
    except TooMany as error:
        return await _page(request, form.refuse(error), 429)
    return redirect(f"/sites/{site.key}/exports")


def _wanted(form: Form) -> Wanted | None:
    asked = search_form.asked(form)
    for name, missing in (("from", asked.begin == 0), ("to", asked.end == _FOR_EVER)):
        if missing and not form.errors[name]:
            form.refuse(Invalid("say which day"), name)
    if form.errors:
        return None
    return Wanted(format=form.values["format"], **msgspec.structs.asdict(asked))


async def stop(request: Request) -> Response:
    """Stop an export that is not done."""
    running, site = service(request), await site_of(request)
    await jobs.stop(running.store, site, request.path_params["id"], act(request))
    return redirect(f"/sites/{site.key}/exports")


async def file(request: Request) -> Response:
    """The file that came of an export."""
    running, site = service(request), await site_of(request)
    job = await running.store.jobs.by_id(site.id, request.path_params["id"])
    path = jobs.file_of(running.settings.exports_folder, job)
    if path is None:
        raise NotFound("this export has no file (any more): ask for it again")
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return FileResponse(path, 200, headers, "application/zip", filename=path.name)


async def _page(request: Request, form: Form, status: int) -> Response:
    running, site = service(request), await site_of(request)
    found = await running.store.jobs.page(site.id, jobs.EXPORT)
    context = {
        "site": site,
        "form": form,
        "formats": _FORMATS,
        "actions": search_form.ACTION_OPTIONS,
        "states": search_form.STATES,
        "languages": await search_form.languages(running, site),
        "jobs": [_shown(running, job) for job in found],
        "going_on": any(job.state in (JobState.WAITING, JobState.RUNNING) for job in found),
    }
    return page(request, "receipts/exports.html", context, status)


def _shown(running: Service, job: Job) -> Shown:
    path = jobs.file_of(running.settings.exports_folder, job)
    percent = 100 * job.done // job.total if job.total else 0
    return Shown(job, said(jobs.wish(job)), path is not None, min(percent, 100))
