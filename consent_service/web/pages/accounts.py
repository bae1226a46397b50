"""Signing in and out, passwords, and who may do what on a site."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent_service import accounts, audit
from consent_service.accounts import Grant
from consent_service.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded, TooMany
from consent_service.model import EVERY_SITE, Account, Role, Site
from consent_service.web.access import (
    act,
    caller,
    came_by_link,
    cookie_name,
    seal_session,
    signed_in,
    site_of,
)
from consent_service.web.pages import forms
from consent_service.web.pages.forms import Form
from consent_service.web.render import page, redirect
from consent_service.web.service import Service, service

HOME = "/sites"

_SIGN_IN = {"email": "E-mail", "password": "Password"}
_ACCESS = {"email": "E-mail", "name": "Name", "role": "Role", "label": "What for", "scope": "Role"}


def local_path(wanted: str) -> str:
    """`wanted` if it leads to a page of this service, else the list of sites."""
    # A browser takes `/\` for `//`, and drops tabs and line breaks before it reads an address.
    odd = "\\" in wanted or any(ord(character) < 33 for character in wanted)
    local = wanted.startswith("/") and not wanted.startswith("//") and not odd
    return wanted if local else HOME


async def sign_in_form(request: Request) -> Response:
    """The form to sign in with."""
    if await signed_in(request):
        return redirect(local_path(request.query_params.get("next", HOME)))
    wanted = local_path(request.query_params.get("next", HOME))
    return _sign_in_page(request, Form([("next", wanted)]), 200)


async def sign_in(request: Request) -> Response:
    """Sign in with e-mail and password. Who fails too often must wait."""
    running, form = service(request), await forms.read(request)
    email, password = form.values["email"].strip(), form.values["password"]
    try:
        account = await _attempt(running, request, email, password)
    except SignInNeeded as error:
        return _sign_in_page(request, form.refuse(error, "email"), 401)
    except TooMany as error:
        headers = {"retry-after": str(error.retry_after)}
        return _sign_in_page(request, form.refuse(error, "email"), 429, headers)
    return await _with_session(running, account, local_path(form.values["next"]))


async def _attempt(running: Service, request: Request, email: str, password: str) -> Account:
    """Counted before the password is looked at: else many at once would all slip through."""
    person = f"e-mail {email.casefold()}"
    address = f"address {request.client.host}" if request.client else "address unknown"
    now = running.now()
    running.attempts.begin((person, address), now)
    account = await accounts.sign_in(running.store, email, password, int(now))
    running.attempts.succeeded((person,))
    running.attempts.take_back((address,), now)
    return account


def _sign_in_page(
    request: Request, form: Form, status: int, headers: dict[str, str] | None = None
) -> Response:
    return page(
        request, "accounts/sign_in.html", {"form": form.labelled(_SIGN_IN)}, status, headers
    )


async def link_form(request: Request) -> Response:
    """The page that a one-time link leads to. Looking at it does not use the link up."""
    return page(request, "accounts/link.html", {"problem": ""})


async def link(request: Request) -> Response:
    """Sign in with a one-time link, which is then used up."""
    running = service(request)
    try:
        account = await accounts.sign_in_by_link(
            running.store, request.path_params["token"], int(running.now())
        )
    except SignInNeeded as error:
        return page(request, "accounts/link.html", {"problem": error.message}, 401)
    known = await running.store.accounts.password_hash(account.id)
    return await _with_session(running, account, HOME if known else "/account?first=1", link=True)


async def sign_out(request: Request) -> Response:
    """End this session here."""
    answer = redirect("/sign-in")
    secure = service(request).settings.secure
    answer.delete_cookie(cookie_name(secure), "/", secure=secure, httponly=True, samesite="lax")
    return answer


async def _with_session(
    running: Service, account: Account, address: str, link: bool = False
) -> Response:
    answer, settings = redirect(address), running.settings
    answer.set_cookie(
        cookie_name(settings.secure),
        await seal_session(running, account, link),
        max_age=settings.session_hours * 3600,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def _person(request: Request) -> Account:
    """The account that is asking. Raises `Forbidden` for a machine's token."""
    account = caller(request).account
    if account is None:
        raise Forbidden("an API token has no account: sign in as a person")
    return account


async def account_form(request: Request) -> Response:
    """A person's own page."""
    return await _account_page(request, Form(), 200)


async def set_password(request: Request) -> Response:
    """Another password. Every other session of the account ends; this one goes on.

    Whoever sits down at an open session does not know the present one, which is asked for, but
    not of somebody who came by a one-time link: it may be forgotten.
    """
    running, form, account = service(request), await forms.read(request), _person(request)
    try:
        if not came_by_link(request):
            await _prove(running, account, form.values["present"])
        if form.values["password"] != form.values["again"]:
            raise Invalid("the two passwords are not the same", "again")
        await accounts.set_password(running.store, account, form.values["password"], act(request))
    except Invalid as error:
        return await _account_page(request, form.refuse(error), 422)
    except TooMany as error:
        return await _account_page(request, form.refuse(error, "present"), 429)
    return await _with_session(running, account, "/account?saved=1")


