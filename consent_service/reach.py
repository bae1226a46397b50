"""How many consents that stand now a publication would ask again: an estimate, from a sample.

A consent stands where the newest receipt of a browser grants a category, at the epoch that is in
force, and has not lapsed. A browser that lost its choice without a word counts too: the service
cannot know of it.
"""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

import msgspec

from consent_service.model import (
    OPTIONAL,
    SECONDS_A_DAY,
    Category,
    Claims,
    PolicyVersion,
    Site,
    StoredReceipt,
)
from consent_service.store import Store

LOOKED_AT = 1_000
"""Entries of the ledger that are drawn: the same work at a thousand receipts and at ten million."""

LONGEST = 365 * SECONDS_A_DAY
"""No choice stands for longer, whatever version it answered."""

_decode = msgspec.json.Decoder(Claims).decode


class Estimate(NamedTuple):
    """A number of consents, and by how much it may be off in 19 of 20 cases."""

    consents: int
    margin: int = 0
    """0 where every receipt was looked at."""


class Reach(NamedTuple):
    """What a publication would ask again."""

    asked: Estimate
    """Consents with at least one of the categories that are asked about."""
    each: dict[Category, Estimate]
    """Consents by category, whether it is asked about or not."""
    drawn: int
    """How many entries were looked at."""
    places: int
    """Of how many."""


async def reach(
    store: Store, site: Site, current: PolicyVersion, asked: Iterable[Category], now: int
) -> Reach:
    """How many consents to the version in force would be asked again about these categories."""
    sample = await store.receipts.sample(site.id, now - LONGEST, LOOKED_AT)
    standing = [_stands(receipt, current, now) for receipt in sample.receipts]
    wanted = set(asked)

    def estimate(hits: int) -> Estimate:
        return estimated(hits, sample.drawn, sample.places)

    return Reach(
        asked=estimate(sum(bool(granted & wanted) for granted in standing)),
        each={name: estimate(sum(name in granted for granted in standing)) for name in OPTIONAL},
        drawn=sample.drawn,
        places=sample.places,
    )


def _stands(receipt: StoredReceipt, current: PolicyVersion, now: int) -> set[Category]:
    """The categories that this receipt grants, and that nobody would be asked about anyway."""
    claims = _decode(receipt.payload)
    if claims.exp_consent <= now:
        return set()
    return {
        name
        for name in OPTIONAL
        if claims.cat[name] and claims.epoch.get(name, 0) >= current.epochs[name]
    }


def estimated(hits: int, drawn: int, places: int) -> Estimate:
    """What so many hits among those drawn say of all. Exact where all were drawn."""
    if drawn >= places:
        return Estimate(hits)
    share = hits / drawn
    # Never quite nothing and never quite all: what was not seen may still be there.
    spread = max(share * (1 - share), 1 / drawn)
    left_out = 1 - drawn / places
    margin = 1.96 * sqrt(spread / drawn * left_out) * places
    return Estimate(_rounded(share * places, margin), _rounded(margin, margin))


def _rounded(value: float, margin: float) -> int:
    """Without digits that say more than is known."""
    step = 10 ** max(len(str(int(margin))) - 2, 0)
    return int(round(value / step) * step)
