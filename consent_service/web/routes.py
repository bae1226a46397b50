"""Every address on one screen: how, where, what, and for whom.

The last column is the whole of who may do what; `tests/api/test_access.py` walks it. Addresses
under `/v1`, `/policies` and `/.well-known` are promises: they are in pages and receipts that we
do not control.
"""

from typing import NamedTuple

from starlette.routing import BaseRoute, Route

from consent_service.model import Role
from consent_service.web import openapi
from consent_service.web.access import Access, Handler, Needs, guard
from consent_service.web.api import banner, meta, policies, receipts

ANYONE, SIGNED_IN = Access.ANYONE, Access.SIGNED_IN
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
        ("GET", "/v1/sites/{site}/banner.js", banner.script, ANYONE),
        ("GET", "/v1/sites/{site}/banner/{sha256}.js", banner.by_hash, ANYONE),
        ("GET", "/v1/sites/{site}/policy", policies.current, ANYONE),
        ("GET", "/v1/sites/{site}/policy/versions", policies.listed, ANYONE),
        ("GET", "/v1/sites/{site}/policy/versions/{reference}", policies.one, ANYONE),
        ("POST", "/v1/sites/{site}/receipts", receipts.record, ANYONE),
        ("GET", "/v1/sites/{site}/receipts/{id}", receipts.read, ANYONE),
        ("GET", "/.well-known/jwks.json", meta.keys, ANYONE),
        ("GET", "/openapi.json", openapi.json, ANYONE),
        ("GET", "/healthz", meta.alive, ANYONE),
        ("GET", "/readyz", meta.ready, ANYONE),
        # For editors and their machines.
        ("GET", "/v1/sites/{site}/policy/draft", policies.draft, EDITOR),
        ("PUT", "/v1/sites/{site}/policy/draft", policies.save_draft, EDITOR),
        ("POST", "/v1/sites/{site}/policy/versions", policies.publish, EDITOR),
    )
)


def routes() -> list[BaseRoute]:
    """The table as the router takes it, each handler behind its guard."""
    return [
        Route(address.path, guard(address.handler, address.needs), methods=[address.method])
        for address in ADDRESSES
    ]
