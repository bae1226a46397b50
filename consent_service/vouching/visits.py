"""One go at somebody outside, and what it needs."""

from typing import NamedTuple

from consent_service import ledger
from consent_service.model import Site
from consent_service.store import Store
from consent_service.store.errands import Errand
from consent_service.store.ledger import Kept
from consent_service.vouching.outgoing import Trouble, Way

CLOCKS = 60
"""Seconds by which the clocks of others may differ from ours: as much as `verify.py` allows for."""

_TRIALS = 3


class Visit(NamedTuple):
    """One go at somebody outside."""

    store: Store
    way: Way
    site: Site
    errand: Errand
    """How it stood before."""
    now: int


async def kept_newest(visit: Visit) -> Kept:
    """The newest checkpoint, kept for good: as somebody outside is about to see it."""
    for _ in range(_TRIALS):
        head = await ledger.head_of(visit.store, visit.site.id)
        await visit.store.ledger.keep(head)
        kept = await visit.store.ledger.kept(visit.site.id, head.size)
        if kept:
            return kept
    raise Trouble("was not asked: the ledger grows so fast that no checkpoint stands")


async def best(visit: Visit) -> Kept:
    """The newest checkpoint that most witnesses cosigned, if the errand was not done for it yet;
    else the newest.
    """
    vouched = await ledger.newest_vouched(visit.store, visit.site)
    if vouched and vouched.size > visit.errand.size:
        return vouched
    return await kept_newest(visit)


def check_clock(time: int, now: int) -> None:
    """Raises `Trouble` where somebody's clock is so wrong that its word would harm the evidence."""
    if abs(time - now) > CLOCKS:
        fast, slow = ("fast", "slow") if time > now else ("slow", "fast")
        raise Trouble(
            f"has a clock that is more than {CLOCKS} seconds {fast}, or ours is {slow}: what it "
            "signed is not kept"
        )
