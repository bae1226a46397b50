"""Puts the parts together: settings, keys, store, writer, routes."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypedDict, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from consent_service import (
    audit,
    cookie_lists,
    jobs,
    ledger,
    plans,
    policies,
    rendering,
    retention,
    screens,
    vouching,
)
from consent_service.audit import SERVICE, Act
from consent_service.errors import (
    Busy,
    ConsentError,
    Forked,
    Invalid,
    Misconfigured,
    NotFound,
    SignInNeeded,
    TooMany,
    Unavailable,
)
from consent_service.jobs import Worker, exporting
from consent_service.known_cookies import Library
from consent_service.settings import Settings
from consent_service.signing import new_secret, open_keyring
from consent_service.store import ReceiptWriter, open_store
from consent_service.store.errands import Kind
from consent_service.vouching import Doing, Rounds
from consent_service.web.errors import Problem, problem_of, problem_response
from consent_service.web.hot import Hot
from consent_service.web.limits import Attempts
from consent_service.web.render import problem_page
from consent_service.web.routes import routes
from consent_service.web.service import Memory, Service

log = logging.getLogger("consent_service")

KEYS_EVERY = 5.0
"""Seconds within which a running process signs with a key that was rotated."""


LOOK_EVERY = 2.0
"""Seconds within which a job that was asked for is begun."""

CHAIN_EVERY = 10.0
"""Seconds within which an event is linked to those before it."""


ENTER_EVERY = 3_600.0
"""Seconds after which the audit trail is as fixed as the ledgers are."""

DUE_EVERY = 1.0
"""Seconds within which a planned publication is published when its time has come."""

RETAIN_EVERY = 3_600.0
"""Seconds between two looks for receipts that are kept no longer."""

GO_EVERY = 5.0
"""Seconds between two looks for those outside who are due."""


class State(TypedDict):
    """What the lifespan hands to every request."""

    service: Service


def create_app(settings: Settings, now: Callable[[], float] = time.time) -> ASGIApp:
    """The service as an ASGI application. Opens nothing before its lifespan starts."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        async with running_service(settings, now) as service:
            yield State(service=service)

    app = Starlette(
        routes=routes(),
        lifespan=lifespan,
        exception_handlers={
            ConsentError: _refused,
            HTTPException: _no_such_address,
            Exception: _failed,
        },
    )
    return Hot(app)


@contextlib.asynccontextmanager
async def running_service(
    settings: Settings, now: Callable[[], float] = time.time
) -> AsyncIterator[Service]:
    """The parts, open, in their order: keys, database, public keys, banners, writer."""
    keyring = open_keyring(settings.keys, int(now()))
    async with (
        open_store(settings.database) as store,
        ReceiptWriter(
            store, queue_limit=settings.receipts_queue, batch_limit=settings.receipts_batch
        ) as writer,
    ):
        outside = ledger.Outside(settings.checkpoints_folder)
        desk = ledger.Desk(store, keyring, settings.base_url, outside, new_secret())
        browser = rendering.look(settings.browser)
        service = Service(
            settings, store, keyring, writer, now, Memory(now), Attempts(), desk, browser
        )
        service.known = _known(settings)
        await service.load_keys()
        made = await policies.compose_anew(store, int(now()))
        log.info("started", extra={"banners_made": made})
        work = (
            *(_follow_keys(service), _look_after(service), _retain(service)),
            _publish_planned(service),
            *_sequencing(service),
            *_vouching(service),
        )
        async with _going_on(*work, *(each.run(LOOK_EVERY) for each in _workers(service))):
            yield service


def _known(settings: Settings) -> Library:
    """What is commonly known of cookies, if the operator has brought it. Raises `Misconfigured`."""
    if not settings.known_cookies:
        return Library()
    try:
        return Library(cookie_lists.known(Path(settings.known_cookies).read_bytes()))
    except (OSError, Invalid) as error:
        raise Misconfigured(f"known_cookies: {settings.known_cookies}: {error}") from error


def _sequencing(service: Service) -> Iterator[Coroutine[Any, Any, None]]:
    seconds = service.settings.ledger_seconds
    if seconds:
        yield ledger.Sequencer(service.ledger, service.now).run(seconds)


async def _publish_planned(service: Service) -> None:
    """Publish what was planned when its time has come; at the start, what came while it was off."""
    while True:
        try:
            if await plans.publish_due(service.store, service.now()):
                service.forget()
        except ConsentError as error:
            log.warning("what was planned could not be looked at: %s", error)
        await asyncio.sleep(DUE_EVERY)


def _vouching(service: Service) -> Iterator[Coroutine[Any, Any, None]]:
    doings = _doings(service.settings)
    if doings:
        soonest = min(GO_EVERY, *(doing.every for doing in doings.values()))
        yield Rounds(service.store, doings, service.now).run(soonest)


