"""Who may use each address: one table, and the one guard that every handler stands behind.

A test proves that the table covers every route, and walks every URL with every role.
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import NamedTuple, Protocol

from starlette.requests import Request
from starlette.responses import Response

from consent_service import accounts
from consent_service.audit import Act
from consent_service.errors import Forbidden, NotFound, SignInNeeded, Tampered
from consent_service.model import EVERY_SITE, Account, ApiToken, Role, Site
from consent_service.web.limits import same_origin
from consent_service.web.service import Service, service

Handler = Callable[[Request], Awaitable[Response]]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE = "consent_session"


def cookie_name(secure: bool) -> str:
    """The session cookie's name. Over TLS its prefix binds it to this host (RFC 6265bis)."""
    return f"__Host-{COOKIE}" if secure else COOKIE


class Access(Enum):
    """Who may, where it is not one role on the site that the address names."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    MEMBER = "any role on the site"


Needs = Access | Role


class Caller(NamedTuple):
    """Who is asking: an account by its session, or a machine by its token."""

    actor: str
    """As the audit trail names it."""
    account: Account | None
    token: ApiToken | None

    def may(self, role: Role, site_id: int) -> bool:
        """Whether this caller has `role` on that site; for a token, on its own site alone."""
        if self.account:
            return self.account.may(role, site_id)
        token = self.token
        held = token is not None and token.site_id in (site_id, EVERY_SITE)
        return held and token is not None and token.role in (role, Role.ADMIN)


class _Endpoint(Protocol):
    __name__: str

    def __call__(self, request: Request, /) -> Awaitable[Response]: ...


def guard(endpoint: _Endpoint, needs: Needs) -> Handler:
    """The handler behind its guard: who is it, may they, and did they mean it."""

    async def guarded(request: Request) -> Response:
        if request.method not in SAFE and _is_page(request):
            same_origin(request, service(request).settings.base_url)
        if needs is not Access.ANYONE:
            await _let_in(request, needs)
        return await endpoint(request)

    guarded.__name__ = endpoint.__name__
    return guarded


def _is_page(request: Request) -> bool:
    # Not `request.url`, which is put together anew each time, and of what `Host` says as well.
    return not request.scope["path"].startswith("/v1/")


async def _let_in(request: Request, needs: Needs) -> None:
    caller = await identify(request)
    if caller.account and request.method not in SAFE:
        same_origin(request, service(request).settings.base_url)
    if caller.token and _is_page(request):
        raise Forbidden("a token opens addresses under /v1 alone: sign in as a person")
    if needs is not Access.SIGNED_IN:
        roles = (needs,) if isinstance(needs, Role) else tuple(Role)
        site_id = await _site_id(request)
        if not any(caller.may(role, site_id) for role in roles):
            named = " or ".join(f"an {role.value}" for role in roles)
            raise Forbidden(f"this is for {named} of this site; you are {caller.actor}")
    request.state.caller = caller


async def _site_id(request: Request) -> int:
    key = request.path_params.get("site")
    return (await service(request).site(key)).id if key else EVERY_SITE


async def identify(request: Request) -> Caller:
    """Who is asking. Raises `SignInNeeded`."""
    running = service(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = await accounts.open_token(running.store, secret.strip())
        return Caller(f"token:{token.id}", None, token)
    account = await signed_in(request)
    if account is None:
        raise SignInNeeded("sign in to see this")
    return Caller(account.email, account, None)


def _session(request: Request) -> Mapping[str, object]:
    """What this request's session cookie says; nothing where there is no good one."""
    running = service(request)
    sealed = request.cookies.get(cookie_name(running.settings.secure))
    if not sealed:
        return {}
    seconds = running.settings.session_hours * 3600
    try:
        return running.keyring.sessions.open(sealed, int(running.now()), seconds)
    except Tampered:
        return {}


def came_by_link(request: Request) -> bool:
    """Whether this session was opened by a one-time link: its password may be forgotten."""
    return bool(_session(request).get("link"))


async def signed_in(request: Request) -> Account | None:
    """The account of this request's session cookie, if there is a good one."""
    running, session = service(request), _session(request)
    if not session:
        return None
    try:
        account = await running.store.accounts.by_id(_whole(session.get("account")))
        epoch = await running.store.accounts.session_epoch(account.id)
    except NotFound:
        return None
    # A new password raises the epoch, and so ends the sessions of the old one.
    return None if account.disabled or session.get("epoch") != epoch else account


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


async def seal_session(running: Service, account: Account, link: bool = False) -> str:
    """The value of the session cookie for this account; `link` where a one-time link opened it."""
    epoch = await running.store.accounts.session_epoch(account.id)
    session: dict[str, object] = {"account": account.id, "epoch": epoch}
    if link:
        session["link"] = True
    return running.keyring.sessions.seal(session, int(running.now()))


def caller(request: Request) -> Caller:
    """Who is asking; only behind a guard that let somebody in."""
    known: Caller = request.state.caller
    return known


def act(request: Request) -> Act:
    """Who is asking, and when: for verbs that leave a trace."""
    return Act(caller(request).actor, service(request).now())


async def site_of(request: Request) -> Site:
    """The site that the address names. Raises `NotFound`."""
    return await service(request).site(request.path_params["site"])
