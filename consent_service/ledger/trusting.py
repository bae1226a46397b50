"""Whom an auditor is offered to trust, and which checkpoints they have vouched for."""

from collections.abc import Iterable, Sequence

from consent_service.errors import Invalid
from consent_service.ledger.proving import head_of, vkeys
from consent_service.merkle import Key, KeyType, Log, Trust, format_trust, parse_vkey
from consent_service.merkle.trust import NONE, Group, Witness
from consent_service.model import Site
from consent_service.store import Store
from consent_service.store.ledger import Kept

_GROUP = "witnesses"
_LOOKED_AT = 50
"""Kept checkpoints that are looked at for one that is vouched for."""


async def trust_of(store: Store, site: Site, base_url: str, under: Iterable[Kept] = ()) -> bytes:
    """Whom an auditor is offered to trust (C2SP tlog-policy): this ledger's keys, and the site's
    witnesses, of which more than half must agree. To be compared with what the auditor knows.

    `under` are checkpoints that are to be checked by it. Whoever cosigned them is named too, as
    the site may have other witnesses by now; and where one of them has no quorum, none is asked
    for: what it says of time then rests on those who did cosign.
    """
    url, under = f"{base_url}/ledger/{site.key}", tuple(under)
    logs = tuple(Log(key, url) for key in await vkeys(store, site.id))
    present, former = _witnesses(site), _former(site, under)
    named = [Witness(f"w{at}", key) for at, key in enumerate((*present, *former))]
    groups = _groups([each.name for each in named[: len(present)]])
    met = groups and all(is_vouched(site, kept) for kept in under)
    return format_trust(Trust(logs, tuple(named), groups, _GROUP if met else NONE))


def is_vouched(site: Site, kept: Kept) -> bool:
    """Whether more than half of the site's witnesses, and so at least one, cosigned it."""
    present = {key.vkey for key in _witnesses(site)}
    agreed = present & {each.witness for each in kept.cosigned}
    return len(agreed) * 2 > len(present)


async def newest_vouched(store: Store, site: Site) -> Kept | None:
    """The newest checkpoint that more than half of the site's witnesses cosigned."""
    head = await head_of(store, site.id)
    kept = await store.ledger.kept_before(site.id, head.size, _LOOKED_AT)
    return next((each for each in kept if is_vouched(site, each)), None)


def _witnesses(site: Site) -> list[Key]:
    keys = [parse_vkey(witness.key) for witness in site.keeping.witnesses]
    return [key for key in keys if key.type == KeyType.WITNESS]


def _former(site: Site, under: Sequence[Kept]) -> list[Key]:
    """Those who cosigned these checkpoints and are no longer the site's witnesses."""
    present, found = _witnesses(site), list[Key]()
    for vkey in sorted({each.witness for kept in under for each in kept.cosigned}):
        try:
            key = parse_vkey(vkey)
        except Invalid:
            continue
        if key not in present and key.type == KeyType.WITNESS:
            found.append(key)
    return found


def _groups(names: Sequence[str]) -> tuple[Group, ...]:
    return (Group(_GROUP, len(names) // 2 + 1, tuple(names)),) if names else ()
