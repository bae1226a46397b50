"""How it stands with a site's ledger and with those who vouch for it, for people."""

from typing import NamedTuple

from consent_service import ledger
from consent_service.ledger import Desk
from consent_service.merkle import parse_vkey
from consent_service.model import Site
from consent_service.store.errands import Errand, Kind
from consent_service.store.ledger import Head, Kept, Stamp
from consent_service.vouching.rounds import asked_of

_STAMPS = 10


class Party(NamedTuple):
    """Somebody outside, and how it stands with them."""

    kind: Kind
    name: str
    address: str
    """Where they are; empty where the name says it."""
    done_at: int
    """When it was last done; 0 for never."""
    size: int
    trouble: str
    """Why it is not done now: goes on after the name."""
    trouble_at: int


class Standing(NamedTuple):
    """All of it."""

    head: Head | None
    """None before the first entry."""
    waiting: int
    """Entries that wait."""
    stuck: str
    """Why the ledger does not go on; empty where it does."""
    vouched: Kept | None
    """The newest checkpoint that most of the witnesses cosigned."""
    parties: tuple[Party, ...]
    stamps: tuple[Stamp, ...]
    """The newest ones."""

    def of(self, kind: str) -> tuple[Party, ...]:
        """Those of one kind."""
        return tuple(party for party in self.parties if party.kind == kind)


async def standing(desk: Desk, site: Site) -> Standing:
    """How it stands now."""
    store = desk.store
    head = await store.ledger.head(site.id)
    known = {each.name: each for each in await store.errands.of(site.id)}
    return Standing(
        head=head,
        waiting=await store.ledger.waiting(site.id),
        stuck=await ledger.trouble(desk, site),
        vouched=await ledger.newest_vouched(store, site) if head else None,
        parties=tuple(
            _party(site, known.get(name, Errand(*name, due_at=0))) for name in asked_of(site)
        ),
        stamps=tuple(await store.ledger.newest_stamps(site.id, _STAMPS)),
    )


def _party(site: Site, errand: Errand) -> Party:
    name, address = errand.whom, ""
    if errand.kind is Kind.WITNESS:
        name = parse_vkey(errand.whom).name
        address = next(each.url for each in site.keeping.witnesses if each.key == errand.whom)
    return Party(
        kind=errand.kind,
        name=name,
        address=address,
        done_at=errand.done_at,
        size=errand.size,
        trouble=errand.trouble,
        trouble_at=errand.trouble_at,
    )
