"""Templates become pages here, with the headers that keep a page to itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from consent_service import checks, words
from consent_service.model import Role, Site
from consent_service.web.access import Caller
from consent_service.web.errors import Problem
from consent_service.web.pages import folding, static

# No inline script or style anywhere: what a page shows of strangers' texts cannot become code.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: with it browsers send `Origin: null` with our own forms, and where the
    # service is reached without TLS that is all there is to know a cross-site post by.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
NO_STORE = "no-store"

_ADVICE = {
    400: "Go back and try again.",
    401: "Sign in, then come back to this page.",
    403: "If you should be able to do this, ask an admin of the site for the role.",
    404: "Check the address, or start again from the list of sites.",
    405: "Go back and use the buttons of the page.",
    409: "Go back, load the page again, and look at what has changed.",
    410: "Go back and load the page again.",
    413: "Go back and send less at a time.",
    415: "Go back and use the form of the page.",
    422: "Go back: what you typed is still there. Change it as said above.",
    429: "Wait a few minutes, then try again.",
    500: "Try again. If it happens again, tell whoever runs this service.",
    503: "Nothing was stored. Wait a moment and try again.",
}


def _utc(at: int) -> str:
    """A time for people: `22 November 2026, 18:00:05 UTC`."""
    time = datetime.fromtimestamp(at, UTC)
    return f"{time.day} {time:%B %Y, %H:%M:%S} UTC"


def iso(at: int) -> str:
    """A time for programs (RFC 3339): `2026-11-22T18:00:05Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def field_id(name: str) -> str:
    """The HTML id of a field: `declarations[0].purpose.en` is `declarations-0-purpose-en`."""
    return name.replace("[", "-").replace("]", "").replace(".", "-")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("consent_service.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"utc": _utc, "iso": iso, "field_id": field_id}
    environment.filters |= {"duration": words.duration, "country": words.country}
    environment.filters |= {"visible": checks.made_visible}
    environment.globals |= {
        "static": static.url,
        "Role": Role,
        "direction": words.direction,
        "listed": words.listed,
        "folded": folding.folded,
        "few": folding.FEW,
    }
    return environment


_templates = _environment()


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page from a template. Not stored by any cache, unless `headers` say otherwise."""
    site, caller = context.get("site"), getattr(request.state, "caller", None)
    html = _templates.get_template(template).render(
        {
            "path": request.url.path,
            "caller": caller,
            "tabs": _tabs(site, caller) if site and caller else (),
            **context,
        }
    )
    sent = {**_HEADERS, "cache-control": NO_STORE, **(headers or {})}
    return Response(html, status, {**sent, "content-type": "text/html; charset=utf-8"})


def fragment(template: str, context: Mapping[str, Any]) -> str:
    """A piece of HTML from a template: for what is no page of its own."""
    return _templates.get_template(template).render(context)


def _tabs(site: Site, caller: Caller) -> tuple[tuple[str, str], ...]:
    """The pages of a site that this caller may see: address and name."""
    base = f"/sites/{site.key}"
    pages = (
        ("", "Install", (Role.EDITOR, Role.AUDITOR)),
        ("/policy", "Policy", (Role.EDITOR,)),
        ("/cookies", "Cookies", (Role.EDITOR,)),
        ("/theme", "Looks", (Role.EDITOR,)),
        ("/versions", "Versions", (Role.EDITOR, Role.AUDITOR)),
        ("/receipts", "Receipts", (Role.AUDITOR,)),
        ("/ledger", "Ledger", (Role.AUDITOR,)),
        ("/exports", "Exports", (Role.AUDITOR,)),
        ("/events", "Audit trail", (Role.AUDITOR,)),
        ("/access", "Access", (Role.ADMIN,)),
    )
    return tuple(
        (f"{base}{path}", name)
        for path, name, roles in pages
        if any(caller.may(role, site.id) for role in roles)
    )


def redirect(address: str) -> Response:
    """Go on at a local address, with GET."""
    return Response(None, 303, {"location": address, "cache-control": NO_STORE})


def problem_page(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal for people: the same status, what is wrong, and what to do."""
    context = {"problem": problem, "advice": _ADVICE.get(problem.status, _ADVICE[400])}
    return page(request, "layout/problem.html", context, problem.status, headers)
