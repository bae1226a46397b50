"""The audit trail for auditors: who did what to which thing, when."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from consent_service.store import Cursor
from consent_service.store.events import Asked
from consent_service.web.access import site_of
from consent_service.web.pages import search_form
from consent_service.web.pages.forms import Form
from consent_service.web.pages.search_form import query
from consent_service.web.render import page
from consent_service.web.service import service

PAGE = 100

VERBS = {
    "receipt.read": "Looked at a receipt",
    "receipt.search": "Searched receipts",
    "receipt.export": "Took receipts away",
    "receipt.erase": "Erased a receipt",
    "receipts.prune": "Erased receipts whose time was over",
    "policy.draft": "Saved a draft",
    "policy.autosave": "Wrote on a draft",
    "policy.publish": "Published a version",
    "policy.schedule": "Planned a version for later",
    "policy.propose": "Proposed a version",
    "policy.approve": "Approved a version",
    "policy.return": "Sent a proposed version back",
    "policy.cancel": "Called a planned version off",
    "policy.refuse": "A planned version was not published",
    "policy.ask_render": "Asked for screenshots",
    "policy.render": "Took screenshots",
    "sign_in": "Signed in",
    "role.grant": "Gave a role",
    "role.revoke": "Took a role away",
    "account.add": "Added an account",
    "account.link": "Made a sign-in link",
    "account.password": "Set a password",
    "token.add": "Made a token",
    "token.revoke": "Revoked a token",
    "key.publish": "Published a key",
    "site.add": "Added a site",
    "site.change": "Changed a site",
    "site.approval": "Set whether two people publish",
    "site.keep": "Set how long receipts are kept",
    "site.vouch": "Changed who vouches for the ledger",
    "ledger.accept_fork": "Accepted a fork of the ledger",
    "job.stop": "Stopped a job",
}
_LABELS = {"from": "From", "to": "To", "verb": "What", "actor": "Who", "before": "Place"}


async def listed(request: Request) -> Response:
    """The events of a site, or of everything, the newest first."""
    running = service(request)
    site = await site_of(request) if "site" in request.path_params else None
    form = Form(request.query_params.multi_items(), _LABELS)
    asked, before = search_form.asked(form), search_form.place(form)
    verb = form.values["verb"] if form.values["verb"] in VERBS else ""
    wanted = Asked(
        site.id if site else None, asked.begin, asked.end, verb, form.values["actor"].strip()
    )
    found = await running.store.events.search(wanted, before, PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    place = str(Cursor(shown[-1].at, shown[-1].id)) if more else ""
    narrow = {name: form.values[name] for name in ("verb", "actor") if form.values[name]}
    context = {
        "site": site,
        "base": f"/sites/{site.key}/events" if site else "/events",
        "form": form,
        "events": shown,
        "verbs": VERBS,
        "options": (("", "Anything"), *sorted(VERBS.items(), key=lambda each: each[1])),
        "next": query(form, **narrow, before=place) if more else "",
        "narrowed": bool(query(form, **narrow)),
        "today": datetime.fromtimestamp(running.now(), UTC).strftime("%Y-%m-%d"),
    }
    return page(request, "receipts/events.html", context, 422 if form.errors else 200)
