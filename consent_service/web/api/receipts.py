"""Receipts over HTTP: a browser posts a choice; whoever holds a receipt's id reads it."""

from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import choice_cookie, receipts
from consent_service.errors import Forbidden
from consent_service.model import Choice, Claims, Site
from consent_service.receipts import Asked, Recorded
from consent_service.web.access import site_of
from consent_service.web.limits import body
from consent_service.web.service import Service, service

TYPES = ("text/plain", "application/json")
"""`text/plain` is what the widget sends: it needs no preflight."""


PROMPT = 1.0
"""Seconds. Whoever waited longer may have chosen otherwise: then no cookie is set, as a late one
would take the place of the newer (R24)."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a choice: what was stored, durably, before this was sent."""

    id: str
    receipt: str
    """The signed receipt: a compact JWS (RFC 7515), to be checked with the published keys."""
    recorded_at: str
    """RFC 3339, UTC, whole seconds."""


class Readable(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as signed, and as read."""

    id: str
    receipt: str
    claims: Claims


async def record(request: Request) -> Response:
    """Record a choice. 201 with its receipt, or 200 with the one that a retry finds on file."""
    running, site = service(request), await site_of(request)
    origin = allowed_origin(request, site)
    let_read(request, origin)
    own = running.settings.base_url
    if _near(origin, own):
        request.state.answer_headers["access-control-allow-credentials"] = "true"
    begun = running.now()
    choice = receipts.parse_choice(await body(request, receipts.MAX_BODY, TYPES))
    asked = await running.asked(site, choice.version, choice.artifact)
    done = await running.with_keys(lambda: _record(running, site, asked, choice))
    answer = Confirmation(id=choice.id, receipt=done.token, recorded_at=_rfc3339(done.at))
    if _near(origin, own) and running.now() - begun < PROMPT:
        _set_again(request, origin, asked, choice)
    return _json(request, answer, 201 if done.new else 200)


async def _record(running: Service, site: Site, asked: Asked, choice: Choice) -> Recorded:
    now = int(running.now())
    receipts.check_answerable(asked, choice, now, running.settings.retire_hours * 3600)
    previous = await receipts.previous(running.store, running.keys, site, choice.previous)
    return await receipts.record(running.desk, asked, choice, previous, now)


@lru_cache(maxsize=1024)
def _near(origin: str, own: str) -> bool:
    """Whether pages of that origin may send the choice cookie along, and take it from us."""
    return choice_cookie.may_share(_host(origin), _host(own))


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _set_again(request: Request, origin: str, asked: Asked, choice: Choice) -> None:
    """Set the choice cookie again, where our host may and it is of this choice.

    Not `HttpOnly`: the page reads it. It is the only cookie that is set outside our own pages.
    """
    running, sent = service(request), _sent(request)
    domain = asked.version.policy.domain
    scope = choice_cookie.scope(_host(origin), _host(running.settings.base_url), domain)
    if scope is None or len(sent) != 1:
        return
    kept = choice_cookie.again(sent[0], choice, asked.version, int(running.now()))
    if kept is None:
        return
    secure = "; Secure" if origin.startswith("https:") else ""
    named = f"; Domain={scope}" if scope else ""
    request.state.answer_headers["set-cookie"] = (
        f"{choice_cookie.NAME}={kept.value}; Path=/; SameSite=Lax; Max-Age={kept.seconds}"
        f"{named}{secure}"
    )


def _sent(request: Request) -> list[str]:
    """Each choice cookie that came along: of two, nothing tells which one holds."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return [value for name, _, value in pairs if name == choice_cookie.NAME]


async def read(request: Request) -> Response:
    """A receipt by its id. The id is the key: who holds it may read what it stands for."""
    running, site = service(request), await site_of(request)
    origin = request.headers.get("origin")
    let_read(request, origin if origin in site.origins else None)
    id = request.path_params["id"]
    receipt = await running.with_keys(lambda: receipts.read(running.store, running.keys, site, id))
    answer = Readable(id=receipt.claims.jti, receipt=receipt.token, claims=receipt.claims)
    return _json(request, answer, 200)


def allowed_origin(request: Request, site: Site) -> str:
    """The page's origin, if it is one of the site's (R45). Browsers cannot forge it."""
    origin = request.headers.get("origin")
    if origin is None:
        raise Forbidden("a choice comes from a page, and names its origin", "origin")
    if origin not in site.origins:
        raise Forbidden(
            f"{origin} is not one of {site.key}'s origins: an admin can add it", "origin"
        )
    return origin


def let_read(request: Request, origin: str | None) -> None:
    """Let pages of that origin read the answer, also a refusal: they must know its status."""
    allowed = {"access-control-allow-origin": origin} if origin else {}
    request.state.answer_headers = {"vary": "origin", **allowed}


def _json(request: Request, answer: msgspec.Struct, status: int) -> Response:
    headers = {"cache-control": "no-store", **request.state.answer_headers}
    return Response(msgspec.json.encode(answer), status, headers, "application/json")


@lru_cache(maxsize=16)
def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
