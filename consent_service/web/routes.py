"""Every address on one screen: how, where, what, and for whom.

The last column is the whole of who may do what; `tests/api/test_access.py` walks it. Addresses
under `/v1`, `/ledger`, `/policies` and `/.well-known` are promises: they are in pages and receipts
that we do not control.
"""

from typing import NamedTuple

from starlette.routing import BaseRoute, Route

from consent_service import policy_files
from consent_service.model import Role
from consent_service.web import openapi
from consent_service.web.access import Access, Handler, Needs, guard
from consent_service.web.api import banner, caught, ledger, meta, plans, policies, receipts
from consent_service.web.pages import accounts as account_pages
from consent_service.web.pages import cookie_import, looks, preview, publishing
from consent_service.web.pages import cookies as cookie_pages
from consent_service.web.pages import events as event_pages
from consent_service.web.pages import exports as export_pages
from consent_service.web.pages import help as help_pages
from consent_service.web.pages import history as history_pages
from consent_service.web.pages import ledger as ledger_pages
from consent_service.web.pages import plans as plan_pages
from consent_service.web.pages import policies as policy_pages
from consent_service.web.pages import public as public_pages
from consent_service.web.pages import receipts as receipt_pages
from consent_service.web.pages import screens as screen_pages
from consent_service.web.pages import sites as site_pages
from consent_service.web.pages import verify as verify_pages
from consent_service.web.pages.static import static

ANYONE, SIGNED_IN, MEMBER = Access.ANYONE, Access.SIGNED_IN, Access.MEMBER
ADMIN, EDITOR, AUDITOR = Role.ADMIN, Role.EDITOR, Role.AUDITOR


class Address(NamedTuple):
    """One row of the table."""

    method: str
    path: str
    handler: Handler
    needs: Needs


