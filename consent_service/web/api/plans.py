"""Planned publications over HTTP: what waits and what became of it, for editors and machines."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import plans
from consent_service.model import Category, ChangeClass, Plan, PlanState, Text
from consent_service.web.access import act, site_of
from consent_service.web.service import service

MOST = 50
"""Plans in one answer: the newest."""


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that waits for its time or for a second person, or one that is over."""

    id: str
    state: PlanState
    """`proposed` and `scheduled` wait; the others are over."""
    change_class: ChangeClass
    categories: tuple[Category, ...]
    reason: str
    notice: Text
    revision: int
    """The draft's revision that it was made from."""
    against: int
    """The number of the version that it was compared with."""
    due_at: int | None
    """Unix seconds; null for as soon as it is approved."""
    zone: str
    announce: bool
    made_at: int
    made_by: str
    person: str
    """Who answers for it: of a token, whoever made the token."""
    approved_at: int | None
    approved_by: str | None
    ended_at: int | None
    ended_by: str | None
    said: str
    """Why it is over, where it was not published."""
    number: int | None
    """The version that it became."""


class PlanList(msgspec.Struct, frozen=True, kw_only=True):
    """The newest plans of a site, the newest first."""

    plans: tuple[PlanDocument, ...]


async def listed(request: Request) -> Response:
    """What waits, and what became of the last ones."""
    found = await service(request).store.plans.page((await site_of(request)).id, None, MOST)
    return answer(PlanList(plans=tuple(document(plan) for plan in found)))


async def one(request: Request) -> Response:
    """One of them."""
    site = await site_of(request)
    plan = await service(request).store.plans.by_id(site.id, request.path_params["plan"])
    return answer(document(plan))


async def cancel(request: Request) -> Response:
    """Take back one that waits."""
    running, site = service(request), await site_of(request)
    plan = await plans.cancel(running.store, site, request.path_params["plan"], act(request))
    return answer(document(plan))


def document(plan: Plan) -> PlanDocument:
    """A plan as it is told."""
    asked = plans.asked_of(plan)
    shown = {name: getattr(plan, name) for name in _AS_KEPT}
    return PlanDocument(
        change_class=asked.change_class,
        categories=asked.categories,
        reason=asked.reason,
        notice=asked.notice,
        due_at=plan.due_at or None,
        **shown,
    )


_OF_THE_ASKED = {"change_class", "categories", "reason", "notice", "due_at"}
_AS_KEPT = tuple(name for name in PlanDocument.__struct_fields__ if name not in _OF_THE_ASKED)


def answer(found: PlanDocument | PlanList, status: int = 200) -> Response:
    """The answer, which no cache keeps."""
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(found), status, headers, "application/json")
