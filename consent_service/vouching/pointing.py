"""A site is pointed at those who vouch for its ledger."""

from collections.abc import Mapping
from typing import Any

import msgspec

from consent_service import audit, sites
from consent_service.audit import Act
from consent_service.merkle import parse_vkey
from consent_service.model import Keeping, Site
from consent_service.store import Store


async def point(store: Store, site: Site, changes: Mapping[str, Any], act: Act) -> Site:
    """The site with other `witnesses`, another `authority`, other addresses to `mail_to`.

    Another authority without an `authority_pem` is held to no certificates: the former's are not
    its own. Raises `Invalid`, naming the field.
    """
    async with store.transaction() as tx:
        now = await tx.sites.by_key(site.key)
        keeping = _changed(now.keeping, changes)
        if keeping == now.keeping:
            return now
        pointed = await sites.keep(tx, now, keeping)
        await audit.log(tx, act, "site.vouch", _said(keeping), site.id)
    return pointed


def _changed(now: Keeping, changes: Mapping[str, Any]) -> Keeping:
    keeping = msgspec.structs.replace(now, **changes)
    if keeping.authority == now.authority or "authority_pem" in changes:
        return keeping
    return msgspec.structs.replace(keeping, authority_pem="")


def _said(keeping: Keeping) -> str:
    names = [parse_vkey(witness.key).name for witness in keeping.witnesses]
    authority, certificates = keeping.authority or "none", len(sites.pinned(keeping))
    if certificates:
        authority += f", certificates: {certificates}"
    # An event stays for ever: whose addresses they are does not belong there.
    return (
        f"witnesses: {', '.join(names) or 'none'}; authority: {authority}; "
        f"mailed to {len(keeping.mail_to)}"
    )