async def _prove(running: Service, account: Account, password: str) -> None:
    """Raises `Invalid` where this is not the present password, `TooMany` after some tries."""
    tried = (f"e-mail {account.email.casefold()}",)
    running.attempts.begin(tried, running.now())
    if not await accounts.is_password(running.store, account, password):
        raise Invalid("this is not your present password", "present")
    running.attempts.succeeded(tried)


async def _account_page(request: Request, form: Form, status: int) -> Response:
    labels = {"present": "Present password", "password": "New password", "again": "The same again"}
    account = _person(request)
    known = await service(request).store.accounts.password_hash(account.id)
    context = {
        "form": form.labelled(labels),
        "account": account,
        "asks": bool(known) and not came_by_link(request),
        "least": accounts.MIN_PASSWORD,
        "saved": "saved" in request.query_params,
        "first": "first" in request.query_params,
    }
    return page(request, "accounts/account.html", context, status)


async def access_form(request: Request) -> Response:
    """Who may do what on a site: people and machines."""
    return await _access_page(request, await site_of(request), Form())


async def change_access(request: Request) -> Response:
    """Give or take a role, invite somebody, make or take back a token."""
    site, form = await site_of(request), await forms.read(request)
    change = _CHANGES.get(form.values["do"])
    if change is None:
        raise Invalid("use the buttons of the page", "do")
    try:
        made = await change(request, site, form)
    except (Invalid, Conflict, NotFound) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return await _access_page(request, site, form.refuse(error), status)
    # What is shown once is shown here: an address that could be loaded again must not hold it.
    if made:
        return await _access_page(request, site, Form(), 200, made)
    return redirect(f"/sites/{site.key}/access")


Made = dict[str, str]
"""What is shown once: `link` or `token`, with `whose`."""


async def _invite(request: Request, site: Site, form: Form) -> Made:
    """Give a role; where the person has no account yet, make one with a one-time link."""
    running, role = service(request), _role(form)
    email = form.values["email"].strip()
    try:
        account, link = await running.store.accounts.by_email(email), ""
    except NotFound:
        account = await accounts.add(running.store, email, form.values["name"], act(request))
        link = await accounts.sign_in_link(running.store, account, int(running.now()))
    await accounts.grant(running.store, account, Grant(role, site.id), act(request))
    return _shown_link(request, account, link) if link else {}


async def _new_link(request: Request, site: Site, form: Form) -> Made:
    """Another one-time link, for somebody who may do nothing that this admin may not do."""
    running, account = service(request), await _account(request, form)
    if not all(caller(request).may(Role.ADMIN, site_id) for site_id in account.roles):
        raise Invalid(
            f"{account.email} has roles on sites that you do not administer: ask an admin of "
            "every site for the link",
            "account",
        )
    link = await accounts.sign_in_link(running.store, account, int(running.now()))
    await audit.log(running.store, act(request), "account.link", account.email, site.id)
    return _shown_link(request, account, link)


def _shown_link(request: Request, account: Account, secret: str) -> Made:
    base = service(request).settings.base_url
    return {"link": f"{base}/sign-in/{secret}", "whose": account.email}


async def _revoke(request: Request, site: Site, form: Form) -> Made:
    account, role = await _account(request, form), _role(form)
    own = caller(request).account
    if own and own.id == account.id and role is Role.ADMIN:
        raise Invalid("you cannot take your own admin role: another admin can", "account")
    await accounts.revoke(service(request).store, account, Grant(role, site.id), act(request))
    return {}


async def _add_token(request: Request, site: Site, form: Form) -> Made:
    made = await accounts.add_token(
        service(request).store,
        Grant(_role(form, "scope"), site.id),
        form.values["label"],
        act(request),
    )
    return {"token": made.secret, "whose": made.token.label}


async def _revoke_token(request: Request, site: Site, form: Form) -> Made:
    running = service(request)
    token, _ = await running.store.accounts.token(form.values["token"])
    if token.site_id != site.id:
        raise NotFound(f"there is no token {token.id}", "token")
    await accounts.revoke_token(running.store, token, act(request))
    return {}


_CHANGES: dict[str, Callable[[Request, Site, Form], Awaitable[Made]]] = {
    "invite": _invite,
    "link": _new_link,
    "revoke": _revoke,
    "token": _add_token,
    "revoke-token": _revoke_token,
}


def _role(form: Form, field: str = "role") -> Role:
    try:
        return Role(form.values[field])
    except ValueError as error:
        raise Invalid("choose a role", field) from error


async def _account(request: Request, form: Form) -> Account:
    """The account that a button names, if it has a role on this site."""
    text = form.values["account"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound("there is no such account", "account")
    account = await service(request).store.accounts.by_id(int(text))
    site = await site_of(request)
    if site.id not in account.roles and EVERY_SITE not in account.roles:
        raise NotFound("this account has no role on this site", "account")
    return account


async def _access_page(
    request: Request, site: Site, form: Form, status: int = 200, made: Made | None = None
) -> Response:
    store = service(request).store
    people = [
        account
        for account in await store.accounts.all()
        if site.id in account.roles or EVERY_SITE in account.roles
    ]
    context: dict[str, Any] = {
        "site": site,
        "form": form.labelled(_ACCESS),
        "people": people,
        "EVERY_SITE": EVERY_SITE,
        "tokens": await store.accounts.tokens(site.id),
        "made": made or {},
    }
    return page(request, "accounts/access.html", context, status)