ADDRESSES = tuple(
    Address(*row)
    for row in (
        # Public: called by browsers on the sites we serve, and by auditors.
        # The router tries one after the other, so what is asked for most comes first.
        ("POST", "/v1/sites/{site}/receipts", receipts.record, ANYONE),
        ("GET", "/v1/sites/{site}/receipts/{id}", receipts.read, ANYONE),
        ("GET", "/v1/sites/{site}/banner.js", banner.script, ANYONE),
        ("GET", "/v1/sites/{site}/banner/{sha256}.js", banner.by_hash, ANYONE),
        ("GET", "/v1/sites/{site}/policy", policies.current, ANYONE),
        ("GET", "/v1/sites/{site}/policy/versions", policies.listed, ANYONE),
        ("GET", "/v1/sites/{site}/policy/versions/{reference}", policies.one, ANYONE),
        ("POST", "/v1/sites/{site}/caught", caught.record, ANYONE),
        ("GET", "/v1/sites/{site}/receipts/{id}/proof", ledger.proof, ANYONE),
        ("POST", "/v1/sites/{site}/receipts/{id}/erasure", ledger.erase, ANYONE),
        ("GET", "/v1/sites/{site}/ledger/consistency", ledger.consistency, ANYONE),
        ("POST", "/v1/receipts/verify", ledger.verify, ANYONE),
        ("GET", "/ledger/{site}/checkpoint", ledger.checkpoint, ANYONE),
        ("GET", "/ledger/{site}/cosigned", ledger.cosigned, ANYONE),
        ("GET", "/ledger/{site}/tile/{path:path}", ledger.tile, ANYONE),
        ("GET", "/ledger/{site}/tlog-policy.txt", ledger.trust, ANYONE),
        ("GET", "/.well-known/jwks.json", meta.keys, ANYONE),
        ("GET", "/.well-known/gpc.json", meta.gpc, ANYONE),
        ("GET", "/openapi.json", openapi.json, ANYONE),
        ("GET", policy_files.SCHEMA_PATH, policies.schema, ANYONE),
        ("GET", "/healthz", meta.alive, ANYONE),
        ("GET", "/readyz", meta.ready, ANYONE),
        # For editors and their machines.
        ("GET", "/v1/sites/{site}/policy/draft", policies.draft, EDITOR),
        ("PUT", "/v1/sites/{site}/policy/draft", policies.save_draft, EDITOR),
        ("GET", "/v1/sites/{site}/policy/draft/proposal", policies.proposal, EDITOR),
        ("POST", "/v1/sites/{site}/policy/draft/proposal", policies.dry_run, EDITOR),
        ("POST", "/v1/sites/{site}/policy/versions", policies.publish, EDITOR),
        ("GET", "/v1/sites/{site}/policy/plans", plans.listed, EDITOR),
        ("GET", "/v1/sites/{site}/policy/plans/{plan}", plans.one, EDITOR),
        ("DELETE", "/v1/sites/{site}/policy/plans/{plan}", plans.cancel, EDITOR),
        # Pages that anybody may read.
        ("GET", "/", site_pages.home, ANYONE),
        ("GET", "/static/{path:path}", static, ANYONE),
        ("GET", "/policies/{site}/cookies", public_pages.cookies, ANYONE),
        ("GET", "/policies/{site}/privacy", public_pages.privacy, ANYONE),
        ("GET", "/policies/{site}/changes", history_pages.changes, ANYONE),
        ("GET", "/policies/{site}/changes.atom", history_pages.atom, ANYONE),
        ("GET", "/policies/{site}/changes.json", history_pages.json, ANYONE),
        ("GET", "/policies/{site}/versions/{reference}", history_pages.version, ANYONE),
        ("GET", "/policies/{site}/versions/{reference}/cookies", public_pages.cookies, ANYONE),
        ("GET", "/policies/{site}/versions/{reference}/privacy", public_pages.privacy, ANYONE),
        ("GET", "/help", help_pages.index, ANYONE),
        ("GET", "/help/{page}", help_pages.one, ANYONE),
        ("GET", "/docs", help_pages.docs, ANYONE),
        ("GET", "/verify", verify_pages.form, ANYONE),
        ("GET", "/verify.py", verify_pages.program, ANYONE),
        # Sealed addresses: what a page without an origin asks for cannot bring a session.
        ("GET", "/preview/{token}", preview.frame, ANYONE),
        ("GET", "/preview/{token}/banner.js", preview.script, ANYONE),
        ("GET", "/preview/{token}/banner/{sha256}.js", preview.settings, ANYONE),
        # Signing in and out.
        ("GET", "/sign-in", account_pages.sign_in_form, ANYONE),
        ("POST", "/sign-in", account_pages.sign_in, ANYONE),
        ("GET", "/sign-in/{token}", account_pages.link_form, ANYONE),
        ("POST", "/sign-in/{token}", account_pages.link, ANYONE),
        ("POST", "/sign-out", account_pages.sign_out, ANYONE),
        ("GET", "/account", account_pages.account_form, SIGNED_IN),
        ("POST", "/account", account_pages.set_password, SIGNED_IN),
        # Pages of those who look after sites, policies and receipts.
        ("GET", "/sites", site_pages.listed, SIGNED_IN),
        ("POST", "/sites", site_pages.add, ADMIN),
        ("GET", "/sites/{site}", site_pages.install, MEMBER),
        ("POST", "/sites/{site}", site_pages.change, ADMIN),
        ("POST", "/sites/{site}/approval", site_pages.approval, ADMIN),
        ("GET", "/sites/{site}/gpc.json", site_pages.gpc, MEMBER),
        ("GET", "/sites/{site}/check", site_pages.install, MEMBER),
        ("POST", "/sites/{site}/check", site_pages.check, EDITOR),
        ("GET", "/sites/{site}/policy", policy_pages.draft, EDITOR),
        ("POST", "/sites/{site}/policy", policy_pages.save, EDITOR),
        ("GET", "/sites/{site}/policy/publish", publishing.publish_form, EDITOR),
        ("POST", "/sites/{site}/policy/publish", publishing.publish, EDITOR),
        ("GET", "/sites/{site}/cookies", cookie_pages.table, EDITOR),
        ("POST", "/sites/{site}/cookies", cookie_pages.change, EDITOR),
        ("GET", "/sites/{site}/plans/{plan}", plan_pages.one, MEMBER),
        ("POST", "/sites/{site}/plans/{plan}", plan_pages.decide, EDITOR),
        ("GET", "/sites/{site}/cookies.csv", cookie_import.export, EDITOR),
        ("GET", "/sites/{site}/cookies/import", cookie_import.form, EDITOR),
        ("POST", "/sites/{site}/cookies/import", cookie_import.take, EDITOR),
        ("GET", "/sites/{site}/theme", looks.looks, EDITOR),
        ("POST", "/sites/{site}/theme", looks.change, EDITOR),
        ("GET", "/sites/{site}/versions", publishing.versions, MEMBER),
        ("GET", "/sites/{site}/versions/{number}", publishing.version, MEMBER),
        ("POST", "/sites/{site}/versions/{number}", publishing.take_back, EDITOR),
        ("POST", "/sites/{site}/versions/{number}/screens", screen_pages.ask, EDITOR),
        ("POST", "/sites/{site}/versions/{number}/screens/stop", screen_pages.stop, EDITOR),
        ("GET", "/sites/{site}/screens/{sha256}/{name}.png", screen_pages.picture, MEMBER),
        ("GET", "/sites/{site}/receipts", receipt_pages.listed, AUDITOR),
        ("GET", "/sites/{site}/receipts/{id}", receipt_pages.one, AUDITOR),
        ("GET", "/sites/{site}/receipts/{id}/jws", receipt_pages.download, AUDITOR),
        ("GET", "/sites/{site}/receipts/{id}/evidence.zip", receipt_pages.bundle, AUDITOR),
        ("GET", "/sites/{site}/ledger", ledger_pages.shown, AUDITOR),
        ("POST", "/sites/{site}/ledger", ledger_pages.change, ADMIN),
        ("GET", "/sites/{site}/exports", export_pages.listed, AUDITOR),
        ("POST", "/sites/{site}/exports", export_pages.ask, AUDITOR),
        ("POST", "/sites/{site}/exports/{id}/stop", export_pages.stop, AUDITOR),
        ("GET", "/sites/{site}/exports/{id}/file", export_pages.file, AUDITOR),
        ("GET", "/sites/{site}/events", event_pages.listed, AUDITOR),
        ("GET", "/events", event_pages.listed, ADMIN),
        ("GET", "/sites/{site}/access", account_pages.access_form, ADMIN),
        ("POST", "/sites/{site}/access", account_pages.change_access, ADMIN),
    )
)


def routes() -> list[BaseRoute]:
    """The table as the router takes it, each handler behind its guard."""
    return [
        Route(address.path, guard(address.handler, address.needs), methods=[address.method])
        for address in ADDRESSES
    ]