def _doings(settings: Settings) -> dict[Kind, Doing]:
    """What this process does at those outside, and how often."""
    each = {
        Kind.WITNESS: Doing(vouching.cosign, settings.witness_seconds),
        Kind.STAMP: Doing(vouching.stamp, settings.stamp_seconds),
    }
    mailer = vouching.mailer_of(settings)
    if mailer:
        mail = vouching.mailing(mailer)
        each[Kind.MAIL] = Doing(mail, vouching.DAY, lease=vouching.DAY, repeats=True)
    return {kind: doing for kind, doing in each.items() if doing.every}


async def _retain(service: Service) -> None:
    """Erase what is kept no longer, of every site, again and again."""
    while True:
        await asyncio.sleep(RETAIN_EVERY)
        try:
            await retain_all(service)
        except ConsentError as error:
            log.warning("what is kept no longer could not be erased: %s", error)


async def retain_all(service: Service) -> None:
    """Erase what is kept no longer; the log has the report. A site that is stuck stops no other."""
    for site in await service.store.sites.all():
        try:
            done = await retention.retain(service.ledger, site, Act(SERVICE, service.now()))
        except Forked as error:
            log.warning("nothing of %s was erased: %s", site.key, error)
            continue
        if done.receipts:
            log.info("erased", extra={"site": site.key, "receipts": done.receipts})


@contextlib.asynccontextmanager
async def _going_on(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Tasks that go on while the block does."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _workers(service: Service) -> Iterator[Worker]:
    """The hands of this process for jobs. Who waits for an export does not wait for screenshots."""
    settings = service.settings
    export = exporting(service.office, settings.exports_folder, settings.database)
    yield Worker.of(service.store, {jobs.EXPORT: export}, service.now)
    if not service.browser.missing:
        taking = screens.rendering(service.store, service.browser, service.now)
        yield Worker.of(service.store, {jobs.RENDER: taking}, service.now)


async def _look_after(service: Service) -> None:
    """Chain the audit trail, enter its head now and then; take away exports of long ago."""
    entered = float("-inf")
    while True:
        try:
            await audit.chain(service.store)
            if service.now() >= entered + ENTER_EVERY:
                entered = service.now()
                await audit.enter_head(service.store, int(entered))
            await asyncio.to_thread(jobs.clear, service.settings.exports_folder, service.now())
        except (ConsentError, OSError) as error:
            log.warning("the audit trail was not chained: %s", error)
        await asyncio.sleep(CHAIN_EVERY)


async def _follow_keys(service: Service) -> None:
    """Pick up rotated keys, of this process and of others on the same database."""
    while True:
        await asyncio.sleep(KEYS_EVERY)
        try:
            await service.load_keys()
        except ConsentError as error:
            log.warning("the keys could not be read anew: %s", error)


async def _refused(request: Request, raised: Exception) -> Response:
    error = cast(ConsentError, raised)  # The application's table sends only these here.
    problem = problem_of(error)
    if problem.status >= 500:
        log.warning("refused: %s", error, extra={"path": _route(request), "status": problem.status})
    if isinstance(error, SignInNeeded) and _for_people(request) and request.method == "GET":
        return RedirectResponse(f"/sign-in?next={request.url.path}", 303)
    return _answer(request, problem, _headers(request, error))


def _headers(request: Request, error: ConsentError) -> dict[str, str]:
    headers = dict(getattr(request.state, "answer_headers", {}))
    if isinstance(error, Busy | TooMany):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, Unavailable):
        headers["retry-after"] = "5"
    if isinstance(error, SignInNeeded):
        headers["www-authenticate"] = "Bearer"
    return headers


async def _no_such_address(request: Request, raised: Exception) -> Response:
    error = cast(HTTPException, raised)
    if error.status_code == 404:
        domain: ConsentError = NotFound("there is nothing at this address")
        return _answer(request, problem_of(domain), {})
    domain = Invalid(f"{request.method} is not for this address")
    problem = Problem(
        type="/help/problems#invalid",
        title=error.detail,
        status=error.status_code,
        detail=domain.message,
    )
    return _answer(request, problem, dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of ours. The log has the trace; the caller learns nothing of our insides."""
    log.error("failed", exc_info=error, extra={"path": _route(request)})
    problem = Problem(
        type="/help/problems#fault",
        title="Internal Server Error",
        status=500,
        detail="something broke here, and nothing was stored: try again, or tell the operator",
    )
    return _answer(request, problem, {})


def _answer(request: Request, problem: Problem, headers: dict[str, str]) -> Response:
    if _for_people(request):
        return problem_page(request, problem, headers)
    return problem_response(problem, headers)


def _for_people(request: Request) -> bool:
    path = request.url.path
    return not path.startswith(("/v1/", "/.well-known/", "/ledger/")) and path not in (
        "/openapi.json",
        "/healthz",
        "/readyz",
    )


def _route(request: Request) -> str:
    """The address as in the table, never as asked: a receipt's id is its key (R46)."""
    route: Any = request.scope.get("route")
    return getattr(route, "path", "unknown")
