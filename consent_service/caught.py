"""What automatic blocking had to catch: tags of declared hosts that nobody marked on a page.

A browser that caught one tells the host and the kind of tag, once a page view, and one page view
in some. Nothing else is kept than how often: no address, no page, no visitor, no time of day.
"""

import msgspec

from consent_service.errors import Invalid
from consent_service.model import SECONDS_A_DAY, Category, Caught, CaughtKind, Policy, Site
from consent_service.parsing import parse
from consent_service.store import Store

MAX_BODY = 1_024
WEEK, MONTH = 7, 30
"""Days that are counted; older counts are dropped."""


class Catch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tag that was held back though nobody marked it."""

    host: str
    """As the policy declares it."""
    kind: CaughtKind


def parse_catch(body: bytes) -> Catch:
    """Bytes from a stranger to a catch. Total: it returns, or raises `Invalid`."""
    return parse(Catch, body)


def declared_hosts(policy: Policy) -> frozenset[str]:
    """The hosts of what a visitor may refuse: only these are held back."""
    return frozenset(
        host
        for item in policy.declarations
        if item.category is not Category.NECESSARY
        for host in item.hosts
    )


async def record(store: Store, site: Site, policy: Policy, catch: Catch, now: int) -> None:
    """Count it. Raises `Invalid` for a host that the policy does not declare."""
    if catch.host not in declared_hosts(policy):
        raise Invalid("host: the current policy declares no such host", "host")
    day = now // SECONDS_A_DAY
    async with store.transaction() as tx:
        if await tx.caught.add(site.id, day, catch.host, catch.kind) == 1:
            await tx.caught.forget(site.id, day - MONTH + 1)


async def report(store: Store, site: Site, now: int) -> list[Caught]:
    """What was caught in the last 7 and 30 days, today among them; the most first."""
    day = now // SECONDS_A_DAY
    return await store.caught.since(site.id, day - WEEK + 1, day - MONTH + 1)
