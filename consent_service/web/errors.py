"""A domain error becomes a status and one problem shape (RFC 9457), for programs and people."""

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from consent_service import errors

STATUS: dict[type[errors.ConsentError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Retired: HTTPStatus.GONE,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.SignInNeeded: HTTPStatus.UNAUTHORIZED,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.WrongType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Forked: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotRendered: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Tampered: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `field` is the path of what does not fit; `findings` are a policy's."""

    type: str
    """A page of the help that explains this kind of problem."""
    title: str
    status: int
    detail: str
    field: str = ""
    findings: tuple[Any, ...] = ()


def problem_of(error: errors.ConsentError) -> Problem:
    """The problem that a domain error is to its caller."""
    status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    return Problem(
        type=f"/help/problems#{type(error).__name__.lower()}",
        title=status.phrase,
        status=status.value,
        detail=error.message,
        field=error.field,
        findings=getattr(error, "findings", ()),
    )


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as programs read it."""
    return Response(
        msgspec.json.encode(problem),
        problem.status,
        {"cache-control": "no-store", **(headers or {})},
        "application/problem+json",
    )
