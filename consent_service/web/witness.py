"""The HTTP of a witness (C2SP tlog-witness): an application of its own, with one address.

    POST /add-checkpoint    200 a cosignature, 400, 403, 404, 409, 422 as the specification says

It is not among the service's addresses: a witness is run by somebody else than the ledger's owner.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from consent_service import witness
from consent_service.errors import (
    ConsentError,
    Forbidden,
    Forked,
    Invalid,
    NotFound,
    Tampered,
    TooLarge,
)
from consent_service.merkle.submitting import (
    ADD_CHECKPOINT,
    MAX_SUBMISSION,
    SIZE_TYPE,
    format_size,
)
from consent_service.web.limits import limited
from consent_service.witness import Bench, Outdated

STATUS: dict[type[ConsentError], HTTPStatus] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Forked: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Tampered: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""What the specification wants to be answered; whatever else goes wrong is 503."""

_log = logging.getLogger(__name__)


class State(TypedDict):
    """What the lifespan hands to every request."""

    bench: Bench


def create_witness(
    opened: AbstractAsyncContextManager[Bench], now: Callable[[], float]
) -> Starlette:
    """The witness as an ASGI application. Opens nothing before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        async with opened as bench:
            yield State(bench=bench)

    async def add_checkpoint(request: Request) -> Response:
        try:
            sent = await limited(request, MAX_SUBMISSION)
            line = await witness.add_checkpoint(request.state.bench, sent, int(now()))
        except ConsentError as error:
            return _refused(error)
        return PlainTextResponse(line)

    return Starlette(
        routes=[Route(ADD_CHECKPOINT, add_checkpoint, methods=["POST"])], lifespan=lifespan
    )


def _refused(error: ConsentError) -> Response:
    if isinstance(error, Outdated):
        return Response(format_size(error.size), 409, {"content-type": SIZE_TYPE})
    status = STATUS.get(type(error), HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(error, Forked | Tampered):
        # Signed by the ledger itself, and no continuation of what it signed before.
        _log.error("a ledger does not continue: %s", error.message)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        _log.warning("refused: %s", error.message)
    return PlainTextResponse(f"{error.message}\n", status)
