"""Puts the demo into a store: one site, its policy, one person who may do everything.

Each step is skipped where it was done before, so that a start that broke off is mended by the
next, and what an editor published meanwhile stays.
"""

from importlib.resources import files
from typing import NamedTuple

from consent_service import accounts, audit, policies, sites
from consent_service.accounts import Grant
from consent_service.audit import Act
from consent_service.errors import Misconfigured, NotFound
from consent_service.model import EVERY_SITE, Account, ChangeClass, Policy, Role, Site
from consent_service.policies import Publication
from consent_service.store import Store

SITE = "demo"
NAME = "Lindvarm"
EMAIL = "admin@demo.example"
CACHED = 0
"""Seconds that a browser keeps the banner without asking: who publishes wants to see it at once."""
OPERATOR = "demo"
"""The actor in the audit trail of what is done here."""


class Seeded(NamedTuple):
    """What a store holds for the demo now."""

    secret: str
    """Of a new one-time sign-in link, good for an hour."""
    version: int
    """The policy version in force."""


def policy() -> Policy:
    """The policy that the demo begins with."""
    return policies.parse_policy(files(__package__).joinpath("policy.json").read_bytes())


async def seed(store: Store, origin: str, at: float) -> Seeded:
    """Make what is missing of the demo, for a shop at `origin`, and a new sign-in link.

    `at` is unix seconds. Raises `Misconfigured` for a store that serves other sites.
    """
    act = Act(OPERATOR, at)
    site = await _site(store, origin, act)
    version = await _version(store, site, act)
    person = await _person(store, act)
    return Seeded(await accounts.sign_in_link(store, person, act.now), version)


async def _site(store: Store, origin: str, act: Act) -> Site:
    known = {site.key: site for site in await store.sites.all()}
    if SITE in known:
        return await _changed(store, known[SITE], origin, act)
    if known:
        # Its account may do everything on every site: it has no business beside real ones.
        raise Misconfigured(
            f"this database already serves {', '.join(sorted(known))}: give the demo one of its own"
        )
    async with store.transaction() as tx:
        site = await sites.add(tx, SITE, NAME, (origin,), act.now)
        await audit.log(tx, act, "site.add", SITE, site.id)
    return await _changed(store, site, origin, act)


async def _changed(store: Store, site: Site, origin: str, act: Act) -> Site:
    """The site with this start's origin among its own: the shop's port may be another one now."""
    origins = tuple(dict.fromkeys((*site.origins, origin)))
    if (origins, CACHED) == (site.origins, site.max_age):
        return site
    async with store.transaction() as tx:
        changed = await sites.change(tx, site, site.name, origins, CACHED)
        await audit.log(tx, act, "site.change", f"{origin}, cached for {CACHED} s", site.id)
    return changed


async def _version(store: Store, site: Site, act: Act) -> int:
    current = await store.policies.current(site.id)
    if current is not None:
        return current.number
    found = await store.policies.draft(site.id)
    draft = found or await policies.save_draft(store, site, 0, policy(), act)
    asked = Publication(revision=draft.revision, change_class=ChangeClass.MAJOR)
    return (await policies.publish(store, site, asked, act)).number


async def _person(store: Store, act: Act) -> Account:
    try:
        person = await store.accounts.by_email(EMAIL)
    except NotFound:
        person = await accounts.add(store, EMAIL, "Demo", act)
    held = person.roles.get(EVERY_SITE, ())
    for role in (role for role in Role if role not in held):
        await accounts.grant(store, person, Grant(role, EVERY_SITE), act)
    return person
